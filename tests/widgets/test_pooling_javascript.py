"""The explorer computes in the reader's browser; here its numbers are held against cnnlab's."""

import numpy as np
import pytest
from javascript import call
from numpy.testing import assert_allclose

from cnnlab import nn, shapes
from cnnlab.widgets import PoolingExplorer
from cnnlab.widgets.pooling import SEVEN


@pytest.fixture
def pooling(node, tmp_path):
    """Call functions of pooling.js."""
    return lambda *calls: call(node, tmp_path, "pooling.js", list(calls))


def random_cases(rng, count=400):
    """Maps as the explorer takes them, from few values so that ties are common."""
    for _ in range(count):
        kernel = int(rng.integers(1, 5))
        largest = int(rng.choice([1, 9]))
        yield (
            rng.integers(-largest, largest + 1, size=rng.integers(4, 11, size=2)).tolist(),
            {
                "mode": str(rng.choice(["max", "average"])),
                "kernel": kernel,
                "stride": int(rng.integers(1, 5)),
                "padding": int(rng.integers(0, kernel // 2 + 1)),
            },
        )


def layer(settings):
    kind = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}[settings["mode"]]
    return kind(settings["kernel"], settings["stride"], settings["padding"])


def as_batch(x):
    return np.array(x, dtype=np.float64)[None, None]


def test_the_pooled_map_is_that_of_cnnlab_on_random_cases(pooling, rng):
    cases = list(random_cases(rng))
    outputs = pooling(*(["pool2d", x, s] for x, s in cases))
    for (x, s), y in zip(cases, outputs, strict=True):
        assert_allclose(y, layer(s)(as_batch(x))[0, 0], rtol=0, atol=1e-12, err_msg=str((x, s)))


def test_the_gradient_is_that_of_cnnlab_on_random_cases(pooling, rng):
    cases = []
    for x, s in random_cases(rng):
        pool = layer(s)
        grad_output = rng.normal(size=pool(as_batch(x)).shape)
        cases.append((x, s, grad_output, pool.backward(grad_output)[0, 0]))
    found = pooling(*(["poolBackward", x, g[0, 0].tolist(), s] for x, s, g, _ in cases))
    for (x, s, _, wanted), grad in zip(cases, found, strict=True):
        assert_allclose(grad, wanted, rtol=0, atol=1e-12, err_msg=str((x, s)))


def test_pooled_map_and_gradient_are_those_of_torch(pooling, rng):
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    cases = list(random_cases(rng, count=100))
    ones = [np.ones(layer(s)(as_batch(x)).shape[2:]).tolist() for x, s in cases]
    outputs = pooling(*(["pool2d", x, s] for x, s in cases))
    grads = pooling(*(["poolBackward", x, g, s] for (x, s), g in zip(cases, ones, strict=True)))
    for (x, s), y, grad in zip(cases, outputs, grads, strict=True):
        t = torch.tensor(as_batch(x), requires_grad=True)
        pool = F.max_pool2d if s["mode"] == "max" else F.avg_pool2d
        wanted = pool(t, s["kernel"], s["stride"], s["padding"])
        wanted.sum().backward()
        assert_allclose(y, wanted.detach().numpy()[0, 0], rtol=0, atol=1e-12)
        assert_allclose(grad, t.grad.numpy()[0, 0], rtol=0, atol=1e-12)


def test_the_output_size_is_that_of_cnnlab_for_every_setting(pooling):
    cases = [
        (size, {"kernel": k, "stride": s, "padding": p})
        for size in range(4, 97)
        for k in range(1, 5)
        for s in range(1, 5)
        for p in range(k // 2 + 1)
    ]
    found = pooling(*(["outputSize", size, s] for size, s in cases))
    wanted = [shapes.output_size(size, s["kernel"], s["stride"], s["padding"]) for size, s in cases]
    assert found == wanted


def test_a_cell_knows_the_windows_that_read_it(pooling, rng):
    cases = list(random_cases(rng, count=50))
    found = pooling(*(["readersOf", x, s] for x, s in cases))
    for (x, s), readers in zip(cases, found, strict=True):
        pool = nn.AvgPool2d(s["kernel"], s["stride"], s["padding"])
        y = pool(as_batch(x))
        reads = pool.backward(np.ones_like(y))[0, 0] * s["kernel"] ** 2
        assert [[len(cell) for cell in row] for row in readers] == np.round(reads).tolist()


MAX = {"mode": "max", "kernel": 2, "stride": 2, "padding": 0}
AVERAGE = MAX | {"mode": "average"}
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
        ("paddingSentence", [MAX], ""),
        (
            "paddingSentence",
            [MAX | {"padding": 1}],
            "The padding is −∞, not 0: a 0 would win where all values are negative.",
        ),
        (
            "paddingSentence",
            [AVERAGE | {"padding": 1}],
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
            "A gradient of 1 goes back to the first 1 in reading order, row 1, column 3 "
            "(it stands there 4 times); the others get 0.",
        ),
        (
            "gradientSentence",
            [X, AVERAGE, 0, 0],
            "A gradient of 1 goes back in equal parts: 1/4 to each.",
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


def test_every_pattern_is_a_map_that_python_takes(pooling):
    (patterns,) = pooling(["PATTERNS"])
    for _, x in patterns.values():
        assert PoolingExplorer(x).state()["x"] == x


def test_the_state_comes_back_from_its_link(pooling, rng):
    states = [
        {"view": "numbers", **s, "gradient": bool(rng.integers(2)), "x": x}
        for x, s in random_cases(rng, count=50)
    ]
    links = pooling(*(["encodeState", state] for state in states))
    assert pooling(*(["decodeState", link] for link in links)) == states


GOOD = "view=numbers&mode=max&kernel=2&stride=2&padding=1&gradient=false&x=jjjj.jjjj.jjjj.jjjj"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mode=max", "mode=median"),
        ("kernel=2", "kernel=5"),
        ("padding=1", "padding=3"),
        ("stride=2&", ""),
        ("x=jjjj.", "x="),
        ("x=jjjj", "x=jjj"),
        ("x=jjjj", "x=jjjz"),
    ],
)
def test_a_broken_link_restores_nothing(pooling, old, new):
    good, broken = pooling(["decodeState", GOOD], ["decodeState", GOOD.replace(old, new, 1)])
    assert good is not None
    assert broken is None
