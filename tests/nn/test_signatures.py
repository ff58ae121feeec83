"""Arguments are torch's: same place, same name, same default, or the entry says what differs."""

import inspect
import re

import numpy as np
import pytest
import torch

from cnnlab import nn, optim

F = nn.functional
OURS_ALONE = {"BlurPool2d", "blur_pool2d"}  # torch has nothing of that name
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

# Written in C++, or chosen by `return_indices` when called: what stands in for the signature.
ELSEWHERE = {
    "flatten": torch.flatten,
    "max_pool2d": torch.nn.functional.max_pool2d_with_indices,
    "adaptive_max_pool2d": torch.nn.functional.adaptive_max_pool2d_with_indices,
}

# Every argument that differs, is missing here, or is in torch not at all.
DIFFERENCES = {
    "nn.BatchNorm2d": {"device", "dtype"},
    "nn.Conv2d": {"padding_mode", "device", "dtype", "rng"},
    "nn.CrossEntropyLoss": {
        *("size_average", "reduce"),
        *("ignore_index", "reduction", "label_smoothing"),
    },
    "nn.Dropout": {"rng"},
    "nn.Dropout2d": {"rng"},
    "nn.Linear": {"device", "dtype", "rng"},
    "nn.Parameter": {"data", "requires_grad"},
    "nn.ReLU": {"inplace"},
    "nn.functional.cross_entropy": {
        *("size_average", "reduce"),
        *("ignore_index", "reduction", "label_smoothing"),
    },
    "nn.functional.dropout": {"rng"},
    "nn.functional.dropout2d": {"rng"},
    "nn.functional.log_softmax": {"dim", "dtype"},
    "nn.functional.relu": {"inplace"},
    "nn.functional.softmax": {"dim", "dtype"},
    "nn.init.kaiming_uniform": {
        *("shape", "fan_in", "rng", "dtype", "a"),
        *("tensor", "mode", "nonlinearity", "generator"),
    },
    "nn.init.uniform": {"shape", "bound", "rng", "dtype", "tensor", "a", "b", "generator"},
    "optim.Adam": {
        *("amsgrad", "foreach", "maximize", "capturable"),
        *("differentiable", "fused", "decoupled_weight_decay"),
    },
    "optim.CosineSchedule": {"steps", "T_max", "eta_min", "last_epoch"},
    "optim.Optimizer": {"lr", "defaults"},
    "optim.SGD": {
        *("dampening", "weight_decay", "nesterov"),
        *("maximize", "foreach", "differentiable", "fused"),
    },
}


def torch_arguments(thing):
    """Arguments of a class or function of torch; of one in C++ as its documentation states them."""
    thing = ELSEWHERE.get(getattr(thing, "__name__", ""), thing)
    try:
        found = inspect.signature(thing).parameters
    except ValueError:
        stated = re.search(r"^\w+\((.*)\) -> ", thing.__doc__, re.MULTILINE).group(1)
        found = inspect.signature(eval(f"lambda {stated}: None")).parameters
    return {name: each for name, each in found.items() if not name.startswith("_")}


def pairs():
    """Yield the name of everything public that torch has, ours, and torch's."""
    for name in sorted(set(nn.__all__) - OURS_ALONE - {"functional", "init", "Module"}):
        yield f"nn.{name}", getattr(nn, name), getattr(torch.nn, name)
    for name in sorted(set(F.__all__) - OURS_ALONE):
        theirs = ELSEWHERE.get(name) or getattr(torch.nn.functional, name)
        yield f"nn.functional.{name}", getattr(F, name), theirs
    for name in ("kaiming_uniform", "uniform"):
        yield f"nn.init.{name}", getattr(nn.init, name), getattr(torch.nn.init, f"{name}_")
    for name in ("Optimizer", "SGD", "Adam"):
        yield f"optim.{name}", getattr(optim, name), getattr(torch.optim, name)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR
    yield "optim.CosineSchedule", optim.CosineSchedule, cosine


PAIRS = {name: (ours, theirs) for name, ours, theirs in pairs()}


def differences(ours, theirs):
    """Names of all arguments that mean another thing in torch, or are on one side only."""
    ours = inspect.signature(ours).parameters
    theirs = torch_arguments(theirs)
    variable = inspect.Parameter.VAR_POSITIONAL
    if (
        [each.kind for each in ours.values()]
        == [each.kind for each in theirs.values()]
        == [variable]
    ):
        return set()
    found = set(ours) ^ set(theirs)
    for place, (name, mine) in enumerate(ours.items()):
        if name not in theirs:
            continue
        same_kind = (mine.kind in POSITIONAL) == (theirs[name].kind in POSITIONAL)
        same_place = mine.kind not in POSITIONAL or list(theirs).index(name) == place
        if not (same_kind and same_place and mine.default == theirs[name].default):
            found.add(name)
    return found


def notes(thing):
    """Return the notes of a docstring, where a difference from torch has to stand."""
    section = re.search(
        r"^Notes\n-----\n(.*?)(?=^\w[\w ]*\n---|\Z)", inspect.getdoc(thing), re.S | re.M
    )
    return section.group(1) if section else ""


@pytest.mark.parametrize("name", PAIRS)
def test_arguments_are_torchs_but_for_the_written_differences(name):
    assert differences(*PAIRS[name]) == DIFFERENCES.get(name, set())


@pytest.mark.parametrize("name", DIFFERENCES)
def test_every_difference_stands_in_the_notes_of_its_entry(name):
    said = notes(PAIRS[name][0])
    assert "torch" in said
    assert {each for each in DIFFERENCES[name] if f"`{each}`" not in said} == set()


# Another function or class, though it does the same: torch's has another name, or is not called.
NAMESAKES = {
    "nn.init.kaiming_uniform",
    "nn.init.uniform",
    "optim.CosineSchedule",
    "optim.Optimizer",
}


@pytest.mark.parametrize("name", [name for name in PAIRS if name not in NAMESAKES])
def test_what_is_given_without_a_name_is_never_misread(name):
    ours, theirs = PAIRS[name]
    mine = [n for n, each in inspect.signature(ours).parameters.items() if each.kind in POSITIONAL]
    there = [n for n, each in torch_arguments(theirs).items() if each.kind in POSITIONAL]
    assert mine == there[: len(mine)]


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name in vars(nn.Module)
        if not name.startswith("_")
        and name != "forward"  # torch leaves its arguments open
        and callable(getattr(torch.nn.Module, name, None))
    ),
)
def test_methods_of_a_module_take_what_torchs_take_or_the_notes_say_what_is_missing(name):
    ours = inspect.signature(getattr(nn.Module, name)).parameters
    theirs = inspect.signature(getattr(torch.nn.Module, name)).parameters
    missing = {each for each in theirs if each not in ours and each != "args"}
    assert set(ours) <= set(theirs)
    assert {each for each in missing if f"`{each}`" not in notes(nn.Module)} == set()


def test_a_fourth_number_without_a_name_is_refused_by_sgd():
    parameters = [nn.Parameter(np.zeros(1))]
    with pytest.raises(TypeError, match="positional argument"):
        optim.SGD(parameters, 0.1, 0.9, 0.5)


def test_an_optimiser_takes_its_parameters_by_torchs_name():
    parameters = [nn.Parameter(np.zeros(1))]
    assert optim.SGD(params=parameters).parameters == parameters
