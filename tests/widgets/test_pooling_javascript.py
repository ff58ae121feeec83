"""The explorer computes in the reader's browser; here its numbers are held against cnnlab's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cnnlab import nn, shapes
from cnnlab.widgets import PoolingExplorer
from cnnlab.widgets.values import SEVEN


@pytest.fixture
def pooling(javascript):
    """Call functions of pooling.js."""
    return javascript("pooling.js")


MODES = ["max", "average", "lp", "blur"]


def random_cases(rng, modes, count=300):
    """Maps as the explorer takes them, from few values so that ties are common."""
    for number in range(count):
        mode = modes[number % len(modes)]
        kernel = int(rng.integers(1, 5))
        largest = int(rng.choice([1, 9]))
        padding = int(rng.integers(0, kernel // 2 + 1))
        yield (
            rng.integers(-largest, largest + 1, size=rng.integers(4, 11, size=2)).tolist(),
            {
                "mode": mode,
                "kernel": kernel,
                "stride": int(rng.integers(1, 5)),
                "padding": padding if mode in ("max", "average") else 0,
                "p": float(rng.choice([1, 1.5, 2, 3, 7.25, 16, 64])),
                "ceil_mode": bool(rng.integers(2)) and mode != "blur",
                "count_include_pad": bool(rng.integers(2)),
            },
        )


class PowerMean:
    """What cnnlab's LPPool2d makes of the absolute values, divided as a mean."""

    def __init__(self, p, kernel, stride, ceil_mode):
        self.layer = nn.LPPool2d(p, kernel, stride, ceil_mode)
        self.scale = (kernel * kernel) ** (1 / p)

    def __call__(self, x):
        self.sign = np.where(x < 0, -1.0, 1.0)
        return self.layer(np.abs(x)) / self.scale

    def backward(self, grad_output):
        return self.layer.backward(grad_output / self.scale) * self.sign


def layer(s):
    kernel, stride, padding, ceil_mode = (
        s[name] for name in ("kernel", "stride", "padding", "ceil_mode")
    )
    return {
        "max": lambda: nn.MaxPool2d(kernel, stride, padding, ceil_mode=ceil_mode),
        "average": lambda: nn.AvgPool2d(kernel, stride, padding, ceil_mode, s["count_include_pad"]),
        "lp": lambda: PowerMean(s["p"], kernel, stride, ceil_mode),
        "blur": lambda: nn.BlurPool2d(kernel, stride),
    }[s["mode"]]()


def as_batch(x):
    return np.array(x, dtype=np.float64)[None, None]


@pytest.mark.parametrize("mode", MODES)
def test_the_pooled_map_is_that_of_cnnlab_on_random_cases(pooling, rng, mode):
    cases = list(random_cases(rng, [mode]))
    outputs = pooling(*(["pool2d", x, s] for x, s in cases))
    for (x, s), y in zip(cases, outputs, strict=True):
        assert_allclose(y, layer(s)(as_batch(x))[0, 0], rtol=0, atol=1e-12, err_msg=str((x, s)))


@pytest.mark.parametrize("mode", MODES)
def test_the_gradient_is_that_of_cnnlab_on_random_cases(pooling, rng, mode):
    cases = []
    for x, s in random_cases(rng, [mode]):
        pool = layer(s)
        grad_output = rng.normal(size=pool(as_batch(x)).shape)
        cases.append((x, s, grad_output, pool.backward(grad_output)[0, 0]))
    found = pooling(*(["poolBackward", x, g[0, 0].tolist(), s] for x, s, g, _ in cases))
    for (x, s, _, wanted), grad in zip(cases, found, strict=True):
        assert_allclose(grad, wanted, rtol=0, atol=1e-11, err_msg=str((x, s)))


@pytest.mark.parametrize("mode", ["max", "average"])
def test_pooled_map_and_gradient_are_those_of_torch(pooling, rng, mode):
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    cases = list(random_cases(rng, [mode], count=100))
    ones = [np.ones(layer(s)(as_batch(x)).shape[2:]).tolist() for x, s in cases]
    outputs = pooling(*(["pool2d", x, s] for x, s in cases))
    grads = pooling(*(["poolBackward", x, g, s] for (x, s), g in zip(cases, ones, strict=True)))
    for (x, s), y, grad in zip(cases, outputs, grads, strict=True):
        t = torch.tensor(as_batch(x), requires_grad=True)
        options = {"stride": s["stride"], "padding": s["padding"], "ceil_mode": s["ceil_mode"]}
        if mode == "max":
            wanted = F.max_pool2d(t, s["kernel"], **options)
        else:
            include = s["count_include_pad"]
            wanted = F.avg_pool2d(t, s["kernel"], **options, count_include_pad=include)
        wanted.sum().backward()
        assert_allclose(y, wanted.detach().numpy()[0, 0], rtol=0, atol=1e-12)
        assert_allclose(grad, t.grad.numpy()[0, 0], rtol=0, atol=1e-12)


def test_the_power_mean_is_what_torch_gives_divided_as_the_explorer_says(pooling, rng):
    torch = pytest.importorskip("torch")
    cases = list(random_cases(rng, ["lp"], count=100))
    outputs = pooling(*(["pool2d", np.abs(x).tolist(), s] for x, s in cases))
    for (x, s), y in zip(cases, outputs, strict=True):
        t = torch.tensor(np.abs(as_batch(x)))
        k, p = s["kernel"], s["p"]
        sums = torch.nn.functional.lp_pool2d(t, p, k, s["stride"], s["ceil_mode"])
        assert_allclose(np.array(y) * (k * k) ** (1 / p), sums.numpy()[0, 0], atol=1e-9)


def test_the_power_mean_at_one_has_output_and_gradient_of_the_average(pooling, rng):
    settings = {"kernel": 3, "stride": 2, "padding": 0, "p": 1}
    x = rng.integers(1, 10, size=(8, 9)).tolist()
    for function, arguments in (("pool2d", []), ("poolBackward", [np.ones((3, 4)).tolist()])):
        calls = ([function, x, *arguments, settings | {"mode": mode}] for mode in ("lp", "average"))
        power, average = pooling(*calls)
        assert_allclose(power, average, rtol=0, atol=1e-12)


def test_the_power_mean_never_falls_as_p_grows(pooling, rng):
    values = rng.integers(-9, 10, size=16).tolist()
    means = pooling(*(["powerMean", values, float(p)] for p in np.geomspace(1, 64, 50)))
    assert (np.diff(means) > 0).all()
    assert means[-1] < max(map(abs, values))


def test_the_output_size_is_that_of_cnnlab_for_every_setting(pooling):
    cases = [
        (size, {"mode": "max", "kernel": k, "stride": s, "padding": p, "ceil_mode": ceil})
        for size in range(4, 97)
        for k in range(1, 5)
        for s in range(1, 5)
        for p in range(k // 2 + 1)
        for ceil in (False, True)
    ]
    found = pooling(*(["outputSize", size, s] for size, s in cases))
    wanted = [
        shapes.output_size(size, s["kernel"], s["stride"], s["padding"], ceil_mode=s["ceil_mode"])
        for size, s in cases
    ]
    assert found == wanted


def test_a_cell_knows_the_windows_that_read_it(pooling, rng):
    cases = list(random_cases(rng, MODES, count=120))
    found = pooling(*(["readersOf", x, s] for x, s in cases))
    for (x, s), readers in zip(cases, found, strict=True):
        H, W = np.shape(x)
        alone = np.eye(H * W).reshape(H * W, 1, H, W)  # one pixel of 1 in each image
        reads = np.count_nonzero(layer(s)(alone), axis=(1, 2, 3)).reshape(H, W)
        assert [[len(cell) for cell in row] for row in readers] == reads.tolist()


def test_what_the_controls_settle_on_is_a_state_that_python_takes(pooling):
    wild = [
        {"mode": m, "kernel": k, "padding": p, "ceil_mode": ceil}
        for m in MODES
        for k in range(1, 5)
        for p in range(3)
        for ceil in (False, True)
    ]
    for state in pooling(*(["settled", s] for s in wild)):
        assert PoolingExplorer(**state).state().items() >= state.items()


def test_the_first_window_shown_has_the_most_unequal_values(pooling):
    x = [[1, 1, 0, 9], [1, 1, 0, 0], [5, 5, 2, 3], [5, 5, 3, 2]]
    assert pooling(["widest", x, MAX]) == [[0, 1]]


def test_in_ceil_mode_the_first_window_shown_hangs_over(pooling):
    x = [[0, 9, 1, 1, 2], *([[1] * 5] * 4)]
    assert pooling(["widest", x, MAX | {"ceil_mode": True}]) == [[0, 2]]


@pytest.mark.parametrize(
    ("share", "mode", "text"),
    [
        (0.25, "average", "1/4"),
        (0.5, "average", "2/4"),
        (1, "average", "1"),
        (1 / 3, "average", "0.33"),
        (0.25, "blur", "1/4"),
        (0.123, "lp", "0.12"),
        (-1, "lp", "−1"),
        (2, "max", "2"),
    ],
)
def test_a_share_is_written_in_parts_of_a_window_where_it_has_such_parts(
    pooling, share, mode, text
):
    assert pooling(["shareText", share, MAX | {"mode": mode}]) == [text]


MAX = {"mode": "max", "kernel": 2, "stride": 2, "padding": 0}
AVERAGE = MAX | {"mode": "average"}
LP = MAX | {"mode": "lp", "p": 2}
BLUR = MAX | {"mode": "blur", "kernel": 3}
CEIL = {"kernel": 3, "ceil_mode": True}
EIGHT = [[1] * 8] * 8
NEGATIVE = [[-1] * 8] * 8
X = [[6, 3, 1, 1], [3, 1, 1, 1], [-5, -2, 0, 0], [-3, -4, 0, 0]]


@pytest.mark.parametrize(
    ("function", "arguments", "sentence"),
    [
        ("sizeSentence", [8, 8, MAX], "8×8 → 4×4: ⌊(8 + 2·0 − 2)/2⌋ + 1 = 4"),
        (
            "sizeSentence",
            [7, 8, MAX],
            "7×8 → 3×4: rows ⌊(7 + 2·0 − 2)/2⌋ + 1 = 3, columns ⌊(8 + 2·0 − 2)/2⌋ + 1 = 4",
        ),
        ("countSentence", [X, MAX], "16 values in, 4 out."),
        (
            "countSentence",
            [[row[:3] for row in X[:3]], MAX],
            "9 values in, 1 out. 5 of the 9 are in no window and never read.",
        ),
        ("poolSentence", [X, MAX, 0, 0], "max of 6, 3, 3, 1 = 6"),
        ("poolSentence", [X, AVERAGE, 0, 0], "average of 6, 3, 3, 1 = 13/4 = 3.25"),
        ("poolSentence", [X, AVERAGE, 1, 0], "average of −5, −2, −3, −4 = −14/4 = −3.5"),
        (
            "poolSentence",
            [X, MAX | {"padding": 1}, 2, 0],
            "max of −∞, −3, −∞, −∞ = −3 (−∞ is padding)",
        ),
        (
            "poolSentence",
            [X, AVERAGE | {"padding": 1}, 2, 0],
            "average of 0, −3, 0, 0 = −3/4 = −0.75 (the zeros of the padding count)",
        ),
        (
            "poolSentence",
            [X, MAX, 0, 1],
            "max of 1, 1, 1, 1 = 1. It stands there 4 times; the first in reading order wins: "
            "row 1, column 3",
        ),
        (
            "poolSentence",
            [X, AVERAGE | CEIL, 0, 1],
            "average of 1, 1, 1, 1, 0, 0 = 4/6 = 0.67 (3 of its 9 cells hang over the border)",
        ),
        (
            "poolSentence",
            [X, AVERAGE | {"padding": 1, "count_include_pad": False}, 2, 0],
            "average of 0, −3, 0, 0 = −3/1 = −3 (the zeros of the padding do not count)",
        ),
        (
            "poolSentence",
            [X, LP, 0, 0],
            "power mean of 6, 3, 3, 1 with p = 2: 3.71, between their average 3.25 and their "
            "maximum 6",
        ),
        (
            "poolSentence",
            [X, LP, 1, 0],
            "power mean of −5, −2, −3, −4, without signs, with p = 2: 3.67, between their average "
            "3.5 and their maximum 5",
        ),
        (
            "poolSentence",
            [X, BLUR, 1, 1],
            "blur: (1·1 + 2·1 + 1·1 + 2·−2 + 4·0 + 2·0 + 1·−4 + 2·0 + 1·0)/16 = −4/16 = −0.25",
        ),
        ("sizeSentence", [8, 8, LP], "8×8 → 4×4: ⌊(8 − 2)/2⌋ + 1 = 4"),
        ("sizeSentence", [7, 7, BLUR], "7×7 → 4×4: ⌈7/2⌉ = 4"),
        ("sizeSentence", [8, 8, MAX | CEIL], "8×8 → 4×4: ⌈(8 + 2·0 − 3)/2⌉ + 1 = 4"),
        (
            "sizeSentence",
            [8, 8, MAX | {"stride": 3, "padding": 1, "ceil_mode": True}],
            "8×8 → 3×3: ⌈(8 + 2·1 − 2)/3⌉ + 1 = 4, less 1 that would begin beyond the border: 3",
        ),
        ("noteSentence", [EIGHT, MAX], ""),
        ("noteSentence", [EIGHT, BLUR], "Beyond the border the map is mirrored."),
        (
            "noteSentence",
            [EIGHT, BLUR | {"kernel": 1}],
            "A window of 1 blurs nothing: only the stride is left.",
        ),
        (
            "noteSentence",
            [EIGHT, LP],
            "At p = 1 the power mean is the average; as p grows, it nears the maximum. LPPool2d, "
            "as in torch, does not divide by 4: its outputs are 4^(1/p) = 2 times as large. It has "
            "no padding.",
        ),
        (
            "noteSentence",
            [EIGHT, MAX | CEIL],
            "Ceil mode: the last windows hang over, and what lies there (hatched) does not count.",
        ),
        ("noteSentence", [EIGHT, MAX | {"ceil_mode": True}], "Ceil mode changes nothing here."),
        (
            "noteSentence",
            [EIGHT, AVERAGE | {"padding": 1, "count_include_pad": False}],
            "The padding does not count: a window is divided by the number of real values in it.",
        ),
        (
            "noteSentence",
            [EIGHT, MAX | {"padding": 1}],
            "The padding is −∞, not 0: a 0 would win where all values are negative.",
        ),
        (
            "noteSentence",
            [EIGHT, AVERAGE | {"padding": 1}],
            "The padding is 0, and its zeros count in the average.",
        ),
        (
            "gradientSentence",
            [X, MAX, 0, 0],
            "A gradient of 1 goes back to the 6 at row 1, column 1; the others get 0.",
        ),
        (
            "gradientSentence",
            [X, MAX, 0, 1],
            "A gradient of 1 goes back to this first one alone; the others get 0.",
        ),
        (
            "gradientSentence",
            [X, AVERAGE, 0, 0],
            "A gradient of 1 goes back in equal parts: 1/4 to each.",
        ),
        (
            "gradientSentence",
            [X, LP, 0, 0],
            "A gradient of 1 goes back by size, (|x|/y)^(p−1)/4: 0.4 to the largest, "
            "0.07 to the smallest.",
        ),
        (
            "gradientSentence",
            [[[7, 7, -1, 0], [0, 0, 0, 0], *X[2:]], LP, 0, 0],
            "A gradient of 1 goes back by size, (|x|/y)^(p−1)/4: 0.35 to each of the 2 largest, "
            "0 to each of the 2 smallest.",
        ),
        (
            "gradientSentence",
            [X, LP | {"p": 1}, 1, 0],
            "A gradient of 1 goes back in equal parts: 0.25 to each. "
            "Negative values get theirs with a minus.",
        ),
        (
            "gradientSentence",
            [X, LP, 1, 1],
            "Nothing goes back: where all values are 0, the power mean has a kink, and torch sends "
            "0 there.",
        ),
        (
            "gradientSentence",
            [X, LP | {"p": 1}, 1, 1],
            "Nothing goes back: where all values are 0, the power mean has a kink, and torch sends "
            "0 there, though an average would send 1/4 to each.",
        ),
        (
            "noteSentence",
            [NEGATIVE, LP],
            "Of a negative value the power mean takes the size, |x|; as p grows, it nears the "
            "largest size. LPPool2d, as in torch, does not divide by 4: its outputs are "
            "4^(1/p) = 2 times as large. It has no padding.",
        ),
        (
            "noteSentence",
            [NEGATIVE, LP | {"p": 1}],
            "Of a negative value the power mean takes the size, |x|; as p grows, it nears the "
            "largest size. LPPool2d, as in torch, keeps the signs at an odd p: in its sum, x^p of "
            "opposite signs cancel. It has no padding.",
        ),
        (
            "noteSentence",
            [NEGATIVE, LP | {"p": 13}],
            "Of a negative value the power mean takes the size, |x|; as p grows, it nears the "
            "largest size. LPPool2d, as in torch, keeps the signs at an odd p: in its sum, x^p of "
            "opposite signs cancel, and a negative sum gives NaN. It has no padding.",
        ),
        (
            "noteSentence",
            [NEGATIVE, LP | {"p": 2.5}],
            "Of a negative value the power mean takes the size, |x|; as p grows, it nears the "
            "largest size. LPPool2d, as in torch, gives NaN for a negative value where p is not a "
            "whole number. It has no padding.",
        ),
        (
            "ruleSentence",
            [MAX],
            "Each new pixel is the brightest of its 2×2 window: bright details grow, dark ones "
            "vanish.",
        ),
        (
            "ruleSentence",
            [MAX | {"stride": 4}],
            "Each new pixel is the brightest of its 2×2 window. The stride is larger: 12 of 16 "
            "pixels lie between the windows and are never read.",
        ),
        (
            "gradientSentence",
            [X, BLUR, 1, 1],
            "A gradient of 1 goes back with the weights of the blur: 4/16 in the middle, "
            "1/16 in the corners.",
        ),
        (
            "gradientSentence",
            [X, BLUR | {"kernel": 2}, 0, 0],
            "A gradient of 1 goes back with the weights of the blur: 1/4 to each.",
        ),
        (
            "gradientSentence",
            [X, AVERAGE | {"padding": 1}, 0, 0],
            "A gradient of 1 goes back in equal parts: 1/4 to each. "
            "What falls on the padding is lost.",
        ),
        (
            "gradientSentence",
            [X, AVERAGE | CEIL, 0, 1],
            "A gradient of 1 goes back in equal parts: 1/6 to each.",
        ),
        (
            "inputSentence",
            [X, LP, 0, 0],
            "6 at row 1, column 1 is in 1 window and makes up 65% of the sum of powers.",
        ),
        (
            "inputSentence",
            [X, BLUR, 1, 1],
            "1 at row 2, column 2 is in 4 windows and counts from 1/16 to 4/16 in each.",
        ),
        (
            "inputSentence",
            [X, MAX, 0, 0],
            "6 at row 1, column 1 is in 1 window, and wins there.",
        ),
        (
            "inputSentence",
            [X, MAX | {"stride": 1}, 1, 1],
            "1 at row 2, column 2 is in 4 windows, and wins in 1.",
        ),
        (
            "inputSentence",
            [X, AVERAGE | {"stride": 1}, 1, 1],
            "1 at row 2, column 2 is in 4 windows and counts 1/4 in each.",
        ),
        (
            "inputSentence",
            [X, MAX | {"kernel": 1}, 1, 1],
            "1 at row 2, column 2 is in no window: it is never read.",
        ),
    ],
)
def test_the_explorer_says_what_it_does(pooling, function, arguments, sentence):
    assert pooling([function, *arguments]) == [sentence]


def test_the_first_pattern_is_the_default_of_python(pooling):
    (patterns,) = pooling(["PATTERNS"])
    assert next(iter(patterns)) == "seven"
    assert patterns["seven"][1] == [list(row) for row in SEVEN]


def test_the_pattern_of_ties_has_a_tie_of_two_three_and_four_in_windows_of_two(pooling):
    (patterns,) = pooling(["PATTERNS"])
    windows = np.reshape(patterns["ties"][1], (4, 2, 4, 2)).swapaxes(1, 2).reshape(16, 4)
    ties = (windows == windows.max(axis=1, keepdims=True)).sum(axis=1)
    assert set(ties.tolist()) == {2, 3, 4}


@pytest.mark.parametrize(
    ("p", "values", "sum_of_powers"),
    [
        (1, [3, -1, 2, 0], 4),
        (3, [3, -1, 2, 0], 34 ** (1 / 3)),
        (3, [-5, -2, -3, -4], np.nan),
        (2.5, [3, -1, 2, 0], np.nan),
        (2, [-5, -2, -3, -4], 54**0.5),
    ],
)
def test_what_is_said_of_negative_values_is_what_torch_does(p, values, sum_of_powers):
    torch = pytest.importorskip("torch")
    x = torch.tensor(values, dtype=torch.float64).reshape(1, 1, 2, 2)
    assert_allclose(torch.nn.functional.lp_pool2d(x, p, 2).item(), sum_of_powers)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_torch_sends_nothing_back_where_all_values_are_zero(p):
    torch = pytest.importorskip("torch")
    x = torch.zeros(1, 1, 2, 2, requires_grad=True)
    torch.nn.functional.lp_pool2d(x, p, 2).sum().backward()
    assert x.grad.tolist() == [[[[0, 0], [0, 0]]]]


def test_every_pattern_is_a_map_that_python_takes(pooling):
    (patterns,) = pooling(["PATTERNS"])
    for _, x in patterns.values():
        assert PoolingExplorer(x).state()["x"] == x


def test_the_state_comes_back_from_its_link(pooling, rng):
    states = [
        {"view": "numbers", **s, "gradient": bool(rng.integers(2)), "x": x}
        for x, s in random_cases(rng, MODES, count=80)
    ]
    links = pooling(*(["encodeState", state] for state in states))
    assert pooling(*(["decodeState", link] for link in links)) == states


GOOD = (
    "view=numbers&mode=max&kernel=2&stride=2&padding=1&p=3&ceil_mode=false&"
    "count_include_pad=true&gradient=false&x=jjjj.jjjj.jjjj.jjjj"
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mode=max", "mode=median"),
        ("kernel=2", "kernel=5"),
        ("padding=1", "padding=3"),
        ("stride=2&", ""),
        ("p=3", "p=0.5"),
        ("p=3", "p=three"),
        ("ceil_mode=false", "ceil_mode=no"),
        ("x=jjjj.", "x="),
        ("x=jjjj", "x=jjj"),
        ("x=jjjj", "x=jjjz"),
    ],
)
def test_a_broken_link_restores_nothing(pooling, old, new):
    good, broken = pooling(["decodeState", GOOD], ["decodeState", GOOD.replace(old, new, 1)])
    assert good is not None
    assert broken is None


def test_a_link_made_before_there_were_other_rules_still_works(pooling):
    old = GOOD.replace("p=3&ceil_mode=false&count_include_pad=true&", "")
    (state,) = pooling(["decodeState", old])
    assert state["padding"] == 1
    assert (state["p"], state["ceil_mode"], state["count_include_pad"]) == (2, False, True)
