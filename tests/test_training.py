"""The training loop learns, is repeatable to the last bit, and says when it diverges."""

import re
import sys

import numpy as np
import pytest

from cnnlab import datasets, nn, optim
from cnnlab.nn.loss import cross_entropy
from cnnlab.training import History, Scores, evaluate, fit

DIGITS = datasets.digits(8, train=600)


def network(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 10, rng=rng),
    )


def dense(seed=0):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=np.random.default_rng(seed)))


def train(model, *, n=200, lr=0.1, epochs=2, seed=0, **options):
    """A short run on the first n digits."""
    options = {
        "optimizer": optim.SGD(model.parameters(), lr=lr, momentum=0.9),
        "rng": np.random.default_rng(seed),
        "progress": False,
    } | options
    return fit(model, DIGITS.x_train[:n], DIGITS.y_train[:n], epochs=epochs, **options)


# --- it learns -----------------------------------------------------------------------------------


def test_a_small_network_learns_the_digits():
    model = network()
    before = evaluate(model, DIGITS.x_test, DIGITS.y_test)
    optimizer = optim.Adam(model.parameters(), lr=0.03)
    history = fit(
        model,
        DIGITS.x_train,
        DIGITS.y_train,
        optimizer=optimizer,
        epochs=8,
        rng=np.random.default_rng(0),
        schedule=optim.CosineSchedule(optimizer, steps=8 * 12),
        validation=(DIGITS.x_test, DIGITS.y_test),
        progress=False,
    )
    after = history.validation[-1]
    assert before.accuracy < 0.3 < 0.93 < after.accuracy
    assert after.loss < 0.3 < before.loss
    assert len(history.loss) == len(history.validation) == 8
    assert history.loss[-1] < 0.2 * history.loss[0]
    assert after == evaluate(model, DIGITS.x_test, DIGITS.y_test)
    assert optimizer.lr < 1e-12  # stepped once for each of the 8 * 12 batches


def test_the_same_generator_gives_the_same_run_bit_for_bit():
    first, second = network(), network()
    assert train(first).loss == train(second).loss
    for key, array in first.state_dict().items():
        np.testing.assert_array_equal(array, second.state_dict()[key])


def test_another_order_of_the_images_gives_another_run():
    first, second = network(), network()
    train(first, seed=0)
    train(second, seed=1)
    assert np.any(first.state_dict()["0.weight"] != second.state_dict()["0.weight"])


def test_one_epoch_of_one_batch_is_one_step_by_hand():
    ours, by_hand = dense(), dense()
    x, y = DIGITS.x_train[:1], DIGITS.y_train[:1]
    optimizer = optim.SGD(ours.parameters(), lr=0.5)
    history = fit(
        ours, x, y, optimizer=optimizer, epochs=1, rng=np.random.default_rng(0), progress=False
    )
    criterion = nn.CrossEntropyLoss()
    loss = criterion(by_hand(x), y)
    by_hand.backward(criterion.backward())
    optim.SGD(by_hand.parameters(), lr=0.5).step()
    assert history.loss == [loss]
    for key, array in ours.state_dict().items():
        np.testing.assert_array_equal(array, by_hand.state_dict()[key])


def test_images_and_labels_are_left_alone():
    x, y = DIGITS.x_train[:200].copy(), DIGITS.y_train[:200].copy()
    train(network())
    np.testing.assert_array_equal(DIGITS.x_train[:200], x)
    np.testing.assert_array_equal(DIGITS.y_train[:200], y)


def test_training_switches_to_training_mode():
    model = network().eval()
    train(model, epochs=1)
    assert model.training


@pytest.mark.parametrize("lr", [1e20, 1e38])
def test_a_run_that_diverges_says_so_with_its_learning_rate(lr):
    with pytest.raises(ValueError, match=rf"diverged.*than {re.escape(f'{lr:g}')}"):
        train(network(), lr=lr, epochs=20)


def test_no_images_are_refused():
    with pytest.raises(ValueError, match="fit: 0 images came, needed at least 1"):
        train(dense(), n=0)


# --- evaluation ----------------------------------------------------------------------------------


class Mode(nn.Module):
    """Hands on what comes and remembers in which mode it was asked."""

    def __init__(self):
        self.seen = []

    def forward(self, x):
        self.seen.append(self.training)
        return x


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_is_in_evaluation_mode_and_restores_the_mode(training):
    mode = Mode()
    model = nn.Sequential(*dense().layers, mode).train(training)
    evaluate(model, DIGITS.x_test, DIGITS.y_test)
    assert not any(mode.seen)
    assert model.training is mode.training is training


def test_the_mode_is_restored_after_an_error_too():
    model = dense()
    with pytest.raises(ValueError, match="needed"):
        evaluate(model, DIGITS.x_test, DIGITS.y_test + 10)
    assert model.training


def test_scores_are_those_of_all_images_at_once():
    model = dense()
    logits = model(DIGITS.x_test)
    accuracy = np.mean(logits.argmax(axis=1) == DIGITS.y_test)
    scores = evaluate(model, DIGITS.x_test, DIGITS.y_test, batch_size=100)
    assert scores.accuracy == pytest.approx(accuracy, abs=1e-12)
    assert scores.loss == pytest.approx(cross_entropy(logits, DIGITS.y_test), rel=1e-5)


def test_evaluation_changes_neither_weights_nor_gradients():
    model = dense()
    before = model.state_dict()
    evaluate(model, DIGITS.x_test, DIGITS.y_test)
    for key, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[key])
    assert not any(np.any(p.grad) for p in model.parameters())


def test_no_images_have_no_scores():
    with pytest.raises(ValueError, match="evaluate: 0 images came, needed at least 1"):
        evaluate(dense(), DIGITS.x_test[:0], DIGITS.y_test[:0])


def test_layers_that_were_set_apart_keep_their_mode():
    frozen, free = Mode(), Mode()
    model = nn.Sequential(*dense().layers, frozen, free)
    frozen.eval()
    evaluate(model, DIGITS.x_test, DIGITS.y_test)
    assert (model.training, frozen.training, free.training) == (True, False, True)


def test_scores_of_the_wrong_shape_are_named():
    class First(nn.Module):
        def forward(self, x):
            return x[:, 0, 0, 0]

    with pytest.raises(ValueError, match=r"scores of shape \(256,\).*needed \(N, classes\)"):
        evaluate(First(), DIGITS.x_test, DIGITS.y_test)


# --- arguments that make no sense ----------------------------------------------------------------

NAN = np.where(np.arange(64).reshape(1, 1, 8, 8) < 3, np.nan, DIGITS.x_train[:10])


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"epochs": -1}, ValueError, "fit: epochs = -1, needed at least 0"),
        ({"epochs": 1.5}, TypeError, "fit: epochs = 1.5 is a float, needed an int"),
        ({"rng": 0}, TypeError, "fit: rng = 0 is a int, needed a numpy.random.Generator"),
        ({"rng": None}, TypeError, "fit: rng = None is a NoneType, needed a numpy.random.Gen"),
        ({"y": [0] * 10}, TypeError, "fit: the y is a list, needed a NumPy array"),
        ({"x": NAN}, ValueError, "fit: 30 of 640 numbers in x are not finite, needed 0"),
        ({"validation": DIGITS.x_test[:2]}, TypeError, "fit: validation is a ndarray, needed a p"),
        ({"validation": (NAN, [0])}, TypeError, "fit: validation: the y is a list, needed a Num"),
        ({"schedule": 3}, TypeError, "fit: the schedule is a int, needed one such as optim.Cosi"),
        ({"optimizer": 0.1}, TypeError, "fit: the optimizer is a float, needed one such as opti"),
        (
            {"optimizer": optim.SGD(dense().parameters())},
            ValueError,
            "fit: none of the optimizer's parameters is one of the model's",
        ),
    ],
)
def test_what_cannot_be_trained_with_is_refused_before_the_first_epoch(change, kind, words):
    model = dense()
    before = model.state_dict()
    arguments = {
        "x": DIGITS.x_train[:10],
        "y": DIGITS.y_train[:10],
        "optimizer": optim.SGD(model.parameters()),
        "epochs": 1,
        "rng": np.random.default_rng(0),
        "progress": False,
    }
    with pytest.raises(kind, match=re.escape(words)):
        fit(model, **(arguments | change))
    for key, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[key])


@pytest.mark.parametrize(
    ("x", "y"), [(DIGITS.x_test, DIGITS.y_test.tolist()), (DIGITS.x_test.tolist(), DIGITS.y_test)]
)
def test_lists_are_not_scored(x, y):
    with pytest.raises(TypeError, match=r"evaluate: the [xy] is a list, needed a NumPy array"):
        evaluate(dense(), x, y)


def test_part_of_a_model_can_be_trained():
    model = network()
    before = model.state_dict()
    train(model, n=50, epochs=1, optimizer=optim.SGD(model[-1].parameters(), lr=0.1))
    moved = {key for key, array in model.state_dict().items() if np.any(array != before[key])}
    assert moved == {"4.weight", "4.bias"}


# --- what is shown -------------------------------------------------------------------------------


def test_a_history_prints_its_first_and_last_loss():
    history = History(loss=[2.303, 1.0, 0.456], validation=[Scores(0.5, 1.0)])
    assert repr(history) == "History(3 epochs, loss 2.30 → 0.46)"
    assert repr(History()) == "History(0 epochs)"


def test_a_bar_is_shown_when_asked_for_and_not_otherwise(capsys):
    train(dense(), epochs=1)
    assert capsys.readouterr().err == ""
    train(dense(), n=50, epochs=3, progress=True)
    shown = capsys.readouterr().err
    assert "training" in shown
    assert "3/3" in shown


def test_training_needs_no_progress_bar_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert len(train(dense(), epochs=2).loss) == 2


def test_a_bar_without_its_library_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ImportError, match=re.escape('pip install "cnnlab[data]"')):
        train(dense(), n=50, epochs=1, progress=True)
