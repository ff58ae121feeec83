"""The stack builder computes in the browser; here its numbers are held against cnnlab's."""

import numpy as np
import pytest

from cnnlab import nn
from cnnlab.widgets import StackExplorer
from cnnlab.widgets.stack import KINDS, NETWORK, RULES, SPANS


@pytest.fixture
def stack(javascript):
    """Call functions of stack.js."""
    return javascript("stack.js")


def random_layer(rng):
    """One layer with every option, of small sizes, so that many fit and many do not."""
    kind = str(rng.choice(["conv", "pool", "pool", "dropout", "flatten", "global", "dense"]))
    whole = {"kind": kind} | KINDS[kind]
    for name in whole:
        if name in SPANS:
            low, high = SPANS[name]
            whole[name] = int(rng.integers(low, min(high, low + 5) + 1))
    if kind == "conv":
        whole["relu"] = bool(rng.integers(2))
    if kind == "pool":
        whole["rule"] = str(rng.choice(RULES))
        whole["padding"] = int(rng.integers(0, whole["kernel_size"] // 2 + 1))
    if kind == "dropout":
        whole["p"] = int(rng.integers(0, 96)) / 100
    return whole


def random_stacks(rng, count=600):
    """Stacks of up to seven layers; half of them begin with convolutions and pools only."""
    for n in range(count):
        layers = [random_layer(rng) for _ in range(rng.integers(0, 8))]
        if n % 2:
            layers.sort(key=lambda layer: layer["kind"] in ("flatten", "global", "dense"))
        yield StackExplorer(layers, int(rng.integers(4, 65)), int(rng.integers(1, 5)))


def skipped(layer):
    return layer.get("rule") in ("stride", "none")


def test_the_words_for_layers_that_do_not_fit_are_those_of_python(stack, rng):
    explorers = list(random_stacks(rng))
    found = stack(*(["trace", e.layers, e.size, e.channels] for e in explorers))
    for explorer, rows in zip(explorers, found, strict=True):
        assert [row["problem"] for row in rows[1:]] == explorer.problems(), explorer.layers
    broken = sum(any(explorer.problems()) for explorer in explorers)
    assert 100 < broken < 500  # both kinds are well represented


def test_the_rows_are_those_of_cnnlab_on_random_stacks(stack, rng):
    explorers = list(random_stacks(rng))
    found = stack(*(["trace", e.layers, e.size, e.channels] for e in explorers))
    checked = 0
    for explorer, (_, *rows) in zip(explorers, found, strict=True):
        fitting = [
            layer for layer, row in zip(explorer.layers, rows, strict=True) if not row["problem"]
        ]
        whole = StackExplorer(fitting, explorer.size, explorer.channels)
        if any(whole.problems()):  # a pool's stride went to a convolution that did not fit
            continue
        rows = [
            row
            for layer, row in zip(explorer.layers, rows, strict=True)
            if not row["problem"] and not skipped(layer)
        ]
        wanted = [
            (list(r.output_shape), r.parameters, r.macs, r.jump, r.receptive_field)
            for r in whole.trace()
        ]
        names = ("shape", "parameters", "macs", "jump", "field")
        assert [tuple(row[name] for name in names) for row in rows] == wanted, explorer.layers
        checked += 1
    assert checked > 500


def test_a_stack_that_fits_is_built_with_the_shape_that_is_shown(stack, rng):
    explorers = [e for e in random_stacks(rng, 200) if e.layers and not any(e.problems())][:60]
    found = stack(*(["trace", e.layers, e.size, e.channels] for e in explorers))
    for explorer, rows in zip(explorers, found, strict=True):
        network = explorer.to_sequential(rng=rng).eval()
        image = np.zeros((1, explorer.channels, explorer.size, explorer.size), dtype=np.float32)
        assert list(network(image).shape[1:]) == rows[-1]["shape"], explorer.layers


def measured_field(network, size, rng):
    """One value of the last map, and the first and last row and column that reach it."""
    for layer in network:
        for parameter in layer.parameters():
            parameter.data[...] = 1
    y = network(np.ones((1, size, size), dtype=np.float32))
    grad = np.zeros_like(y)
    side = y.shape[1]  # near the border a field may lie in the padding alone
    unit = [int(n) for n in rng.integers(side // 4, side - side // 4, size=2)]
    grad[0, unit[0], unit[1]] = 1
    reached = np.argwhere(network.backward(grad)[0])
    return unit, [[int(axis.min()), int(axis.max())] for axis in reached.T]


def test_the_square_is_where_the_gradient_goes(stack, rng):
    explorers, measured = [], []
    for _ in range(60):
        layers = []
        for _ in range(rng.integers(1, 4)):
            convolution = {"kind": "conv", "out_channels": 1, "relu": False}
            spans = {"kernel_size": (1, 4), "padding": (0, 3), "dilation": (1, 3)}
            convolution |= {name: int(rng.integers(*span)) for name, span in spans.items()}
            layers += [convolution, {"kind": "pool", "rule": str(rng.choice(RULES[1:]))}]
        explorers.append(StackExplorer(layers, 40))
        measured.append(measured_field(explorers[-1].to_sequential(rng=rng), 40, rng))
    traced = stack(*(["trace", e.layers, 40, 1] for e in explorers))
    calls = (["fieldAt", rows[-1], unit] for rows, (unit, _) in zip(traced, measured, strict=True))
    inside = [
        (spans, found)
        for spans, (_, found) in zip(stack(*calls), measured, strict=True)
        if all(first >= 0 and last < 40 for first, last in spans)
    ]
    assert len(inside) > 15
    assert [spans for spans, _ in inside] == [found for _, found in inside]


def test_the_value_nearest_to_the_middle_of_a_square_is_its_own(stack, rng):
    explorers = list(random_stacks(rng, 100))
    traced = stack(*(["trace", e.layers, e.size, e.channels] for e in explorers))
    rows = [row for rows in traced for row in rows if row["field"]]
    units = [[int(n) for n in rng.integers(0, row["shape"][1], size=2)] for row in rows]
    spans = stack(*(["fieldAt", row, unit] for row, unit in zip(rows, units, strict=True)))
    points = [[(first + last + 1) / 2 for first, last in span] for span in spans]
    assert stack(*(["unitAt", row, p] for row, p in zip(rows, points, strict=True))) == units


def test_totals_count_every_row(stack, rng):
    explorers = [e for e in random_stacks(rng, 300) if not any(e.problems())]
    rows = stack(*(["trace", e.layers, e.size, e.channels] for e in explorers))
    for explorer, sums in zip(explorers, stack(*(["totals", r] for r in rows)), strict=True):
        traced = explorer.trace()
        assert sums["parameters"] == sum(row.parameters for row in traced)
        assert sums["macs"] == sum(row.macs for row in traced)
        fields = [row.receptive_field for row in traced if row.receptive_field]
        assert sums["field"] == (fields[-1] if fields else 1)


def test_ranges_and_rules_are_those_of_python(stack):
    spans, rules, kinds = stack(["SPANS"], ["RULES"], ["KINDS"])
    assert {name: tuple(span) for name, span in spans.items()} == SPANS
    assert rules == list(RULES)
    assert {kind: list(names) for kind, names in kinds.items()} == {
        kind: list(names) for kind, names in KINDS.items()
    }


def test_the_first_network_is_the_default_of_python(stack):
    (networks,) = stack(["NETWORKS"])
    assert next(iter(networks)) == "book"
    assert networks["book"][1] == StackExplorer(NETWORK).layers


def test_every_start_network_fits_its_picture(stack):
    (networks,) = stack(["NETWORKS"])
    for label, layers, *picture in networks.values():
        explorer = StackExplorer(layers, *picture)
        assert explorer.layers == layers, label
        assert explorer.problems() == [None] * len(layers), label


def test_the_network_without_pools_has_the_layers_of_the_one_with_pools(stack):
    (networks,) = stack(["NETWORKS"])
    (bare,) = stack(["withRule", networks["book"][1], "none"])
    assert bare == networks["book-none"][1]


def test_vgg_16_has_the_parameters_that_it_is_known_for(stack):
    (networks,) = stack(["NETWORKS"])
    _, layers, size, channels = networks["vgg"]
    assert sum(row.parameters for row in StackExplorer(layers, size, channels).trace()) == 138357544


def test_a_drawn_photograph_is_the_average_of_its_blocks(stack, rng):
    photo = rng.integers(0, 256, size=(12, 16))
    (square,) = stack(["squareOf", photo.tolist(), 4])
    middle = photo[:, 2:14].astype(float)
    wanted = nn.functional.avg_pool2d(middle[None], 3)[0]
    assert np.abs(np.array(square) - wanted).max() <= 0.5 + 1e-9


def test_a_photograph_smaller_than_the_picture_is_enlarged(stack):
    assert stack(["squareOf", [[1, 2], [3, 4]], 4]) == [
        [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    ]


def book(size=28, rule="max", **more):
    layers = [dict(layer) for layer in StackExplorer(NETWORK).layers]
    return [
        [layer | ({"rule": rule} if layer["kind"] == "pool" else {}) for layer in layers],
        size,
        1,
    ]


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            "max",
            "Pools have no weights. Without them, this network would have 11 times the parameters "
            "and 7.2 times the multiplications, and its last map would see 7 pixels instead of 18.",
        ),
        (
            "stride",
            "With strides instead of the pools, this network has as many parameters and 0.47 times "
            "the multiplications, and its last map sees 15 pixels instead of 18.",
        ),
        (
            "none",
            "Without the pools, this network has 11 times the parameters and 7.2 times the "
            "multiplications, and its last map sees 7 pixels instead of 18.",
        ),
    ],
)
def test_the_builder_says_what_the_pools_are_good_for(stack, rule, sentence):
    assert stack(["moralSentence", *book(rule=rule)]) == [sentence]


def test_a_stack_of_pools_alone_is_compared_without_dividing_by_nothing(stack):
    assert stack(["moralSentence", StackExplorer([{"kind": "pool"}]).layers, 28, 1]) == [
        "Pools have no weights. Without them, this network would have as many parameters and as "
        "many multiplications, and its last map would see 1 pixel instead of 2."
    ]


@pytest.mark.parametrize(
    ("stride", "words"), [(2, "takes steps 2 times as long"), (1, "keeps its steps")]
)
def test_a_stride_in_place_of_a_pool_multiplies_the_steps(stack, stride, words):
    layers = [{"kind": "conv"}, {"kind": "pool", "rule": "stride", "stride": stride}]
    (rows,) = stack(["trace", StackExplorer(layers).layers, 28, 1])
    (text,) = stack(["costSentence", rows, 2])
    assert text == f"No pool here: the convolution above {words}."


@pytest.mark.parametrize(
    ("layer", "always"),
    [
        ({"kind": "conv", "padding": 1}, "3×3"),
        ({"kind": "conv", "padding": 0}, "3×3, padding 0"),
        ({"kind": "conv", "padding": 1, "stride": 2}, "3×3, stride 2"),
        ({"kind": "conv", "padding": 1, "dilation": 2}, "3×3, dilation 2"),
        ({"kind": "pool", "kernel_size": 3, "stride": 2, "padding": 1}, "3×3, stride 2, padding 1"),
    ],
)
def test_a_row_always_says_what_is_unusual_about_its_layer(stack, layer, always):
    assert stack(["detailsOf", StackExplorer([layer]).layers[0]])[0][0] == always


def test_without_a_pool_there_is_nothing_to_compare(stack):
    (words,) = stack(["moralSentence", [], 28, 1])
    assert words == "There is no pool in this stack. Add one, and compare."


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "The picture: 28×28×1, which is 784 numbers."),
        (
            3,
            "16 kernels of 3×3×8 weights and a constant each: 1\u202f168 parameters. Used at 14×14 "
            "places: 225\u202f792 multiplications.",
        ),
        (4, "The largest value of each 2×2 window: no parameters, no multiplications."),
        (
            7,
            "10 outputs × 784 inputs, a weight for each pair, and 10 constants: 7\u202f850 "
            "parameters. Each weight is used once.",
        ),
    ],
)
def test_the_builder_says_how_a_cost_comes_about(stack, n, words):
    (rows,) = stack(["trace", *book()])
    assert stack(["costSentence", rows, n]) == [words]


@pytest.mark.parametrize(
    ("n", "unit", "words"),
    [
        (
            5,
            [3, 3],
            "The value at row 4, column 4 sees 18×18 pixels. Its neighbour sees the same, 4 pixels "
            "on.",
        ),
        (
            1,
            [0, 5],
            "The value at row 1, column 6 sees 3×3 pixels, 33 % of them padding. Its neighbour "
            "sees the same, one pixel on.",
        ),
    ],
)
def test_the_builder_says_what_a_value_sees(stack, n, unit, words):
    (rows,) = stack(["trace", *book()])
    assert stack(["sightSentence", rows, n, unit]) == [words]


DILATED = {"kernel_size": 3, "dilation": 2}


@pytest.mark.parametrize(
    ("layers", "unit", "words"),
    [
        (
            [DILATED],
            [3, 3],
            "The value at row 4, column 4 spans 5×5 pixels, reads 9 of them. Its neighbour sees "
            "the same, one pixel on.",
        ),
        (
            [DILATED, "flatten"],
            [0, 1],
            "Each number is a value of the maps above: that of row 1, column 2 spans 5×5 pixels, "
            "reads 9 of them.",
        ),
        (
            [{"kernel_size": 3}, "flatten"],
            [0, 1],
            "Each number is a value of the maps above: that of row 1, column 2 sees 3×3 pixels.",
        ),
        ([{}, "flatten", "dense"], [0, 0], "Each number here depends on all of the picture."),
        (
            [{"kernel_size": 1, "stride": 2}, "global"],
            [0, 0],
            "Each number here spans 27×27 pixels of the picture's 28×28, and reads 196 of them.",
        ),
        (
            [{"kernel_size": 3, "stride": 3}, "global"],
            [0, 0],
            "Each number here spans 27×27 pixels of the picture's 28×28.",
        ),
    ],
)
def test_the_builder_tells_spanning_from_reading(stack, layers, unit, words):
    layers = [{"kind": x} if isinstance(x, str) else {"kind": "conv"} | x for x in layers]
    (rows,) = stack(["trace", StackExplorer(layers).layers, 28, 1])
    assert stack(["sightSentence", rows, len(layers), unit]) == [words]


def test_what_all_values_read_together_is_what_the_gradient_reaches(stack, rng):
    explorers, reached = [], []
    for _ in range(40):
        layers = []
        for _ in range(rng.integers(1, 3)):
            spans = {"kernel_size": (1, 4), "stride": (1, 5), "padding": (0, 3), "dilation": (1, 4)}
            layer = {"kind": "conv", "out_channels": 1, "relu": False}
            layers.append(layer | {name: int(rng.integers(*span)) for name, span in spans.items()})
        explorers.append(StackExplorer([*layers, {"kind": "global"}], 24))
        network = explorers[-1].to_sequential(rng=rng)
        for parameter in network.parameters():
            parameter.data[...] = 1
        y = network(np.ones((1, 24, 24), dtype=np.float32)[None])
        gradient = network.backward(np.ones_like(y))[0, 0]
        reached.append(np.flatnonzero(gradient.any(axis=0)).tolist())
    traced = stack(*(["trace", e.layers, 24, 1] for e in explorers))
    places = [list(range(rows[-1]["map"]["shape"][1])) for rows in traced]
    calls = (["readBy", r, len(r) - 1, p] for r, p in zip(traced, places, strict=True))
    assert stack(*calls) == reached
    for explorer, pixels in zip(explorers, reached, strict=True):
        span = pixels[-1] - pixels[0] + 1 if pixels else 0
        assert list(explorer._sees())[-1] == ("all" if len(pixels) == 24 else str(span))


def test_the_state_comes_back_from_its_link(stack, rng):
    states = [
        {
            "size": e.size,
            "channels": e.channels,
            "selected": int(rng.integers(0, 8)),
            "unit": [int(n) for n in rng.integers(0, 99, size=2)] if rng.integers(2) else None,
            "layers": e.layers,
        }
        for e in random_stacks(rng, 60)
    ]
    links = stack(*(["encodeState", state] for state in states))
    assert stack(*(["decodeState", link] for link in links)) == states


GOOD = "size=28&channels=1&selected=1&unit=middle&layers=c8_3_1_1_1_1.m2_2_1.f.d10_0"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size=28", "size=3"),
        ("channels=1&", ""),
        ("selected=1", "selected=25"),
        ("unit=middle", "unit=1"),
        ("c8_3", "c8_12"),
        ("c8_3_1", "c8_3"),
        ("m2_2_1", "m2_2_2"),
        ("m2_2_1", "x2_2_1"),
        (".f.", ".f1."),
        (".f.", ".."),
        ("d10", "d-1"),
        (".f", ".f" * 30),
    ],
)
def test_a_broken_link_restores_nothing(stack, old, new):
    good, broken = stack(["decodeState", GOOD], ["decodeState", GOOD.replace(old, new, 1)])
    assert good is not None
    assert broken is None
