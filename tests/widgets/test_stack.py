"""The Python side of the stack builder."""

import re

import numpy as np
import pytest

from cnnlab import nn, shapes
from cnnlab.widgets import StackExplorer, StateError
from cnnlab.widgets.stack import NETWORK, effective

CONV, POOL, FLAT, DENSE = ({"kind": k} for k in ("conv", "pool", "flatten", "dense"))


def test_what_is_left_out_of_a_layer_is_filled_in():
    explorer = StackExplorer([{"kind": "conv", "out_channels": 4}])
    assert explorer.layers == [
        {
            "kind": "conv",
            "out_channels": 4,
            "kernel_size": 3,
            "stride": 1,
            "padding": 0,
            "dilation": 1,
            "relu": True,
        }
    ]


def test_a_pool_moves_by_its_window_unless_told_otherwise():
    pools = [{"kind": "pool", "kernel_size": 3}, {"kind": "pool", "kernel_size": 3, "stride": 1}]
    assert [layer["stride"] for layer in StackExplorer(pools).layers] == [3, 1]


def test_the_network_of_the_chapter_costs_what_the_chapter_says():
    rows = StackExplorer(size=16).trace()
    assert [row.parameters for row in rows] == [80, 0, 1168, 0, 2320, 0, 2570]


def test_a_relu_and_the_flatten_of_a_global_average_have_no_rows():
    rows = StackExplorer([CONV, {"kind": "global"}, {"kind": "dense", "relu": True}]).trace()
    assert [row.name for row in rows] == ["Conv2d", "AdaptiveAvgPool2d", "Linear"]
    assert [row.output_shape for row in rows] == [(8, 26, 26), (8,), (10,)]


def test_the_built_network_has_the_traced_shapes():
    explorer = StackExplorer(size=20, channels=3)
    network = explorer.to_sequential(rng=np.random.default_rng(0))
    assert network(np.zeros((2, 3, 20, 20), dtype=np.float32)).shape == (2, 10)
    traced = shapes.trace(network, (3, 20, 20))
    assert sum(row.macs for row in traced) == sum(row.macs for row in explorer.trace())


def test_the_same_generator_builds_the_same_network():
    one, two = (StackExplorer().to_sequential(rng=np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one[0].weight.data, two[0].weight.data)


def test_a_pool_replaced_by_a_stride_becomes_the_stride_of_the_convolution_above():
    network = StackExplorer([CONV, POOL | {"rule": "stride", "stride": 3}]).to_sequential()
    assert [type(layer) for layer in network] == [nn.Conv2d, nn.ReLU]
    assert network[0].stride == (3, 3)


def test_a_stride_finds_its_convolution_past_dropout_and_pools_that_are_none():
    layers = [CONV, {"kind": "dropout"}, POOL | {"rule": "none"}, POOL | {"rule": "stride"}]
    assert StackExplorer(layers).problems() == [None] * 4
    assert effective(StackExplorer(layers).layers)[0]["stride"] == 2


def test_a_stride_does_not_pass_a_pool():
    problems = StackExplorer([CONV, POOL, POOL | {"rule": "stride"}]).problems()
    assert problems[2] == (
        "There is no convolution right above it to take over the stride of 2. Move it below one, "
        "or choose another rule."
    )


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([DENSE], "A dense layer reads one row of numbers, and gets 8×8×1. Put a flatten or"),
        ([FLAT, CONV], "A convolution needs maps, and the flatten above has made one row of"),
        ([FLAT, POOL], "A pool needs maps, and the flatten above has made one row of numbers"),
        (
            [{"kind": "global"}, FLAT, {"kind": "global"}],
            "A global average needs maps, and the global average above has made one row",
        ),
        (
            [POOL | {"kernel_size": 9}],
            "Its window covers 9×9 pixels, and the map has 8×8. Take a smaller window, or let",
        ),
        (
            [CONV | {"kernel_size": 5, "dilation": 3, "padding": 1}],
            "Its kernel covers 13×13 pixels, and the map has 8×8, 10×10 with its padding. Take",
        ),
    ],
)
def test_a_layer_that_does_not_fit_says_why_and_what_to_do(layers, words):
    *fine, last = StackExplorer(layers, size=8).problems()
    assert fine == [None] * len(fine)
    assert last.startswith(words)


def test_a_layer_that_does_not_fit_is_passed_over():
    explorer = StackExplorer([CONV, DENSE, FLAT, DENSE])
    assert [bool(words) for words in explorer.problems()] == [False, True, False, False]


@pytest.mark.parametrize("method", ["trace", "to_sequential"])
def test_a_network_with_a_layer_that_does_not_fit_is_not_built(method):
    with pytest.raises(StateError, match="layer 2 does not fit"):
        getattr(StackExplorer([CONV, DENSE]), method)()


def test_a_network_too_large_for_the_memory_is_counted_and_not_built():
    explorer = StackExplorer([CONV, FLAT, {"kind": "dense", "out_features": 4096}], size=256)
    assert explorer.trace()[-1].parameters == 4096 * (8 * 254**2 + 1)
    with pytest.raises(StateError, match="needed at most"):
        explorer.to_sequential()


def test_the_line_of_text_names_the_layers_and_the_bill():
    assert repr(StackExplorer([CONV, POOL | {"rule": "none"}, FLAT, DENSE], size=4)) == (
        "StackExplorer: 4×4×1 → conv → no pool → flatten → dense: 10 numbers, 410 parameters, "
        "608 MACs"
    )


def test_the_line_of_text_names_the_layer_that_does_not_fit():
    assert repr(StackExplorer([CONV, DENSE])).endswith("conv → dense: layer 2 does not fit")


def test_without_layers_the_picture_passes_through():
    assert repr(StackExplorer([])) == "StackExplorer: 28×28×1: 28×28×1, 0 parameters, 0 MACs"


@pytest.mark.parametrize(
    ("layers", "selected"), [(NETWORK, 5), ([], 0), ([FLAT], 0), ([CONV, POOL], 2)]
)
def test_at_first_the_last_layer_with_maps_is_selected(layers, selected):
    assert StackExplorer(layers).selected == selected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": "conv"}, "(layers): got a str, needed a list of dicts such as"),
        ({"layers": {"kind": "conv"}}, "(layers): got a dict, needed a list of dicts such as"),
        ({"layers": [{}] * 25}, "(layers): got 25 layers, needed at most 24."),
        ({"layers": ["conv"]}, "(layers): layer 1 is 'conv', needed a dict with a 'kind'."),
        (
            {"layers": [CONV, {"kind": "softmax"}]},
            "(layer 2: kind='softmax'): needed 'conv', 'pool', 'dropout', 'flatten', 'global' or",
        ),
        (
            {"layers": [{"kind": "pool", "filters": 8}]},
            "(layer 1: 'filters'): a pool layer has rule, kernel_size, stride, padding.",
        ),
        (
            {"layers": [POOL | {"rule": "median"}]},
            "(layer 1: rule='median'): needed 'max', 'average', 'stride' or 'none'.",
        ),
        (
            {"layers": [POOL | {"kernel_size": 3, "padding": 2}]},
            "(layer 1: padding=2): needed at most half the window, here 1.",
        ),
        (
            {"layers": [CONV | {"kernel_size": 0}]},
            "(layer 1: kernel_size=0): needed an int from 1 to 11.",
        ),
        (
            {"layers": [CONV | {"stride": 1.5}]},
            "(layer 1: stride=1.5): got a float, needed an int from 1 to 8.",
        ),
        ({"layers": [CONV | {"relu": 1}]}, "(layer 1: relu=1): needed True or False."),
        (
            {"layers": [{"kind": "dropout", "p": 1.0}]},
            "(layer 1: p=1): needed a number from 0 to 0.95.",
        ),
        ({"size": 3}, "(size=3): needed an int from 4 to 256."),
        ({"channels": 65}, "(channels=65): needed an int from 1 to 64."),
        ({"selected": -1}, "(selected=-1): needed an int from 0 to 24."),
        ({"unit": 3}, "(unit=3): needed (row, column) of a value in the selected layer's map"),
        ({"unit": (0, -1)}, "(unit, column=-1): needed an int from 0 to 511."),
        ({"photo": np.zeros((4, 4))}, "(photo): got 4 rows and 4 columns, needed 8 to 128"),
    ],
)
def test_a_state_that_cannot_be_drawn_is_refused_in_our_words(arguments, message):
    with pytest.raises(ValueError, match=re.escape(f"StackExplorer{message}")):
        StackExplorer(**arguments)


def test_a_refused_assignment_changes_nothing():
    explorer = StackExplorer()
    with pytest.raises(StateError, match="kind='softmax'"):
        explorer.layers = [{"kind": "softmax"}]
    assert len(explorer.layers) == len(NETWORK)


def test_the_front_end_may_change_layers_and_selection_together():
    explorer = StackExplorer()
    explorer.set_state({"layers": [CONV], "selected": 1, "unit": [0, 3]})
    assert (len(explorer.layers), explorer.selected, explorer.unit) == (1, 1, [0, 3])


def test_a_photograph_of_floats_becomes_grey_values():
    photo = np.linspace(0, 1, 64).reshape(8, 8)
    assert StackExplorer(photo=photo).photo == np.round(255 * photo).astype(int).tolist()


def cells(page):
    return [
        re.findall(r"<td.*?>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)\n", page + "\n")
    ]


def test_the_fallback_shows_each_layer_with_what_it_costs_and_sees():
    rows = cells(StackExplorer([CONV, POOL, FLAT, DENSE], size=6).fallback())
    assert rows == [
        [],
        ["input", "6×6×1", "", "", "1", "1"],
        ["conv 3×3, ReLU", "4×4×8", "80", "1\u202f152", "1", "3"],
        ["max pool 2×2", "2×2×8", "0", "0", "2", "4"],
        ["flatten", "32 numbers", "0", "0", "–", "4"],
        ["dense 10", "10 numbers", "330", "320", "–", "all"],
        ["together", "", "410", "1\u202f472", "", ""],
    ]


def test_the_fallback_says_which_layer_does_not_fit():
    page = StackExplorer([CONV, DENSE]).fallback()
    assert '<td colspan="5">does not fit: A dense layer reads one row of numbers' in page


@pytest.mark.parametrize(
    ("layers", "size", "sees"),
    [
        ([FLAT, DENSE], 8, ["1", "all"]),
        ([POOL | {"kernel_size": 3}, FLAT, DENSE], 8, ["3", "3", "6"]),
        ([CONV | {"kernel_size": 1, "stride": 2}, {"kind": "global"}, DENSE], 8, ["1", "7", "7"]),
        ([CONV | {"dilation": 4}, {"kind": "global"}], 9, ["9", "9"]),
        ([CONV | {"kernel_size": 1, "stride": 8, "padding": 2}, {"kind": "global"}], 5, ["1", "0"]),
    ],
    ids=["whole", "rest", "stride", "dilation", "padding"],
)
def test_only_what_reads_every_pixel_is_said_to_see_all(layers, size, sees):
    rows = cells(StackExplorer(layers, size).fallback())
    assert [row[-1] for row in rows[2:-1]] == sees
