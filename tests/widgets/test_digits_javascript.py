"""The digit explorer computes in the browser; here its numbers are held against cnnlab's."""

import json
import math

import numpy as np
import pytest
from javascript import call
from numpy.testing import assert_allclose, assert_array_equal

from cnnlab import datasets
from cnnlab.datasets.digits import paste
from cnnlab.experiments import weights
from cnnlab.nn import functional as F
from cnnlab.widgets import DigitsExplorer
from cnnlab.widgets.digits import MOST, NETWORKS, SAMPLES, TRAINED, bitmap, counted, sample

LETTERS = "0123456789abcdefg"


@pytest.fixture
def digits(javascript):
    """Call functions of digits.js."""
    return javascript("digits.js")


@pytest.fixture
def networks(javascript):
    """Call functions of networks.js."""
    return javascript("networks.js")


READER = """
import {{ readFileSync, writeFileSync }} from "node:fs";
import {{ canvasOf, enlarge, networksOf, sampleOf }} from "./digits.js";
import {{ run }} from "./networks.js";
const {{ file, trained, texts, places }} = JSON.parse(readFileSync("{question}", "utf8"));
const networks = networksOf(JSON.parse(readFileSync(file, "utf8")), trained);
const images = texts.map((text, n) =>
  canvasOf(enlarge(sampleOf(text).values.map((row) => row.map((v) => v / 16))), ...places[n]));
const scores = Object.fromEntries(Object.entries(networks).map(([name, network]) =>
  [name, images.map((image) => run(network, image).scores)]));
writeFileSync("answer.json", JSON.stringify(scores));
export const done = true;
"""


@pytest.fixture
def read(node, tmp_path):
    """Scores that the browser's networks give to digits of 8x8 at some places."""

    def read(trained, values, classes, places):
        experiment, _ = TRAINED[trained]
        texts = [
            f"{c}" + "".join(LETTERS[v] for v in x.ravel())
            for x, c in zip(values, classes, strict=True)
        ]
        question = {
            "file": str(weights.FILES / f"{experiment}.json"),
            "trained": trained,
            "texts": texts,
            "places": places,
        }
        (tmp_path / "question.json").write_text(json.dumps(question))
        (tmp_path / "reader.js").write_text(READER.format(question="question.json"))
        call(node, tmp_path, "reader.js", [["done"]])
        return json.loads((tmp_path / "answer.json").read_text())

    return read


@pytest.mark.parametrize("trained", TRAINED)
def test_each_network_reads_the_whole_test_set_as_in_cnnlab(read, trained, rng):
    split = datasets.digits(8, 1000, weights.SEED)
    values = np.round(16 * split.x_test[:, 0]).astype(int)
    fine = datasets.digits(16, 1000, weights.SEED).x_test
    places = [(0, 0)] * len(values) + rng.integers(-MOST, MOST + 1, size=(len(values), 2)).tolist()
    found = read(trained, [*values, *values], [*split.y_test] * 2, places)
    images = paste(np.concatenate([fine, fine]), MOST + np.array(places))
    ending = TRAINED[trained][1]
    assert set(found) == {n for n in NETWORKS if n + ending in weights.NAMES}
    for name, scores in found.items():
        wanted = weights.load(name + ending)(images)
        assert_allclose(scores, wanted, rtol=0, atol=1e-4, err_msg=name)
        assert_array_equal(np.argmax(scores, axis=1), wanted.argmax(axis=1), err_msg=name)


def maps(x):
    C, H, W = x.shape
    return {"channels": C, "height": H, "width": W, "values": x.ravel().tolist()}


TYPED = """
import * as networks from "./networks.js";
const typed = ({ values, ...size }) => ({ ...size, values: Float32Array.from(values) });
const plain = ({ values, ...size }) => ({ ...size, values: [...values] });
export const layer = (name, maps, ...rest) => plain(networks[name](typed(maps), ...rest));
"""


@pytest.mark.parametrize(
    ("name", "options", "ours"),
    [
        ("maxPool", [], lambda x: F.max_pool2d(x, 2)),
        ("maxPool", [1], lambda x: F.max_pool2d(x, 2, stride=1)),
        ("averagePool", [], lambda x: F.avg_pool2d(x, 2)),
        ("blurPool", [], lambda x: F.blur_pool2d(x, 3, stride=2)),
    ],
)
def test_each_pool_is_that_of_cnnlab_on_random_maps(node, tmp_path, rng, name, options, ours):
    (tmp_path / "typed.js").write_text(TYPED)
    images = [
        rng.normal(size=(rng.integers(1, 4), *rng.integers(2, 12, size=2))).astype(np.float32)
        for _ in range(100)
    ]
    found = call(node, tmp_path, "typed.js", [["layer", name, maps(x), *options] for x in images])
    for x, y in zip(images, found, strict=True):
        wanted = ours(x[None])[0]
        assert (y["channels"], y["height"], y["width"]) == wanted.shape
        assert_allclose(y["values"], wanted.ravel(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_convolution_is_that_of_cnnlab_on_random_maps(node, tmp_path, rng, stride):
    (tmp_path / "typed.js").write_text(TYPED)
    calls, wanted = [], []
    for _ in range(60):
        features, width = rng.integers(1, 5, size=2)
        x = rng.normal(size=(features, *rng.integers(1, 10, size=2))).astype(np.float32)
        weight = rng.normal(size=(width, features, 3, 3)).astype(np.float32)
        bias = rng.normal(size=width).astype(np.float32)
        layer = {"shape": weight.shape, "weight": weight.ravel().tolist(), "bias": bias.tolist()}
        calls.append(["layer", "convolve", maps(x), layer, stride])
        wanted.append(F.relu(F.conv2d(x[None], weight, bias, stride=stride, padding=1))[0])
    for y, right in zip(call(node, tmp_path, "typed.js", calls), wanted, strict=True):
        assert (y["channels"], y["height"], y["width"]) == right.shape
        assert_allclose(y["values"], right.ravel(), rtol=0, atol=1e-5)


def test_probabilities_are_those_of_cnnlab(networks, rng):
    scores = 20 * rng.normal(size=(50, 10))
    found = networks(*(["softmax", list(s)] for s in scores))
    assert_allclose(found, F.softmax(scores), rtol=0, atol=1e-12)


def scribbles(rng, count):
    """Random strokes; some are dots, some lie on a line."""
    for _ in range(count):
        strokes = [
            rng.integers(0, 64, size=(rng.integers(1, 8), 2)) for _ in range(rng.integers(1, 4))
        ]
        flat = rng.integers(0, 6)
        if flat < 2:  # upright or level
            for stroke in strokes:
                stroke[:, flat] = 20
        yield [stroke.tolist() for stroke in strokes]


def test_a_drawing_is_prepared_as_in_python_on_random_scribbles(digits, rng):
    drawings = [[[[5, 9]]], *scribbles(rng, 150)]
    found = digits(*(["bitmap", strokes] for strokes in drawings))
    wanted = [bitmap(strokes) for strokes in drawings]
    for strokes, pixels, right in zip(drawings, found, wanted, strict=True):
        assert_array_equal(pixels, right, err_msg=str(strokes))
    values = digits(*(["counted", pixels] for pixels in found))
    assert_array_equal(values, [counted(right) for right in wanted])


def test_a_digit_is_enlarged_as_in_python(digits, rng):
    values = rng.integers(0, 17, size=(50, 8, 8)) / 16
    found = digits(*(["enlarge", x.tolist()] for x in values))
    assert_allclose(found, datasets.enlarge(values), rtol=0, atol=1e-12)


def test_the_test_digits_are_read_from_their_text_as_in_python(digits):
    found = digits(*(["sampleOf", text] for text in SAMPLES))
    for n, given in enumerate(found):
        values, klass = sample(n)
        assert given["digit"] == klass
        assert_array_equal(given["values"], values)


def test_the_canvas_is_that_of_python(digits, rng):
    explorers = [
        DigitsExplorer(int(rng.integers(30)), *rng.integers(-MOST, MOST + 1, size=2).tolist())
        for _ in range(20)
    ]
    explorers += [DigitsExplorer(source="drawing", strokes=s, dx=2) for s in scribbles(rng, 20)]
    for explorer, image in zip(
        explorers, digits(*(["imageOf", e.state()] for e in explorers)), strict=True
    ):
        values = [image["values"][str(n)] for n in range(28 * 28)]
        assert_allclose(np.reshape(values, (28, 28)), explorer.image(), rtol=0, atol=1e-6)


def test_the_networks_stand_in_the_order_of_python(digits):
    (networks,) = digits(["NETWORKS"])
    assert [(n["name"], n["rule"], n["head"]) for n in networks] == [
        (name, rule, head) for name, (rule, head) in NETWORKS.items()
    ]


ALL_RIGHT = dict.fromkeys(NETWORKS, 8)
FLAT_WRONG = ALL_RIGHT | {"max": 1, "avg": 1, "stride": 7, "maxblur": 3}
FOUR = {name: 8 for name in NETWORKS if not name.startswith(("avg", "maxblur"))}
DRAWN = {"source": "drawing"}


@pytest.mark.parametrize(
    ("state", "answers", "wanted", "words"),
    [
        ({"dx": 0}, ALL_RIGHT, ALL_RIGHT, "An 8, in the middle: all 8 networks read an 8."),
        (
            {"dx": 4},
            FLAT_WRONG,
            ALL_RIGHT,
            "An 8, moved 4 pixels right. With a flatten, none of 4 is right: max and average read "
            "a 1; stride reads a 7; blur reads a 3. With a global average, all 4 are right.",
        ),
        (
            {"dx": -1, "dy": 2},
            ALL_RIGHT | {"stride_gap": 3},
            ALL_RIGHT,
            "An 8, moved 1 pixel left, 2 down. With a flatten, all 4 are right. With a global "
            "average, 3 of 4 are right: stride reads a 3.",
        ),
        (
            {"dx": 6, "dy": -6},
            FOUR,
            FOUR,
            "An 8, moved 6 pixels right, 6 up: all 4 networks read an 8.",
        ),
        (
            {"trained": "anywhere"},
            FOUR | {"max": 3, "stride": 3},
            FOUR,
            "An 8, moved 4 pixels right. With a flatten, neither is right: max and stride read a "
            "3. With a global average, both are right.",
        ),
        (
            DRAWN | {"meant": 8, "dx": 0},
            FLAT_WRONG,
            ALL_RIGHT,
            "Your 8, in the middle. With a flatten, none of 4 is right: max and average read a 1; "
            "stride reads a 7; blur reads a 3. With a global average, all 4 are right.",
        ),
        (
            DRAWN | {"dx": 3},
            ALL_RIGHT | {"max": 5, "avg": 5, "stride": 5},
            ALL_RIGHT,
            "Your drawing, moved 3 pixels right. With a flatten, 1 of 4 reads it as in the "
            "middle: max, average and stride read a 5. With a global average, all 4 do.",
        ),
        (
            DRAWN | {"dx": 3},
            FLAT_WRONG,
            FLAT_WRONG,
            "Your drawing, moved 3 pixels right: all 8 networks read it as in the middle.",
        ),
        (
            DRAWN | {"dx": 0},
            ALL_RIGHT,
            ALL_RIGHT,
            "Your drawing, in the middle: all 8 networks read an 8.",
        ),
        (
            DRAWN | {"dx": 0, "trained": "anywhere"},
            FOUR | {"stride_gap": 3},
            FOUR | {"stride_gap": 3},
            "Your drawing, in the middle. With a flatten, both read an 8. With a global average, "
            "max reads an 8; stride reads a 3.",
        ),
    ],
)
def test_the_explorer_says_what_one_sees(digits, state, answers, wanted, words):
    now = DigitsExplorer().state() | state
    assert digits(["sentence", now, answers, wanted]) == [words]


def test_no_sentence_speaks_twice_of_the_middle_or_of_all_two(digits, rng):
    calls = []
    for n in range(300):
        names = list(FOUR if n % 2 else NETWORKS)
        answers, other = (dict(zip(names, rng.integers(0, 3, size=8), strict=False)) for _ in "ab")
        answers, other = ({k: int(v) for k, v in x.items()} for x in (answers, other))
        drawn = n % 3 > 0
        meant = 1 if n % 3 == 1 else None
        dx = int(rng.integers(-1, 2))
        if not drawn or meant is not None:
            other = dict.fromkeys(names, 1)
        elif dx == 0:
            other = answers
        state = {"source": "drawing" if drawn else "test", "meant": meant, "dx": dx, "dy": 0}
        calls.append(["sentence", state, answers, other])
    for text in digits(*calls):
        assert text.count("in the middle") <= 1, text
        assert "all 2" not in text
        assert "none of 2" not in text


def test_the_explorer_says_at_how_many_places_they_are_right(digits):
    counts = dict(zip(NETWORKS, [18, 169, 16, 169, 22, 100, 20, 120], strict=True))
    assert digits(["sweepSentence", counts, True], ["sweepSentence", counts, False]) == [
        "Of 169 places, the networks are right at 16 to 22 with a flatten, at 100 to 169 with a "
        "global average.",
        "Of 169 places, the networks answer as in the middle at 16 to 22 with a flatten, at 100 to "
        "169 with a global average.",
    ]


def link_state(explorer):
    return {key: value for key, value in explorer.state().items() if key != "samples"}


def test_the_state_comes_back_from_its_link(digits, rng):
    states = [link_state(DigitsExplorer())]
    for n, strokes in enumerate(scribbles(rng, 40)):
        dx, dy = rng.integers(-MOST, MOST + 1, size=2).tolist()
        explorer = DigitsExplorer(
            int(rng.integers(30)),
            dx,
            dy,
            trained=str(rng.choice(list(TRAINED))),
            network=str(rng.choice(list(NETWORKS))),
            sweep=bool(n % 2),
            source="drawing" if n % 3 else "test",
            strokes=strokes,
            meant=None if n % 4 else n % 10,
            mode="draw" if n % 3 == 1 else "move",
            maps="mean" if n % 5 else "digit",
        )
        states.append(link_state(explorer))
    links = digits(*(["encodeState", s] for s in states))
    assert digits(*(["decodeState", link] for link in links)) == states


GOOD = (
    "digit=3&dx=-3&dy=6&trained=centred&network=avg_gap&sweep=false&source=drawing&"
    "strokes=ABCD.EF&meant=null&mode=draw&maps=mean"
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("digit=3", "digit=30"),
        ("dx=-3", "dx=-7"),
        ("&dy=6", ""),
        ("trained=centred", "trained=never"),
        ("network=avg_gap", "network=none"),
        ("sweep=false", "sweep=1"),
        ("source=drawing", "source=cat"),
        ("strokes=ABCD.EF", "strokes=ABC"),
        ("strokes=ABCD.EF", "strokes=AB..EF"),
        ("strokes=ABCD.EF", "strokes=AB%25D"),
        ("meant=null", "meant=10"),
        ("mode=draw", "mode="),
        ("maps=mean", "maps=all"),
    ],
)
def test_a_broken_link_restores_nothing(digits, old, new):
    good, broken = digits(["decodeState", GOOD], ["decodeState", GOOD.replace(old, new)])
    assert good is not None
    assert broken is None


def test_a_link_with_too_long_a_drawing_restores_nothing(digits):
    assert digits(["decodeState", GOOD.replace("ABCD", "AB" * 900)]) == [None]


def test_eight_networks_take_a_small_part_of_a_second(node, tmp_path):
    """Several times what they take on an idle machine: only a mishap is that slow."""
    (tmp_path / "clock.js").write_text(CLOCK)
    path = str(weights.FILES / "shift_curve.json")
    (milliseconds,) = call(node, tmp_path, "clock.js", [["time", path]])
    assert 0 < milliseconds < 200
    assert math.isfinite(milliseconds)


CLOCK = """
import { readFileSync } from "node:fs";
import { canvasOf, networksOf } from "./digits.js";
import { run } from "./networks.js";
export function time(path) {
  const networks = Object.values(networksOf(JSON.parse(readFileSync(path, "utf8")), "centred"));
  const image = canvasOf(Array.from({ length: 16 }, () => new Array(16).fill(0.5)), 0, 0);
  const once = () => {
    const start = performance.now();
    for (const network of networks) run(network, image);
    return performance.now() - start;
  };
  return Math.min(...Array.from({ length: 10 }, once));
}
"""
