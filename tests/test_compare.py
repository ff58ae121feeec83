"""Translation between cnnlab and torch, and the comparison of the two."""

import copy
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from cnnlab import compare as module
from cnnlab import datasets, nn
from cnnlab.compare import LAYERS, Comparison, Difference, compare, from_torch, to_torch

SEED = {"rng": np.random.default_rng(0)}
IMAGES = (3, 4, 8, 7)

# For each layer: ways to build it, and the shape of an input.
EXAMPLES = {
    "Conv2d": [
        (lambda: nn.Conv2d(4, 6, 3, **SEED), IMAGES),
        (lambda: nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 2), (1, 2), groups=2, **SEED), IMAGES),
        (lambda: nn.Conv2d(4, 4, (5, 3), padding="same", groups=4, bias=False, **SEED), IMAGES),
        (lambda: nn.Conv2d(4, 2, 3, padding="valid", dtype=np.float64, **SEED), IMAGES),
    ],
    "MaxPool2d": [
        (lambda: nn.MaxPool2d(2), IMAGES),
        (lambda: nn.MaxPool2d((3, 2), (2, 1), (1, 0), (1, 2), ceil_mode=True), IMAGES),
    ],
    "AvgPool2d": [
        (lambda: nn.AvgPool2d(2), IMAGES),
        (lambda: nn.AvgPool2d((3, 2), 2, 1, True, False), IMAGES),
        (lambda: nn.AvgPool2d(3, 1, divisor_override=5), IMAGES),
    ],
    "ReLU": [(lambda: nn.ReLU(), IMAGES)],
    "Flatten": [(lambda: nn.Flatten(), IMAGES), (lambda: nn.Flatten(2, 3), IMAGES)],
    "Linear": [
        (lambda: nn.Linear(7, 5, **SEED), (3, 7)),
        (lambda: nn.Linear(7, 5, bias=False, dtype=np.float64, **SEED), (3, 7)),
    ],
    "CrossEntropyLoss": [],  # compared through the loss of every network
    "Dropout": [(lambda: nn.Dropout(0.3).eval(), IMAGES), (lambda: nn.Dropout(0), IMAGES)],
    "Dropout2d": [(lambda: nn.Dropout2d(0.3).eval(), IMAGES), (lambda: nn.Dropout2d(1), IMAGES)],
    "BatchNorm2d": [
        (lambda: nn.BatchNorm2d(4), IMAGES),
        (lambda: nn.BatchNorm2d(4, 1e-3, None, affine=False), IMAGES),
        (lambda: nn.BatchNorm2d(4, track_running_stats=False, dtype=np.float64), IMAGES),
    ],
    "LPPool2d": [
        (lambda: nn.LPPool2d(2, 2), IMAGES),
        (lambda: nn.LPPool2d(3.0, (3, 2), 2, True), IMAGES),
    ],
    "AdaptiveAvgPool2d": [
        (lambda: nn.AdaptiveAvgPool2d(1), IMAGES),
        (lambda: nn.AdaptiveAvgPool2d((3, None)), IMAGES),
    ],
    "AdaptiveMaxPool2d": [
        (lambda: nn.AdaptiveMaxPool2d(1), IMAGES),
        (lambda: nn.AdaptiveMaxPool2d((None, 2)), IMAGES),
    ],
    "BlurPool2d": [
        (lambda: nn.BlurPool2d(), IMAGES),
        (lambda: nn.BlurPool2d(4, 1, "circular"), IMAGES),
        (lambda: nn.BlurPool2d(2, 3, "zeros"), IMAGES),
    ],
    "CircularPad2d": [
        (lambda: nn.CircularPad2d(1), IMAGES),
        (lambda: nn.CircularPad2d((7, 0, 1, 8)), IMAGES),
    ],
}
CASES = [
    pytest.param(build, shape, id=f"{name}-{number}")
    for name in LAYERS
    for number, (build, shape) in enumerate(EXAMPLES[name])
]


def network(**options):
    options = {"rng": np.random.default_rng(0), **options}
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 4, 3, padding="same", **options), nn.ReLU(), nn.MaxPool2d(2)),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 4 * 4, 10, **options),
    )


def inputs(layer, shape):
    dtype = next((p.data.dtype for p in layer.parameters()), np.float32)
    x = np.random.default_rng(1).permutation(int(np.prod(shape))).reshape(shape)
    return ((x + 0.5) / x.size - 0.3).astype(dtype)  # no ties, no corner of ReLU


# --- translating ---------------------------------------------------------------------------------


def test_every_layer_has_a_counterpart_and_an_example():
    layers = {name for name in nn.__all__ if isinstance(getattr(nn, name), type)}
    assert set(LAYERS) == layers - {"Module", "Parameter", "Sequential"}
    assert set(LAYERS) <= set(EXAMPLES)


@pytest.mark.parametrize(("build", "shape"), CASES)
def test_a_layer_computes_the_same_in_torch(build, shape):
    layer = build()
    assert compare(layer, inputs(layer, shape)).agree


@pytest.mark.parametrize(("build", "shape"), CASES)
def test_a_layer_comes_back_from_torch_as_it_went(build, shape):
    layer = build()
    back = from_torch(to_torch(layer))
    x = inputs(layer, shape)
    assert type(back) is type(layer)
    assert repr(back) == repr(layer)
    np.testing.assert_array_equal(back(x), layer(x))
    assert back(x).dtype == layer(x).dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_and_their_dtype_travel_both_ways(dtype):
    model = network(dtype=dtype)
    there = to_torch(model)
    back = from_torch(there)
    for name, array in model.state_dict().items():
        tensor = there.state_dict()[name].numpy()
        assert tensor.dtype == back.state_dict()[name].dtype == dtype
        np.testing.assert_array_equal(tensor, array)
        np.testing.assert_array_equal(back.state_dict()[name], array)


def test_weights_are_copies():
    model = network()
    there = to_torch(model)
    back = from_torch(there)
    before = {name: tensor.clone() for name, tensor in there.state_dict().items()}
    for parameter in [*model.parameters(), *back.parameters()]:
        parameter.data += 1
    for name, tensor in there.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_each_layer_keeps_its_mode():
    model = network()
    model.layers[0].eval()
    there = to_torch(model)
    modes = [True, False, True]
    assert [there.training, there[0][1].training, there[1].training] == modes
    back = from_torch(there)
    assert [back.training, back[0][1].training, back[1].training] == modes


def test_translating_leaves_the_random_numbers_of_torch_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    to_torch(network())
    assert torch.equal(torch.rand(1), expected)


def test_the_loss_has_a_counterpart():
    scores, labels = np.random.default_rng(0).normal(size=(6, 4)), np.arange(6) % 4
    there = to_torch(nn.CrossEntropyLoss())
    expected = nn.CrossEntropyLoss()(scores, labels)
    assert there(torch.tensor(scores), torch.tensor(labels)).item() == pytest.approx(expected)
    assert from_torch(there)(scores, labels) == expected


def test_inplace_is_left_behind():
    assert isinstance(from_torch(torch.nn.ReLU(inplace=True)), nn.ReLU)


def test_a_module_with_names_becomes_a_chain_with_numbers():
    named = torch.nn.Sequential()
    named.add_module("pool", torch.nn.MaxPool2d(2))
    assert repr(from_torch(named)) == repr(nn.Sequential(nn.MaxPool2d(2)))


def test_an_empty_chain_travels():
    assert len(from_torch(to_torch(nn.Sequential()))) == 0


class Doubling(nn.ReLU):
    """A layer of the reader's own."""


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: to_torch(Doubling()), TypeError, "to_torch: there came Doubling() of type"),
        (lambda: to_torch(nn.Sequential(Doubling())), TypeError, "needed a Sequential or one of"),
        (lambda: to_torch(3), TypeError, "to_torch: there came 3 of type builtins.int"),
        (lambda: to_torch(torch.nn.ReLU()), TypeError, "of type torch.nn.modules.activation.ReLU"),
        (
            lambda: from_torch(torch.nn.GELU()),
            TypeError,
            "from_torch: there came GELU(approximate='none') of type torch.nn.modules.activation."
            "GELU, needed a Sequential or one of AdaptiveAvgPool2d, ",
        ),
        (lambda: from_torch(nn.ReLU()), TypeError, "of type cnnlab.nn.activation.ReLU"),
        (
            lambda: from_torch(torch.nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect")),
            ValueError,
            "has padding_mode = 'reflect', needed 'zeros', the only value that cnnlab.nn.Conv2d",
        ),
        (
            lambda: from_torch(torch.nn.Linear(2, 2).half()),
            TypeError,
            "is torch.float16, needed torch.float32 or torch.float64. Convert the module first",
        ),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


# --- comparing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_on_digits_computes_the_same_in_torch(dtype):
    data = datasets.digits(size=16)
    comparison = compare(network(dtype=dtype), data.x_train[:50].astype(dtype), data.y_train[:50])
    assert comparison.agree
    assert [difference.name for difference in comparison.differences] == [
        "output",
        "loss",
        "gradient of the input",
        "gradient of 0.0.weight",
        "gradient of 0.0.bias",
        "gradient of 3.weight",
        "gradient of 3.bias",
    ]


@pytest.mark.parametrize("wrong", ["forward", "backward"])
def test_a_wrong_layer_is_found_out(monkeypatch, wrong):
    right = getattr(nn.ReLU, wrong)
    monkeypatch.setattr(nn.ReLU, wrong, lambda self, array: 1.01 * right(self, array))
    model = network()
    comparison = compare(model, inputs(model, (2, 1, 16, 16)), np.array([3, 1]))
    assert not comparison.agree
    rows = {difference.name: difference for difference in comparison.differences}
    assert (rows["output"].relative > 1e-3) == (wrong == "forward")
    assert rows["gradient of the input"].relative > 1e-4


def test_a_nan_on_one_side_only_is_no_agreement(monkeypatch):
    monkeypatch.setattr(nn.ReLU, "forward", lambda self, x: np.where(x > 0, x, np.nan))
    monkeypatch.setattr(nn.ReLU, "backward", lambda self, grad: grad)
    comparison = compare(nn.ReLU(), np.array([[-1.0, 1.0]]))
    assert not comparison.agree
    assert "nan" in repr(comparison)


def test_a_nan_on_both_sides_in_the_same_place_is_agreement():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    x[0, 0, 1, 2] = np.nan
    comparison = compare(nn.MaxPool2d(2), x)
    assert comparison.agree
    assert comparison.differences[0].largest == 0


def test_the_model_is_left_as_it_was():
    model = network()
    x = inputs(model, (2, 1, 16, 16))
    model(x)
    model.backward(np.ones((2, 10), dtype=np.float32))
    before = copy.deepcopy(model)
    compare(model, x, np.array([3, 1]))
    for parameter, other in zip(model.parameters(), before.parameters(), strict=True):
        np.testing.assert_array_equal(parameter.grad, other.grad)
        np.testing.assert_array_equal(parameter.data, other.data)


AGREE = Comparison((Difference("output", (5, 3), 2e-8, 3e-7),), "float32", "cpu")
DIFFER = Comparison((Difference("loss", (), 0.012, 0.034),), "float64", "cpu")


def test_small_differences_are_stated_in_words_that_are_the_same_everywhere():
    assert repr(AGREE).splitlines() == [
        "cnnlab and torch on cpu, float32: the same numbers",
        "quantity  shape  max |difference|  relative",
        "output    5×3    below 1e-5        below 1e-5",
    ]


def test_large_differences_are_shown():
    assert repr(DIFFER).splitlines() == [
        "cnnlab and torch on cpu, float64: not the same numbers",
        "quantity  shape  max |difference|  relative",
        "loss      –      1.2e-02           3.4e-02",
    ]


def test_the_numbers_are_there_when_asked_for():
    assert "2.0e-08" in repr(AGREE.table(numbers=True))


def test_a_notebook_shows_a_table():
    assert '<th scope="row" class="text-left">output</th>' in AGREE._repr_html_()


def test_a_gradient_that_is_zero_but_for_rounding_is_measured_by_the_others():
    # all classes get the same score, whatever the input: in theory its gradient is exactly 0
    model = nn.Sequential(nn.Linear(6, 4, **SEED), nn.Linear(4, 3, **SEED))
    model[1].weight.data[...] = model[1].weight.data[0]
    rows = compare(model, inputs(model, (50, 6)), np.arange(50) % 3).differences
    assert rows[2].name == "gradient of the input"
    assert rows[2].relative < 1e-5


def test_without_a_gpu_cuda_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=r"device = 'cuda', but PyTorch sees no CUDA GPU"):
        compare(nn.ReLU(), np.ones((1, 2)), device="cuda")


class Silencing(nn.ReLU):
    """A layer that drops values in training, as Dropout does."""

    p = 0.5


def test_a_layer_that_drops_at_random_is_refused():
    with pytest.raises(ValueError, match=r"Call model.eval\(\) first"):
        compare(nn.Sequential(Silencing()), np.ones((1, 2)))


def test_without_torch_the_import_says_what_to_install():
    code = "import sys; sys.modules['torch'] = None; import cnnlab.compare"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'cnnlab.compare needs PyTorch. Install it with: pip install "cnnlab[torch]"' in (
        done.stderr
    )


def test_the_blur_of_torch_is_the_binomial_filter():
    x = torch.zeros(1, 5, 5, dtype=torch.float64)
    x[0, 2, 2] = 16
    y = module.BlurPool2d(3, stride=1)(x)[0]
    assert y[1:4, 1:4].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (nn.MaxPool2d(2, return_indices=True), "returns indices as well, needed one output"),
        (nn.CrossEntropyLoss(), "a CrossEntropyLoss came, needed a layer or a network"),
    ],
)
def test_what_has_no_single_output_is_refused(model, says):
    with pytest.raises(ValueError, match=says):
        compare(model, np.ones((1, 1, 4, 4)))


def test_an_unknown_device_is_named():
    with pytest.raises(ValueError, match="device = 'gpu', needed 'cpu' or 'cuda'"):
        compare(nn.ReLU(), np.ones((1, 1, 4, 4)), device="gpu")


def test_reversed_arrays_are_compared_like_others():
    assert compare(nn.ReLU(), np.linspace(-1, 1, 8).reshape(1, 2, 2, 2)[..., ::-1]).agree


# --- devices -------------------------------------------------------------------------------------


def test_another_device_gets_everything_it_needs():
    model = network()
    comparison = compare(model, inputs(model, (2, 1, 16, 16)), np.array([3, 1]), device="cpu:0")
    assert comparison.agree
    assert comparison.device == "cpu:0"


def precisions():
    """Whether convolutions and products of a GPU may be rounded, in the words of this torch."""
    name = "fp32_precision" if hasattr(torch.backends.cuda.matmul, "fp32_precision") else None
    if name is None:
        return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    return torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision


@pytest.mark.parametrize(("allow", "words"), [(False, (False, "ieee")), (True, (True, "tf32"))])
def test_tf32_is_allowed_or_forbidden_for_convolutions_and_products(allow, words):
    before = precisions()
    with module.tf32(allow):
        assert all(precision in words for precision in precisions())
    assert precisions() == before


def test_after_an_error_the_precision_is_what_it_was():
    before = precisions()
    with pytest.raises(KeyError), module.tf32(False):
        raise KeyError
    assert precisions() == before


def test_a_comparison_forbids_tf32(monkeypatch):
    seen = []
    forward = torch.nn.ReLU.forward
    monkeypatch.setattr(
        torch.nn.ReLU, "forward", lambda self, x: seen.append(precisions()) or forward(self, x)
    )
    compare(nn.ReLU(), np.ones((1, 2)))
    assert set(seen[0]) <= {False, "ieee"}
