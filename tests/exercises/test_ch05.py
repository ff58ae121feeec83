"""The exercises of chapter 5: cases, references and replies that are theirs alone."""

import numpy as np
import pytest

from cnnlab.exercises import ch05
from cnnlab.nn import functional as F


def plain(text):
    return " ".join(str(text).split())


def noise(H, W, seed=0):
    return np.random.default_rng(seed).standard_normal((H, W))


def ring(x, before, after):
    return np.pad(x, (before, after), mode="wrap")[np.newaxis, np.newaxis]


# -- The layers to measure


@pytest.mark.parametrize("stride", [2, 3])
def test_the_pools_are_those_of_the_library_where_windows_touch(stride):
    x = noise(6, 12)
    batch = x[np.newaxis, np.newaxis]
    largest, mean = F.max_pool2d(batch, stride)[0, 0], F.avg_pool2d(batch, stride)[0, 0]
    np.testing.assert_array_equal(ch05.Layer("max", stride)(x), largest)
    np.testing.assert_allclose(ch05.Layer("average", stride)(x), mean, rtol=1e-12)


def test_a_pool_with_stride_1_closes_the_ring():
    x = noise(4, 6)
    expected = F.max_pool2d(ring(x, 0, 1), 2, stride=1)[0, 0]
    np.testing.assert_array_equal(ch05.Layer("max", 1)(x), expected)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_convolutions_are_those_of_the_library(stride):
    x, weight = noise(6, 8), ch05._KERNEL[np.newaxis, np.newaxis].astype(float)
    circular = F.conv2d(ring(x, 1, 1), weight, stride=stride)[0, 0]
    padded = F.conv2d(x[np.newaxis, np.newaxis], weight, stride=stride, padding=1)[0, 0]
    np.testing.assert_allclose(ch05.Layer("conv", stride)(x), circular, atol=1e-12)
    np.testing.assert_allclose(ch05.Layer("padded", stride)(x), padded, atol=1e-12)


def test_picking_keeps_every_second_pixel_of_the_image():
    x = noise(4, 6)
    np.testing.assert_array_equal(ch05.Layer("pick", 2)(x), x[::2, ::2])


def test_the_blur_is_the_blur_pool_of_the_library():
    x = noise(6, 8)
    batch = x[np.newaxis, np.newaxis]
    expected = F.blur_pool2d(batch, 3, stride=2, padding_mode="circular")[0, 0]
    np.testing.assert_allclose(ch05.Layer("blur", 2)(x), expected, atol=1e-12)


def test_a_kind_of_layer_that_is_not_there_is_told():
    with pytest.raises(ValueError, match="Layer\\(kind='min'\\): there is no such kind, needed"):
        ch05.Layer("min")


def test_a_layer_is_written_as_it_is_made():
    assert eval(repr(ch05.Layer("max", 3)), {"ch05": ch05}) == ch05.Layer("max", 3)


# -- 1. equivariance_error


@pytest.mark.parametrize("case", ch05._error_cases()[::6])
def test_the_error_of_the_solution_is_that_of_the_loops(case):
    expected = ch05._error_by_loops(*case)
    np.testing.assert_allclose(ch05._my_equivariance_error(*case), expected, atol=1e-12)


@pytest.mark.parametrize("kind", ["max", "average", "conv", "blur"])
@pytest.mark.parametrize("shift", range(5))
def test_a_layer_with_stride_1_and_circular_borders_makes_no_error(kind, shift):
    error = ch05._my_equivariance_error(ch05.Layer(kind), noise(4, 6), shift, 1)
    assert error < 1e-12


@pytest.mark.parametrize("kind", ["pick", "max", "average", "conv", "blur"])
@pytest.mark.parametrize("stride", [2, 3])
def test_a_stride_makes_an_error_at_all_shifts_but_its_multiples(kind, stride):
    layer, x = ch05.Layer(kind, stride), noise(6, 24)
    errors = [ch05._my_equivariance_error(layer, x, shift, stride) for shift in range(7)]
    assert [error < 1e-12 for error in errors] == [shift % stride == 0 for shift in range(7)]


def test_zero_padding_makes_an_error_even_with_stride_1():
    assert ch05._my_equivariance_error(ch05.Layer("padded"), noise(4, 6), 1, 1) > 0.1


def test_equivariance_error_accepts_an_answer_that_undoes_the_shift():
    def my_equivariance_error(f, x, shift, stride):
        back = np.roll(f(np.roll(x, shift, axis=1)), -(shift // stride), axis=1)
        return abs(back - f(x)).sum() / abs(f(x)).sum()

    assert ch05.equivariance_error.check(my_equivariance_error).passed


def test_the_case_of_a_wrong_error_can_be_pasted():
    def my_equivariance_error(f, x, shift, stride):
        return 17.0

    reply = plain(ch05.equivariance_error.check(my_equivariance_error))
    pasted = reply.partition("went in my_equivariance_error")[2].partition(" came out")[0]
    needed = float(reply.partition("needed ")[2].split()[0])
    arguments = eval(pasted, {"np": np, "ch05": ch05})
    assert ch05._my_equivariance_error(*arguments) == pytest.approx(needed)


def test_the_praise_says_by_how_much_a_max_pool_is_off():
    assert "give 0.00, 0.34, 0.00, 0.34, 0.00" in plain(
        ch05.equivariance_error.check(ch05._my_equivariance_error)
    )


# -- 2. vanishing_shifts


@pytest.mark.parametrize("case", ch05._shift_cases())
def test_the_measured_shifts_are_the_multiples_of_the_product(case):
    assert ch05._measured_shifts(*case) == ch05._my_vanishing_shifts(*case)


@pytest.mark.parametrize("form", [np.array, tuple, lambda shifts: shifts[::-1]])
def test_the_shifts_may_come_as_any_sequence_in_any_order(form):
    def my_vanishing_shifts(strides, up_to):
        return form(ch05._my_vanishing_shifts(strides, up_to))

    assert ch05.vanishing_shifts.check(my_vanishing_shifts).passed


def test_vanishing_shifts_accepts_a_range():
    def my_vanishing_shifts(strides, up_to):
        return range(0, up_to + 1, int(np.prod(strides, dtype=int)))

    assert ch05.vanishing_shifts.check(my_vanishing_shifts).passed


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (None, "The function returned None. Is the return missing?"),
        ("0, 2", "The function returned a str, needed a list of shifts."),
        (["0"], "The list holds something else than numbers"),
        ([0, 0, 2, 4, 6, 8, 10, 12], "needed [0, 2, 4, 6, 8, 10, 12]"),
    ],
)
def test_what_is_no_list_of_shifts_is_told(result, told):
    assert told in plain(ch05.vanishing_shifts.check(lambda strides, up_to: result))


@pytest.mark.parametrize("shape", [(10**6, 10**6), (10**12,), ()])
def test_an_array_that_is_no_list_of_shifts_is_told_by_its_shape(shape):
    huge = np.broadcast_to(1.0, shape)
    reply = plain(ch05.vanishing_shifts.check(lambda strides, up_to: huge))
    assert f"has shape {shape}, needed a list of shifts" in reply


def test_an_endless_range_of_shifts_is_not_yet():
    assert ch05.vanishing_shifts.check(lambda strides, up_to: range(10**15)).status == "not yet"


def test_a_huge_image_is_refused_by_its_shape():
    huge = np.broadcast_to(1.0, (10**6, 10**6))
    assert "needed at most 16 pixels along a side" in ch05._image(huge)


def test_the_rows_of_a_wrong_list_of_shifts_stand_below_one_another():
    reply = repr(ch05.vanishing_shifts.check(lambda strides, up_to: [0, 1]))
    assert reply.splitlines()[:4] == [
        "Not yet.",
        "  went in   f([2], 12)",
        "  came out  [0, 1]",
        "  needed    [0, 2, 4, 6, 8, 10, 12]",
    ]


# -- 3. antialias


@pytest.mark.parametrize("case", ch05._blur_cases())
def test_antialias_needs_what_the_library_returns(case):
    batch = case[0][np.newaxis, np.newaxis].astype(float)
    expected = F.blur_pool2d(batch, 3, stride=2, padding_mode="circular")[0, 0]
    np.testing.assert_allclose(ch05._antialias_by_loops(*case), expected, atol=1e-12)


def test_antialias_accepts_an_answer_that_pads_and_cuts_slices():
    def my_antialias(x):
        p = np.pad(x, ((1, 0), (1, 0)), mode="wrap").astype(float)
        p = (p[:-2:2] + 2 * p[1:-1:2] + p[2::2]) / 4
        return (p[:, :-2:2] + 2 * p[:, 1:-1:2] + p[:, 2::2]) / 4

    assert ch05.antialias.check(my_antialias).passed


def test_the_blur_takes_away_two_fifths_of_the_error_on_noise():
    plain_error, blurred_error = ch05._errors_with_and_without_blur()
    assert (round(plain_error, 2), round(blurred_error, 2)) == (1.32, 0.77)


def test_the_blur_turns_a_fence_grey_wherever_it_stands():
    fence = np.tile([1.0, 0.0], (4, 3))
    for shift in (0, 1):
        grey = ch05._my_antialias(np.roll(fence, shift, axis=1))
        np.testing.assert_array_equal(grey, np.full((2, 3), 0.5))


# -- 4. pixel_weights


@pytest.mark.parametrize("case", ch05._weight_cases()[::4])
def test_the_weights_are_what_the_convolution_of_the_library_makes_of_single_pixels(case):
    kernel, stride = case
    W = stride * (len(kernel) + 1)
    for p in range(stride):
        row = np.pad(np.eye(W)[p], (0, len(kernel) - 1), mode="wrap")
        y = F.conv2d(row.reshape(1, 1, 1, -1), kernel.reshape(1, 1, 1, -1), stride=(1, stride))
        assert ch05._my_pixel_weights(kernel, stride)[p] == pytest.approx(y.sum(), abs=1e-12)


def test_pixel_weights_accepts_an_answer_with_slices():
    def my_pixel_weights(kernel, stride):
        return np.array([kernel[r::stride].sum() for r in range(stride)])

    assert ch05.pixel_weights.check(my_pixel_weights).passed


@pytest.mark.parametrize(
    ("kernel", "stride", "equal"),
    [
        ([1, 2, 1], 2, True),
        ([1, 1], 2, True),
        ([1, 1, 1], 3, True),
        ([5, -2, 4], 1, True),
        ([1, 1, 1], 2, False),
        ([1, 2, 1], 3, False),
    ],
)
def test_the_praise_of_pixel_weights_is_right_about_equal_weights(kernel, stride, equal):
    weights = ch05._my_pixel_weights(np.array(kernel), stride)
    assert (np.ptp(weights) == 0) == equal


# -- 5. prove_or_break


@pytest.mark.parametrize("name", ch05._HOLDS)
@pytest.mark.parametrize("shape", [(2, 4), (4, 2), (6, 8)])
def test_a_network_that_is_said_to_hold_gives_the_same_for_every_shift(name, shape):
    network = ch05.NETWORKS[name]
    for seed in range(5):
        x = noise(*shape, seed)
        averages = [network(np.roll(x, d, axis=1)) for d in range(shape[1])]
        assert np.ptp(averages) < 1e-12


def test_every_network_either_holds_or_is_broken_by_the_solution():
    assert ch05._HOLDS.keys() | ch05._NOT_PROVED.keys() == ch05.NETWORKS.keys()
    assert not ch05._HOLDS.keys() & ch05._NOT_PROVED.keys()


@pytest.mark.parametrize("name", ch05._NOT_PROVED)
def test_noise_breaks_every_network_that_can_be_broken(name):
    assert ch05._judge(name, (noise(4, 6), 1)) == ""


@pytest.mark.parametrize("name", ch05._HOLDS)
def test_noise_of_any_size_breaks_no_network_that_holds(name):
    for scale in (1e-9, 1, 1e5):
        assert "The average is the same." in ch05._judge(name, (scale * noise(16, 16), 3))


def test_images_may_be_lists_and_shifts_numpy_integers_to_either_side():
    verdicts = ch05._verdicts(max=([[1, 1, 0, 0], [0, 0, 0, 0]], np.int64(-1)))
    assert ch05.prove_or_break.check(verdicts).passed


def test_both_averages_of_an_image_that_breaks_nothing_are_shown():
    reply = plain(ch05.prove_or_break.check(ch05._verdicts(max=(ch05._PAIR, 2))))
    assert "max pool, gap before 0.5 after 0.5 The average is the same." in reply


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (np.zeros((0, 2)), "The image has shape (0, 2), needed (H, W)."),
        (np.zeros(4), "The image has shape (4,), needed (H, W)."),
        (np.eye(18), "needed at most 16 pixels along a side."),
        (np.full((2, 2), np.nan), "The image has values that are infinite, NaN"),
        ([[1, 0], [1]], "The image is [[1, 0], [1]], needed an array of shape (H, W)."),
        ("spot", "The image is 'spot', needed an array of shape (H, W)."),
    ],
)
def test_what_is_no_image_is_told(image, told):
    assert told in plain(ch05.prove_or_break.check(ch05._verdicts(max=(image, 1))))


def test_an_unlucky_image_gets_the_advice_to_make_it_simpler():
    four = np.array([[1, 1, 1, 1], [0, 0, 0, 0]]) + np.array([[1, 0, 0, 1], [0, 0, 0, 0]])
    assert "try a simpler image" in plain(
        ch05.prove_or_break.check(ch05._verdicts(pick=(four[:, [0, 3, 1, 2]], 1)))
    )


def test_a_spot_that_slides_along_the_upper_border_breaks_nothing():
    spot = np.zeros((4, 8))
    spot[0, 2] = 1
    reply = plain(ch05.prove_or_break.check(ch05._verdicts(padded=(spot, 1))))
    assert "as much before as after. What slides along the upper border stays at it" in reply


def test_a_network_with_an_unknown_name_is_told():
    verdicts = ch05._verdicts() | {"min pool, gap": "holds"}
    assert "There is no network 'min pool, gap'" in plain(ch05.prove_or_break.check(verdicts))


# -- 6. consistency


@pytest.mark.parametrize("case", ch05._consistency_cases()[::3])
def test_the_consistency_of_the_solution_is_that_of_counting(case):
    expected = ch05._consistency_by_counting(*case)
    np.testing.assert_allclose(ch05._my_consistency(*case), expected, atol=1e-12)


@pytest.mark.parametrize("case", ch05._consistency_cases())
def test_no_two_classes_share_the_highest_score(case):
    ordered = np.sort(case[0], axis=2)
    assert (ordered[:, :, -1] > ordered[:, :, -2]).all()


def test_an_answer_that_never_changes_is_perfectly_consistent():
    scores = noise(4, 3 * 5).reshape(4, 3, 5)
    scores[:, :, 2] = 100
    np.testing.assert_array_equal(ch05._my_consistency(scores), np.ones(3))


def test_consistency_accepts_an_answer_with_loops():
    def my_consistency(scores):
        shares = []
        for moved in scores[1:]:
            pairs = zip(scores[0], moved, strict=True)
            shares.append(np.mean([a.argmax() == b.argmax() for a, b in pairs]))
        return np.array(shares)

    assert ch05.consistency.check(my_consistency).passed
