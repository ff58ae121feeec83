"""Optimisers take the steps that torch's take, and refuse settings that make no sense."""

import math
import re

import numpy as np
import pytest
import torch

from cnnlab import nn, optim

STEPS = 25


def targets():
    """Two arrays that the loss pulls the parameters to."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal((3, 2)), rng.standard_normal(4)]


def our_path(make, schedule):
    """Positions after each step on sum (w - t)^4, whose gradient is not linear."""
    parameters = [nn.Parameter(np.zeros_like(target)) for target in targets()]
    optimizer = make(parameters)
    schedule = schedule and schedule(optimizer)
    path = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        for parameter, target in zip(parameters, targets(), strict=True):
            parameter.grad += 4 * (parameter.data - target) ** 3
        optimizer.step()
        if schedule:
            schedule.step()
        path.append(np.concatenate([parameter.data.ravel() for parameter in parameters]))
    return np.array(path)


def torch_path(make, schedule):
    """The same walk in torch."""
    goals = [torch.tensor(target) for target in targets()]
    parameters = [torch.nn.Parameter(torch.zeros_like(goal)) for goal in goals]
    optimizer = make(parameters)
    schedule = schedule and schedule(optimizer)
    path = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        for parameter, goal in zip(parameters, goals, strict=True):
            ((parameter - goal) ** 4).sum().backward()
        optimizer.step()
        if schedule:
            schedule.step()
        path.append(torch.cat([p.detach().flatten() for p in parameters]).numpy())
    return np.array(path)


# --- by hand -------------------------------------------------------------------------------------


def one_parameter(value, grad):
    parameter = nn.Parameter(np.array([float(value)]))
    parameter.grad += grad
    return parameter


def test_a_plain_step_goes_against_the_gradient():
    parameter = one_parameter(1, grad=2)
    optim.SGD([parameter], lr=0.25).step()
    np.testing.assert_array_equal(parameter.data, [0.5])


def test_momentum_keeps_rolling():
    parameter = one_parameter(0, grad=1)
    optimizer = optim.SGD([parameter], lr=1, momentum=0.5)
    path = []
    for _ in range(3):
        optimizer.step()
        path.append(float(parameter.data[0]))
    assert path == [-1, -1 - 1.5, -1 - 1.5 - 1.75]


def test_weight_decay_pulls_towards_zero():
    parameter = one_parameter(10, grad=0)
    optim.SGD([parameter], lr=0.5, weight_decay=0.1).step()
    np.testing.assert_array_equal(parameter.data, [9.5])


@pytest.mark.parametrize("grad", [1e-3, 1.0, -1e3])
def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_size_of_the_gradient(grad):
    parameter = one_parameter(0, grad)
    optim.Adam([parameter], lr=0.1).step()
    np.testing.assert_allclose(parameter.data, [-0.1 * np.sign(grad)], rtol=1e-4)


def test_a_cosine_schedule_starts_full_is_half_in_the_middle_and_ends_at_zero():
    optimizer = optim.SGD([one_parameter(0, 0)], lr=0.8)
    schedule = optim.CosineSchedule(optimizer, steps=4)
    rates = [optimizer.lr]
    for _ in range(4):
        schedule.step()
        rates.append(optimizer.lr)
    half = math.sqrt(0.5)
    np.testing.assert_allclose(
        rates, [0.8, 0.4 * (1 + half), 0.4, 0.4 * (1 - half), 0], rtol=1e-12, atol=1e-16
    )


def test_after_its_last_step_the_schedule_stays_at_zero():
    optimizer = optim.SGD([one_parameter(0, 0)], lr=0.8)
    schedule = optim.CosineSchedule(optimizer, steps=1)
    for _ in range(3):
        schedule.step()
    assert optimizer.lr == 0


# --- parity with torch ---------------------------------------------------------------------------


@pytest.mark.parametrize("scheduled", [False, True])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"lr": 0.01}),
        ("SGD", {"lr": 0.01, "momentum": 0.9}),
        ("SGD", {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.1}),
        ("SGD", {}),
        ("Adam", {"lr": 0.1}),
        ("Adam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3}),
        ("Adam", {"lr": 0.1, "weight_decay": 0.1}),
        ("Adam", {}),
    ],
)
def test_every_step_is_torchs(name, options, scheduled):
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR
    ours = our_path(
        lambda parameters: getattr(optim, name)(parameters, **options),
        (lambda optimizer: optim.CosineSchedule(optimizer, STEPS)) if scheduled else None,
    )
    theirs = torch_path(
        lambda parameters: getattr(torch.optim, name)(parameters, **options),
        (lambda optimizer: cosine(optimizer, T_max=STEPS)) if scheduled else None,
    )
    assert np.ptp(ours) > 1e-3  # it did move
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


# --- what does not change ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_parameters_move_in_place_and_keep_their_dtype(name):
    parameter = nn.Parameter(np.ones(3, dtype=np.float32))
    parameter.grad += 1
    data = parameter.data
    getattr(optim, name)([parameter]).step()
    assert parameter.data is data
    assert data.dtype == np.float32
    assert (data < 1).all()


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_step_leaves_the_gradient_alone(name):
    parameter = one_parameter(3, grad=2)
    getattr(optim, name)([parameter], weight_decay=0.5).step()
    np.testing.assert_array_equal(parameter.grad, [2])


def test_zero_grad_forgets_the_gradients():
    parameter = one_parameter(3, grad=2)
    optim.SGD([parameter]).zero_grad()
    np.testing.assert_array_equal(parameter.grad, [0])


# --- errors --------------------------------------------------------------------------------------

P = [nn.Parameter(np.zeros(1))]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: optim.SGD([]), "SGD: no parameters came, needed at least one"),
        (lambda: optim.Adam(nn.ReLU().parameters()), "Adam: no parameters came"),
        (lambda: optim.SGD(P, lr=0), "SGD: lr = 0, needed a positive number"),
        (lambda: optim.Adam(P, lr=-1), "Adam: lr = -1, needed a positive number"),
        (lambda: optim.SGD(P, lr=math.nan), "SGD: lr = nan, needed a positive number"),
        (lambda: optim.SGD(P, momentum=-0.1), "SGD: momentum = -0.1, needed at least 0"),
        (lambda: optim.SGD(P, weight_decay=-0.1), "SGD: weight_decay = -0.1, needed at least 0"),
        (lambda: optim.Adam(P, betas=(0.9, 1.0)), "Adam: betas = (0.9, 1.0), needed two numbers"),
        (lambda: optim.Adam(P, betas=(-0.1, 0.9)), "Adam: betas = (-0.1, 0.9), needed two"),
        (lambda: optim.Adam(P, weight_decay=-0.1), "Adam: weight_decay = -0.1, needed at least 0"),
        (lambda: optim.Adam(P, eps=-1e-8), "Adam: eps = -1e-08, needed at least 0"),
        (lambda: optim.CosineSchedule(optim.SGD(P), 0), "CosineSchedule: steps = 0, needed at"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


MODEL = nn.Sequential(nn.Linear(2, 2))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: optim.SGD(MODEL), TypeError, "SGD: a Linear came, needed parameters only"),
        (lambda: optim.SGD(MODEL[0]), TypeError, "SGD: a Linear came, needed parameters only"),
        (lambda: optim.SGD(MODEL.parameters), TypeError, "a method came, needed parameters only."),
        (lambda: optim.Adam([np.zeros(3)]), TypeError, "Adam: a ndarray came, needed parameters"),
        (lambda: optim.SGD([*P, *P]), ValueError, "SGD: 2 parameters came, but only 1 different"),
        (lambda: optim.SGD(P, lr="0.1"), TypeError, "SGD: lr = '0.1' is a str, needed a number"),
        (lambda: optim.SGD(P, momentum=None), TypeError, "momentum = None is a NoneType, needed"),
        (lambda: optim.Adam(P, betas=0.9), ValueError, "Adam: betas = 0.9, needed two numbers"),
        (lambda: optim.Adam(P, betas=(0.9,)), ValueError, "Adam: betas = (0.9,), needed two numb"),
        (lambda: optim.Adam(P, betas=(0, 0, 0)), ValueError, "betas = (0, 0, 0), needed two numb"),
        (lambda: optim.CosineSchedule(optim.SGD(P), 2.5), TypeError, "steps = 2.5 is a float, ne"),
        (lambda: optim.CosineSchedule(0.1, 2), TypeError, "the optimizer is a float, needed one"),
    ],
)
def test_what_is_no_list_of_parameters_or_no_number_is_refused(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


def test_an_optimiser_without_a_step_says_that_one_has_to_be_written():
    with pytest.raises(NotImplementedError, match=r"Optimizer has no step. Write one"):
        optim.Optimizer(P, lr=0.1).step()
