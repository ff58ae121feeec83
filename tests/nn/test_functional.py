"""The functions have torch's names, arguments and defaults, and so have the layers."""

import inspect

import pytest
import torch

from cnnlab import compare, nn
from cnnlab.nn import functional

# torch writes these in C++, without a signature to read; their documentation says it in words
IN_WORDS = {
    "conv2d": "input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1",
    "avg_pool2d": "input, kernel_size, stride=None, padding=0, ceil_mode=False, "
    "count_include_pad=True, divisor_override=None",
    "max_pool2d": "input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, "
    "return_indices=False",
    "linear": "input, weight, bias=None",
    "flatten": "input, start_dim=0, end_dim=-1",
    "adaptive_max_pool2d": "input, output_size, return_indices=False",
}
OURS = ["blur_pool2d", "BlurPool2d"]  # torch has no such thing: its twin is in cnnlab.compare
LAYERS = [
    name
    for name in nn.__all__
    if inspect.isclass(getattr(nn, name)) and issubclass(getattr(nn, name), nn.Module)
]


def arguments(call):
    return [
        (p.name, p.default)
        for p in inspect.signature(call).parameters.values()
        if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"
    ]


@pytest.mark.parametrize("name", functional.__all__)
def test_every_function_exists_in_torch(name):
    assert name in OURS or hasattr(torch.nn.functional, name) or hasattr(torch, name)


@pytest.mark.parametrize("name", sorted(IN_WORDS))
def test_functions_have_the_arguments_and_defaults_of_torchs_documentation(name):
    exec(f"def documented({IN_WORDS[name]}): ...", namespace := {})
    assert arguments(getattr(functional, name)) == arguments(namespace["documented"])


PYTHON = ["lp_pool2d", "adaptive_avg_pool2d", "max_unpool2d", "unfold", "fold"]
PYTHON += ["dropout", "dropout2d", "batch_norm"]


@pytest.mark.parametrize("name", PYTHON)
def test_functions_that_torch_writes_in_python_have_the_same_arguments_and_defaults(name):
    assert arguments(getattr(functional, name)) == arguments(getattr(torch.nn.functional, name))


@pytest.mark.parametrize("name", LAYERS)
def test_layers_have_the_arguments_and_defaults_of_torchs_in_the_same_order(name):
    module = compare if name in OURS else torch.nn
    ours, theirs = arguments(getattr(nn, name)), arguments(getattr(module, name))
    names = {argument for argument, _ in ours}
    assert ours == [argument for argument in theirs if argument[0] in names]
    # nothing of torch's is left out between two arguments of ours
    assert ours == theirs[: len(ours)]


def test_generator_and_dtype_can_only_be_given_by_name():
    for layer in (nn.Conv2d, nn.Linear):
        kinds = {p.name: p.kind for p in inspect.signature(layer).parameters.values()}
        assert kinds["rng"] is kinds["dtype"] is inspect.Parameter.KEYWORD_ONLY
