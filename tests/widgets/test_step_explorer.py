"""The training-step explorer in Python: what it takes, what it refuses, what it computes."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cnnlab import datasets, nn, optim
from cnnlab.widgets import StateError, TrainingStepExplorer
from cnnlab.widgets.step import images, start_weights


def test_the_images_are_test_digits_of_the_data_set():
    split = datasets.digits(size=8, train=1000)
    for image, digit in zip(images(), (0, 4, 7), strict=True):
        first = split.x_test[split.y_test == digit][:3]
        assert any(np.array_equal(image, one) for one in first)


def test_the_first_weights_are_no_larger_than_torch_draws_them():
    weights = start_weights()
    assert {name: array.shape for name, array in weights.items()} == {
        "0.weight": (2, 1, 3, 3),
        "0.bias": (2,),
        "5.weight": (3, 18),
        "5.bias": (3,),
    }
    assert max(np.abs(weights[name]).max() for name in ("0.weight", "0.bias")) < 1 / 3
    assert max(np.abs(weights[name]).max() for name in ("5.weight", "5.bias")) < 18**-0.5


def test_a_healthy_step_is_what_the_optimiser_of_the_package_does(monkeypatch):
    monkeypatch.setattr("cnnlab.widgets.step.P", 0)  # without dropout
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=rng, dtype=np.float64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.ReLU(),  # where dropout stands; it changes nothing here
        nn.Linear(18, 3, rng=rng, dtype=np.float64),
    )
    model.load_state_dict(start_weights())
    optimizer, criterion = optim.SGD(model.parameters(), lr=0.5), nn.CrossEntropyLoss()
    losses = []
    for _ in range(6):
        losses.append(criterion(model(images()), np.arange(3)))
        optimizer.zero_grad()
        model.backward(criterion.backward())
        optimizer.step()
    assert_allclose(TrainingStepExplorer(rate=0.5, steps=5).losses(), losses, rtol=1e-12)


def test_a_step_lowers_the_loss_of_its_own_batch():
    before, after = TrainingStepExplorer(rate=0.1).step()
    assert after < before


def test_without_zero_grad_the_first_step_is_right_and_the_second_is_not():
    right = TrainingStepExplorer(steps=2).losses()
    wrong = TrainingStepExplorer(steps=2, bug="no_zero_grad").losses()
    assert wrong[:2] == right[:2]
    assert wrong[2] != right[2]


def test_a_lost_gradient_leaves_the_kernels_alone():
    explorer = TrainingStepExplorer(bug="lost_gradient", steps=5)
    weights, first = explorer._train()[-1].weights, start_weights()
    assert np.array_equal(weights["0.weight"], first["0.weight"])
    assert not np.array_equal(weights["5.weight"], first["5.weight"])


def test_no_bug_may_be_said_with_none():
    assert TrainingStepExplorer(bug=None).bug == "none"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"phase": "sideways"}, "needed 'forward', 'backward' or 'update'"),
        ({"layer": "pooling"}, "needed 'conv', 'relu', 'pool', 'flatten', 'dropout'"),
        ({"bug": "typo"}, "needed 'none', 'lost_gradient', 'zero_start'"),
        ({"rate": 3}, "rate=3): needed 0.02, 0.05, 0.1, 0.2, 0.5 or 1."),
        ({"rate": True}, "rate=True): needed 0.02"),
        ({"rate": "fast"}, "rate='fast'): needed 0.02"),
        ({"steps": 41}, "steps=41): needed an int from 0 to 40"),
        ({"steps": 1.5}, "got a float, needed an int"),
        ({"digit": 5}, "digit=5): needed 0, 4 or 7."),
        ({"channel": 3}, "channel=3): needed an int from 1 to 2"),
        ({"part": "bias"}, "needed 'weights' or 'input'"),
        ({"at": 3}, "at=3): needed (row, column) of a cell"),
        ({"at": (0, 9)}, "at, column=9): needed an int from 0 to 8"),
        ({"phase": "update", "layer": "relu"}, "needed the layer 'conv' or 'dense'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(state, words):
    with pytest.raises(StateError, match=re.escape(words)):
        TrainingStepExplorer(**state)


@pytest.mark.parametrize(
    ("name", "value"), [("steps", -1), ("layer", "tanh"), ("phase", "update"), ("at", [1])]
)
def test_an_assignment_that_is_refused_changes_nothing(name, value):
    explorer = TrainingStepExplorer()
    before = explorer.state()
    with pytest.raises(StateError):
        setattr(explorer, name, value)
    assert explorer.state() == before


def test_the_state_is_plain_and_complete():
    assert TrainingStepExplorer(digit=np.int64(7), rate=np.float64(0.5)).state() == {
        "at": [5, 2],
        "bug": "none",
        "channel": 1,
        "digit": 7,
        "layer": "pool",
        "part": "weights",
        "phase": "backward",
        "rate": 0.5,
        "steps": 0,
    }


def test_without_scripts_the_losses_and_all_layers_are_told():
    explorer = TrainingStepExplorer(steps=3)
    text = explorer.fallback()
    before, after = explorer.step()
    assert f"is {before:.2f} before the step and {after:.2f} after it" in text
    assert text.count('<th scope="row">') == 7


def test_without_scripts_a_bug_is_named():
    text = TrainingStepExplorer(bug="no_mean").fallback()
    assert "with a bug: the gradient is not divided by N" in text


def test_the_same_state_gives_the_same_html():
    assert TrainingStepExplorer(steps=4).to_html() == TrainingStepExplorer(steps=4).to_html()


def test_the_page_may_go_from_any_layer_to_the_update_at_once():
    explorer = TrainingStepExplorer("backward", "pool")
    explorer.set_state({"phase": "update", "layer": "conv"})
    assert (explorer.phase, explorer.layer) == ("update", "conv")
    explorer.set_state({"phase": "forward", "layer": "relu"})
    assert (explorer.phase, explorer.layer) == ("forward", "relu")
