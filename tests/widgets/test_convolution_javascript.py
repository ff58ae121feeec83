"""The explorer computes in the reader's browser; here its numbers are held against cnnlab's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnnlab import nn, shapes
from cnnlab.nn import functional as F
from cnnlab.widgets import ConvolutionExplorer
from cnnlab.widgets.convolution import SEVEN, VERTICAL_EDGE, greys


@pytest.fixture
def convolution(javascript):
    """Call functions of convolution.js."""
    return javascript("convolution.js")


def random_cases(rng, count=400):
    """Maps and settings as the explorer takes them."""
    for _ in range(count):
        k = int(rng.integers(1, 4))
        yield (
            rng.integers(-9, 10, size=rng.integers(5, 10, size=2)).tolist(),
            {
                "kernel": rng.integers(-9, 10, size=(k, k)).tolist(),
                "divisor": int(rng.integers(1, 17)),
                "stride": int(rng.integers(1, 4)),
                "padding": int(rng.integers(0, 3)),
                "dilation": int(rng.integers(1, 3)),
                "flip": bool(rng.integers(2)),
            },
        )


def conv2d(x, s):
    """The output by cnnlab's conv2d."""
    weight = np.array(s["kernel"], dtype=float)
    weight = (weight[::-1, ::-1] if s["flip"] else weight)[None, None].copy()
    batch = np.array(x, dtype=float)[None, None]
    y = F.conv2d(batch, weight, None, s["stride"], s["padding"], s["dilation"])[0, 0]
    return y / s["divisor"]


def test_the_output_is_that_of_cnnlab_on_random_cases(convolution, rng):
    cases = list(random_cases(rng))
    outputs = convolution(*(["conv2d", x, s] for x, s in cases))
    for (x, s), y in zip(cases, outputs, strict=True):
        assert_allclose(y, conv2d(x, s), rtol=0, atol=1e-12, err_msg=str((x, s)))


def test_the_output_is_that_of_torch_on_random_cases(convolution, rng):
    torch = pytest.importorskip("torch")
    cases = list(random_cases(rng, count=100))
    outputs = convolution(*(["conv2d", x, s] for x, s in cases))
    for (x, s), y in zip(cases, outputs, strict=True):
        weight = torch.tensor(s["kernel"], dtype=torch.float64)
        weight = torch.flip(weight, (0, 1)) if s["flip"] else weight
        wanted = torch.nn.functional.conv2d(
            torch.tensor(x, dtype=torch.float64)[None, None],
            weight[None, None],
            stride=s["stride"],
            padding=s["padding"],
            dilation=s["dilation"],
        )
        assert_allclose(y, wanted[0, 0].numpy() / s["divisor"], rtol=0, atol=1e-12)


def test_the_output_is_that_of_the_explorer_in_python(convolution, rng):
    cases = list(random_cases(rng, count=50))
    outputs = convolution(*(["conv2d", x, s] for x, s in cases))
    for (x, s), y in zip(cases, outputs, strict=True):
        assert_allclose(y, ConvolutionExplorer(x, **s).output(), rtol=0, atol=1e-12)


def test_the_products_of_a_window_add_up_to_its_output(convolution, rng):
    for x, s in random_cases(rng, count=20):
        H, W = np.shape(conv2d(x, s))
        places = [(i, j) for i in range(H) for j in range(W)]
        for (i, j), cells in zip(
            places, convolution(*(["taps", x, s, *place] for place in places)), strict=True
        ):
            total = sum(cell["product"] for cell in cells)
            assert total / s["divisor"] == pytest.approx(conv2d(x, s)[i, j], abs=1e-12)


def test_the_output_size_is_that_of_cnnlab_for_every_setting(convolution):
    cases = [
        (size, {"kernel": [[1] * k] * k, "stride": s, "padding": p, "dilation": d})
        for size in range(5, 97)
        for k in (1, 2, 3)
        for s in (1, 2, 3)
        for p in (0, 1, 2)
        for d in (1, 2)
    ]
    wanted = [
        shapes.output_size(n, len(s["kernel"]), s["stride"], s["padding"], s["dilation"])
        for n, s in cases
    ]
    assert convolution(*(["outputSize", n, s] for n, s in cases)) == wanted


def test_the_windows_that_read_a_pixel_are_counted_as_the_backward_pass_of_ones_does(
    convolution, rng
):
    cases = list(random_cases(rng, count=100))
    found = convolution(*(["readsOf", x, s] for x, s in cases))
    for (x, s), reads in zip(cases, found, strict=True):
        k = len(s["kernel"])
        layer = nn.Conv2d(
            1, 1, k, s["stride"], s["padding"], s["dilation"], bias=False, dtype=np.float64
        )
        layer.weight.data[:] = 1
        y = layer(np.array(x, dtype=float)[None, None])
        assert_array_equal(reads, layer.backward(np.ones_like(y))[0, 0], err_msg=str(s))


def test_grey_values_are_those_of_the_fallback(convolution, rng):
    maps = [rng.integers(-9 * n, 9, size=(6, 5)) / 3 + 3 * n for n in range(60)]
    found = convolution(*(["greys", y.tolist()] for y in maps))
    for y, shades in zip(maps, found, strict=True):
        assert_array_equal(shades, greys(y))


def test_between_two_places_the_window_visits_a_straight_line(convolution):
    assert convolution(["way", [0, 0], [2, 4]]) == [[[1, 1], [1, 2], [2, 3], [2, 4]]]


def test_a_way_to_the_same_place_is_that_place(convolution):
    assert convolution(["way", [3, 1], [3, 1]]) == [[[3, 1]]]


EDGE = {
    "kernel": [list(row) for row in VERTICAL_EDGE],
    "divisor": 1,
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "flip": False,
    "reads": False,
}
BLUR = EDGE | {"kernel": [[1, 1], [1, 1]], "divisor": 4}
DIAGONAL = EDGE | {"kernel": [[2, 0], [0, -1]]}
X = (np.arange(25).reshape(5, 5) % 10 - 2).tolist()
DOT = np.pad([[9]], 2).tolist()
AS_IS = "Not flipped: cross-correlation, which deep learning calls convolution. "
FLIPPED = (
    "Flipped first, in both directions: what mathematics calls convolution; deep learning leaves "
    "the flip out. "
)
SHIFT = EDGE | {"kernel": [[0, 0, 0], [1, 0, 0], [0, 0, 0]]}


def dot(i, j, v):
    """A map of 5x5 zeros but for one pixel."""
    x = np.zeros((5, 5), dtype=int)
    x[i, j] = v
    return x.tolist()


@pytest.mark.parametrize(
    ("function", "arguments", "sentence"),
    [
        ("sizeSentence", [8, 8, EDGE], "8×8 → 6×6: ⌊(8 + 2·0 − 1·(3 − 1) − 1)/1⌋ + 1 = 6"),
        (
            "sizeSentence",
            [7, 8, BLUR | {"stride": 3, "padding": 1, "dilation": 2}],
            "7×8 → 3×3: rows ⌊(7 + 2·1 − 2·(2 − 1) − 1)/3⌋ + 1 = 3, "
            "columns ⌊(8 + 2·1 − 2·(2 − 1) − 1)/3⌋ + 1 = 3",
        ),
        ("countSentence", [X, EDGE], "25 values in, 9 out."),
        (
            "countSentence",
            [X, BLUR | {"stride": 3}],
            "25 values in, 4 out. 9 of the 25 are never read.",
        ),
        (
            "countSentence",
            [X, BLUR | {"stride": 3, "reads": True}],
            "25 values in, 4 out. 9 of the 25 are never read. No pixel is read more than once.",
        ),
        (
            "countSentence",
            [X, EDGE | {"reads": True}],
            "25 values in, 9 out. A pixel is read up to 9 times, the one in the top left corner "
            "once.",
        ),
        (
            "countSentence",
            [X, BLUR | {"kernel": [[1]], "reads": True}],
            "25 values in, 25 out. Every pixel is read once.",
        ),
        (
            "placeSentence",
            [X, DIAGONAL, 0, 0],
            "Output, row 1, column 1: (−2)·2 + (−1)·0 + 3·0 + 4·(−1) = −8.",
        ),
        (
            "placeSentence",
            [X, DIAGONAL | {"flip": True}, 0, 0],
            "Output, row 1, column 1: (−2)·(−1) + (−1)·0 + 3·0 + 4·2 = 10.",
        ),
        (
            "placeSentence",
            [X, BLUR | {"padding": 1}, 1, 0],
            "Output, row 2, column 1: 0·1 + (−2)·1 + 0·1 + 3·1 = 1, divided by 4: 0.25. "
            "2 pixels of the window are padding: zeros.",
        ),
        (
            "differenceSentence",
            [X, BLUR],
            AS_IS + "This kernel looks the same when flipped, so both give the same output.",
        ),
        (
            "differenceSentence",
            [X, EDGE | {"flip": True}],
            FLIPPED + "This kernel flipped is its own negative: the other output has the opposite "
            "signs.",
        ),
        (
            "differenceSentence",
            [X, DIAGONAL],
            AS_IS + "The two outputs differ at 16 of 16 places. Learned weights would simply "
            "come out flipped.",
        ),
        (
            "differenceSentence",
            [DOT, DIAGONAL],
            AS_IS + "On one bright dot the output shows the kernel flipped, times 9.",
        ),
        (
            "differenceSentence",
            [dot(2, 2, 2), DIAGONAL | {"divisor": 2}],
            AS_IS + "On one bright dot the output shows the kernel flipped.",
        ),
        (
            "differenceSentence",
            [dot(2, 2, -9), DIAGONAL],
            AS_IS + "On one negative dot the output shows the kernel flipped, times −9.",
        ),
        (
            "differenceSentence",
            [dot(0, 0, -9), DIAGONAL],
            AS_IS + "On one negative dot the output shows a part of the kernel flipped, times −9; "
            "for the rest, the dot is too near to the border.",
        ),
        (
            "differenceSentence",
            [dot(2, 2, 9), DIAGONAL | {"dilation": 2}],
            AS_IS + "On one bright dot the output shows the kernel flipped, times 9, with gaps "
            "between the weights.",
        ),
        (
            "differenceSentence",
            [DOT, DIAGONAL | {"flip": True}],
            FLIPPED + "On one bright dot the output shows the kernel itself, times 9.",
        ),
        (
            "meaningSentence",
            [SHIFT],
            "The pixel to the left of the middle: the image moves one pixel to the right.",
        ),
        (
            "meaningSentence",
            [SHIFT | {"dilation": 2}],
            "The pixel two to the left of the middle: the image moves two pixels to the right.",
        ),
        (
            "meaningSentence",
            [SHIFT | {"dilation": 2, "flip": True}],
            "The pixel two to the right of the middle: the image moves two pixels to the left.",
        ),
        (
            "meaningSentence",
            [BLUR | {"dilation": 2}],
            "The mean of four pixels with gaps between them: no average pooling, whatever the "
            "stride.",
        ),
        (
            "meaningSentence",
            [EDGE | {"flip": True}],
            "Left column minus right column: positive where it gets darker to the right, "
            "0 on flat areas.",
        ),
        (
            "meaningSentence",
            [EDGE | {"kernel": [[1, -1], [0, 0]]}],
            "The weights add up to 0: flat areas give 0.",
        ),
        (
            "meaningSentence",
            [DIAGONAL | {"divisor": 2}],
            "The weights add up to 1: a flat area of value v gives 0.5·v.",
        ),
    ],
)
def test_the_explorer_says_what_it_does(convolution, function, arguments, sentence):
    assert convolution([function, *arguments]) == [sentence]


def test_one_bright_dot_gives_back_the_kernel_or_the_kernel_flipped(convolution):
    as_is, turned = convolution(
        ["conv2d", DOT, DIAGONAL], ["conv2d", DOT, DIAGONAL | {"flip": True}]
    )
    kernel = 9 * np.array(DIAGONAL["kernel"])
    assert_array_equal(np.array(as_is)[1:3, 1:3], np.rot90(kernel, 2))
    assert_array_equal(np.array(turned)[1:3, 1:3], kernel)


def test_the_whole_kernel_is_seen_where_the_sentence_on_one_dot_says_so(convolution, rng):
    cases = [
        (dot(*rng.integers(5, size=2), 1), s | {"stride": 1, "divisor": 1})
        for _, s in random_cases(rng, count=300)
    ]
    said = convolution(*(["differenceSentence", x, s] for x, s in cases))
    found = [(y, x, s) for y, (x, s) in zip(said, cases, strict=True) if "dot the output" in y]
    assert len(found) > 100
    for sentence, x, s in found:
        ones = s | {"kernel": np.ones_like(s["kernel"]).tolist()}
        whole = np.count_nonzero(conv2d(x, ones)) == np.size(s["kernel"])
        assert ("a part of the kernel" in sentence) == (not whole)


def test_a_kernel_that_is_its_own_negative_changes_all_signs(convolution):
    as_is, turned = convolution(["conv2d", X, EDGE], ["conv2d", X, EDGE | {"flip": True}])
    assert_array_equal(as_is, -np.array(turned))


def test_the_first_pattern_and_kernel_are_the_defaults_of_python(convolution):
    patterns, presets = convolution(["PATTERNS"], ["PRESETS"])
    assert next(iter(patterns.values()))[1] == [list(row) for row in SEVEN]
    assert next(iter(presets.values()))[1] == EDGE["kernel"]


def test_every_pattern_and_kernel_is_one_that_python_takes(convolution):
    patterns, presets = convolution(["PATTERNS"], ["PRESETS"])
    for _, x in patterns.values():
        assert ConvolutionExplorer(x).x == x
    for _, kernel, divisor, *_ in presets.values():
        explorer = ConvolutionExplorer(kernel=kernel, divisor=divisor)
        assert (explorer.kernel, explorer.divisor) == (kernel, divisor)


def test_each_kernel_is_in_the_list_once(convolution):
    (presets,) = convolution(["PRESETS"])
    kernels = [str(entry[1:3]) for entry in presets.values()]
    assert len(set(kernels)) == len(kernels)


def test_a_kernel_that_looks_different_when_flipped_says_what_the_flipped_one_does(convolution):
    presets, dilated = convolution(["PRESETS"], ["DILATED"])
    for name, (_, kernel, _, *sentences) in presets.items():
        symmetric = np.array_equal(np.rot90(kernel, 2), kernel)
        for said in (sentences, dilated.get(name, sentences)):
            assert len(said) == (1 if symmetric else 2), name


def full_state(x, s, rng):
    H, W = np.shape(conv2d(x, s))
    cells = [[i, j] for i in range(H) for j in range(W) if rng.integers(2)]
    return {
        "view": "numbers",
        **s,
        "filled": bool(rng.integers(2)),
        "reads": bool(rng.integers(2)),
        "at": [int(rng.integers(H)), int(rng.integers(W))],
        "visited": cells,
        "x": x,
    }


def test_the_state_comes_back_from_its_link(convolution, rng):
    states = [full_state(x, s, rng) for x, s in random_cases(rng, count=50)]
    links = convolution(*(["encodeState", state] for state in states))
    assert convolution(*(["decodeState", link] for link in links)) == states


GOOD = (
    "view=numbers&kernel=jk.ij&divisor=4&stride=2&padding=1&dilation=1&flip=false&filled=false"
    "&reads=false&at=0.1&visited=0.0-1_1.2&x=" + ".".join(["jjjjj"] * 5)
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("view=numbers", "view=film"),
        ("kernel=jk.ij", "kernel=jk"),
        ("divisor=4", "divisor=17"),
        ("stride=2&", ""),
        ("padding=1", "padding=3"),
        ("at=0.1", "at=0"),
        ("at=0.1", "at=0.-1"),
        ("visited=0.0-1", "visited=0.0-"),
        ("x=jjjjj.", "x="),
        ("x=jjjjj", "x=jjjjz"),
    ],
)
def test_a_broken_link_restores_nothing(convolution, old, new):
    good, broken = convolution(["decodeState", GOOD], ["decodeState", GOOD.replace(old, new, 1)])
    assert good["visited"] == [[0, 0], [0, 1], [1, 2]]
    assert broken is None


def settled(changes, **state):
    start = EDGE | {"x": X, "photo": None, "view": "numbers", "filled": False, "visited": []}
    return ["settled", changes, start | {"at": [0, 0]} | state | changes]


def test_the_window_stays_inside_an_output_that_shrinks(convolution):
    (found,) = convolution(settled({"stride": 2}, at=[2, 1], visited=[[0, 0], [2, 2]]))
    assert (found["at"], found["visited"]) == ([1, 1], [[0, 0]])


def test_an_output_with_every_cell_filled_is_shown_whole(convolution):
    cells = [[i, j] for i in range(3) for j in range(3)]
    partly, whole = convolution(settled({"visited": cells[1:]}), settled({"visited": cells}))
    assert (partly["filled"], whole["filled"]) == (False, True)


def test_without_the_whole_output_filling_begins_anew(convolution):
    (found,) = convolution(settled({"filled": False}, at=[1, 1], visited=[[0, 0]]))
    assert found["visited"] == [[1, 1]]


def test_without_a_photograph_the_numbers_are_on_view(convolution):
    (found,) = convolution(settled({"view": "photo"}))
    assert found["view"] == "numbers"
