"""Learning rates are chosen without the test images; both libraries train the same network."""

import numpy as np
import pytest

from cnnlab import datasets, nn
from cnnlab.experiments import learning
from cnnlab.experiments.learning import learn, train

SPLIT = datasets.digits(size=8, train=150, seed=0)
X, Y = SPLIT.x_train, SPLIT.y_train
SETTINGS = {"library": "cnnlab", "epochs": 3, "batch_size": 50, "learning_rates": [0.01]}
LIBRARIES = pytest.mark.parametrize("library", ["cnnlab", "torch"])


def build(rng):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, rng=rng, dtype=np.float32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10, rng=rng, dtype=np.float32),
    )


def with_dropout(rng):
    model = build(rng)
    return nn.Sequential(*list(model)[:4], nn.Dropout(0.5, rng=rng), list(model)[4])


def test_both_libraries_train_the_same_network_to_the_same_scores():
    ours, theirs = (
        train(build, X, Y, 0.01, seed=1, configuration={**SETTINGS, "library": library})
        for library in ("cnnlab", "torch")
    )
    np.testing.assert_allclose(ours.logits(X), theirs.logits(X), atol=1e-3)


@LIBRARIES
def test_a_seed_gives_the_same_network_twice(library):
    settings = {**SETTINGS, "library": library}
    first, again = (
        train(with_dropout, X, Y, 0.01, seed=3, configuration=settings) for _ in range(2)
    )
    np.testing.assert_array_equal(first.logits(X), again.logits(X))


def test_torchs_own_random_numbers_stay_as_they_were():
    import torch

    before = torch.random.get_rng_state()
    train(with_dropout, X, Y, 0.01, seed=3, configuration={**SETTINGS, "library": "torch"})
    assert torch.equal(before, torch.random.get_rng_state())


@LIBRARIES
def test_the_rate_of_lowest_validation_loss_is_taken(library):
    settings = {**SETTINGS, "library": library, "learning_rates": [1e-6, 0.01]}
    learned = learn(build, X, Y, seed=0, configuration=settings)
    assert learned.learning_rate == 0.01
    assert learned.validation_log_loss["0.01"] < learned.validation_log_loss["1e-06"]


def test_rates_are_tried_on_four_fifths_and_judged_on_the_rest(monkeypatch):
    seen = []

    def spy(build, x, y, rate, *, configuration, **others):
        seen.append((len(x), rate, configuration["epochs"]))
        return learning.Learned(build(np.random.default_rng(0)), rate)

    monkeypatch.setattr(learning, "train", spy)
    settings = {**SETTINGS, "learning_rates": [0.1, 0.2], "trial_epochs": 1}
    learn(build, X, Y, seed=0, configuration=settings)
    assert seen[:2] == [(120, 0.1, 1), (120, 0.2, 1)]
    assert seen[2][0] == 150
    assert seen[2][2] == 3


def test_with_a_single_rate_nothing_is_tried():
    assert learn(build, X, Y, seed=0, configuration=SETTINGS).validation_log_loss == {}


@LIBRARIES
def test_images_can_be_drawn_anew_before_every_epoch(library):
    drawn = []

    def redraw(rng):
        drawn.append(int(rng.integers(1000)))
        return X

    settings = {**SETTINGS, "library": library}
    train(build, X, Y, 0.01, seed=0, configuration=settings, redraw=redraw)
    assert len(set(drawn)) == 3


@LIBRARIES
def test_every_epoch_can_be_watched(library):
    seen = []

    def watch(epoch, learned):
        seen.append((epoch, learned.scores(X, Y).loss))

    settings = {**SETTINGS, "library": library}
    trained = train(build, X, Y, 0.01, seed=0, configuration=settings, watch=watch)
    assert [epoch for epoch, _ in seen] == [1, 2, 3]
    assert seen[-1][1] == pytest.approx(trained.scores(X, Y).loss)


def test_watching_does_not_change_what_is_learned():
    settings = {**SETTINGS, "library": "torch"}
    watched = train(
        with_dropout, X, Y, 0.01, seed=0, configuration=settings, watch=lambda _, it: it.logits(X)
    )
    alone = train(with_dropout, X, Y, 0.01, seed=0, configuration=settings)
    np.testing.assert_array_equal(watched.logits(X), alone.logits(X))


@LIBRARIES
def test_a_trained_network_comes_back_as_one_of_cnnlab(library):
    trained = train(build, X, Y, 0.01, seed=0, configuration={**SETTINGS, "library": library})
    ours = trained.in_cnnlab()
    assert isinstance(ours, nn.Sequential)
    np.testing.assert_allclose(ours(X[:5]), trained.logits(X[:5]), atol=1e-4)


def test_scores_are_accuracy_and_log_loss():
    trained = train(build, X, Y, 0.01, seed=0, configuration=SETTINGS)
    scores = trained.scores(SPLIT.x_test, SPLIT.y_test)
    assert scores.accuracy == np.mean(trained.predictions(SPLIT.x_test) == SPLIT.y_test)
    logits = trained.logits(SPLIT.x_test).astype(np.float64)
    chosen = logits[np.arange(len(logits)), SPLIT.y_test]
    assert scores.loss == pytest.approx(np.mean(np.log(np.exp(logits).sum(axis=1)) - chosen))


def test_an_unknown_library_is_refused():
    with pytest.raises(ValueError, match=r"library = 'jax', needed 'torch' or 'cnnlab'"):
        train(build, X, Y, 0.01, seed=0, configuration={**SETTINGS, "library": "jax"})


def test_cnnlab_computes_on_the_processor_alone():
    with pytest.raises(ValueError, match=r"device = 'cuda', but cnnlab computes on the CPU alone"):
        train(build, X, Y, 0.01, seed=0, configuration=SETTINGS, device="cuda")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@LIBRARIES
def test_training_that_diverges_says_so(library):
    settings = {**SETTINGS, "library": library, "epochs": 30}
    with pytest.raises(ValueError, match="training has diverged"):
        train(build, X * np.float32(1e30), Y, 1e9, seed=0, configuration=settings)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@LIBRARIES
def test_a_rate_with_which_training_diverges_has_lost(library):
    settings = {**SETTINGS, "library": library, "epochs": 12, "learning_rates": [1e30, 0.01]}
    learned = learn(build, X, Y, seed=0, configuration=settings)
    assert list(learned.validation_log_loss) == ["0.01"]
    assert learned.learning_rate == 0.01


def test_training_that_diverges_with_every_rate_says_so(monkeypatch):
    def diverge(*_, **__):
        raise learning.DivergedError("train: the loss became nan")

    monkeypatch.setattr(learning, "train", diverge)
    settings = {**SETTINGS, "learning_rates": [1.0, 2.0]}
    with pytest.raises(learning.DivergedError, match=r"every rate of \[1\.0, 2\.0\]"):
        learn(build, X, Y, seed=0, configuration=settings)


def test_a_network_that_comes_back_leaves_the_trained_one_where_it_is():
    trained = train(build, X, Y, 0.01, seed=0, configuration={**SETTINGS, "library": "torch"})
    trained.model.to("meta")
    with pytest.raises(NotImplementedError):
        trained.in_cnnlab()
    assert next(trained.model.parameters()).device.type == "meta"
