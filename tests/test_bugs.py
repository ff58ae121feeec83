"""Six planted bugs: each is one wrong line, and each is found by the instrument meant for it."""

import numpy as np
import pytest

from cnnlab import bugs, nn

FOUND_BY_NUDGING = {"lost_gradient": "MaxPool2d", "wrong_order": "Flatten", "no_mean": "loss"}
FOUND_BY_A_TWIN = {"zero_start": "MaxPool2d", "no_rescale": "Dropout"}
every_bug = pytest.mark.parametrize("bug", bugs.BUGS)


def wrong(errors):
    return [part for part, error in errors.items() if error > 1e-6]


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 10
    x = rng.random((60, 1, 8, 8)).astype(np.float32) * 0.2
    x[np.arange(60), 0, y // 2, y % 2 * 4] += 1  # a bright pixel says the class
    return x, y


def trained(images, bug, steps=12, seed=0):
    model = bugs.network(np.random.default_rng(seed), (4, 6))
    x, y = images
    return bugs.train(
        model, x, y, bug=bug, steps=steps, batch_size=20, every=6, rng=np.random.default_rng(1)
    )


def test_the_healthy_parts_pass_every_test():
    assert wrong(bugs.gradient_errors()) == []
    assert wrong(bugs.output_errors()) == []


@every_bug
def test_nudging_finds_the_bugs_whose_way_back_does_not_fit(bug):
    expected = [FOUND_BY_NUDGING[bug]] if bug in FOUND_BY_NUDGING else []
    assert wrong(bugs.gradient_errors(bug)) == expected


@every_bug
def test_a_twin_finds_the_bugs_of_the_way_forth(bug):
    expected = [FOUND_BY_A_TWIN[bug]] if bug in FOUND_BY_A_TWIN else []
    assert wrong(bugs.output_errors(bug)) == expected


@every_bug
def test_each_bug_says_where_it_sits_and_which_line_is_wrong(bug):
    said = bugs.BUGS[bug]
    assert said.right != said.wrong
    assert said.part in {*bugs.parts(), "loss", "training loop"}


def test_a_lost_gradient_is_zero_and_its_output_right():
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 4))
    pool = bugs.faulty(nn.MaxPool2d(2), "lost_gradient")
    np.testing.assert_array_equal(pool(x), nn.MaxPool2d(2)(x))
    assert not pool.backward(np.ones((2, 3, 2, 2))).any()


def test_a_maximum_that_starts_at_zero_has_no_winner_below_it():
    x = np.array([[[[-5.0, -2.0, 1.0, 0.5], [-3.0, -4.0, 0.0, 2.0]]]])
    pool = bugs.ZeroStart(2)
    assert pool(x).ravel().tolist() == [0, 2]
    back = pool.backward(np.array([[[[7.0, 3.0]]]]))
    assert back[0, 0].tolist() == [[0, 0, 0, 0], [0, 0, 0, 3]]


def test_the_wrong_order_keeps_every_gradient_and_few_places():
    x = np.random.default_rng(0).standard_normal((2, 3, 2, 2))
    flatten = bugs.WrongOrder()
    back = flatten.backward(flatten(x))
    np.testing.assert_array_equal(np.sort(back.ravel()), np.sort(x.ravel()))
    assert not np.array_equal(back, x)


def test_dropout_without_its_factor_drops_the_same_places():
    x = np.ones((50, 20))
    ill = bugs.NoRescale(0.25, rng=np.random.default_rng(0))
    healthy = nn.Dropout(0.25, rng=np.random.default_rng(0))
    np.testing.assert_allclose(ill(x), 0.75 * healthy(x))
    np.testing.assert_allclose(ill.backward(x), 0.75 * healthy.backward(x))
    np.testing.assert_array_equal(ill.eval()(x), x)
    np.testing.assert_array_equal(ill.backward(x), x)


def test_a_loss_without_its_mean_sends_back_n_times_too_much():
    scores, y = np.random.default_rng(0).standard_normal((5, 10)), np.arange(5)
    ill, healthy = bugs.loss("no_mean"), bugs.loss()
    assert ill(scores, y) == healthy(scores, y)
    np.testing.assert_allclose(ill.backward(), 5 * healthy.backward())


def test_planting_leaves_the_model_alone_and_shares_its_weights():
    model = bugs.network(np.random.default_rng(0))
    ill = bugs.plant(model, "lost_gradient")
    assert [type(layer).__name__ for layer in ill].count("LostGradient") == 2
    assert [type(layer).__name__ for layer in model].count("LostGradient") == 0
    assert all(a is b for a, b in zip(model.parameters(), ill.parameters(), strict=True))
    assert bugs.plant(model, None) is model


def test_a_pool_keeps_its_window_when_it_falls_ill():
    pool = bugs.faulty(nn.MaxPool2d(3, stride=2, padding=1), "zero_start")
    assert (pool.kernel_size, pool.stride, pool.padding) == ((3, 3), (2, 2), (1, 1))


def test_an_unknown_bug_is_refused():
    with pytest.raises(ValueError, match="no bug 'moth', needed one of lost_gradient"):
        bugs.faulty(nn.ReLU(), "moth")
    with pytest.raises(ValueError, match="train: there is no bug"):
        bugs.train(
            bugs.network(np.random.default_rng(0)),
            np.zeros((1, 1, 8, 8)),
            np.zeros(1),
            bug="moth",
            rng=np.random.default_rng(0),
        )


def test_a_training_writes_down_every_step(images):
    trace = trained(images, None)
    assert len(trace.loss) == 12
    assert [*trace.norms] == ["0 Conv2d", "3 Conv2d", "8 Linear"]
    assert {len(sizes) for sizes in trace.norms.values()} == {12}
    assert [*trace.checked] == [6, 12]


def test_a_training_repeats_itself(images):
    assert trained(images, None) == trained(images, None)


def test_behind_a_relu_the_start_at_zero_changes_not_a_single_number(images):
    assert trained(images, "zero_start") == trained(images, None)


def test_below_a_pool_that_loses_gradients_nothing_arrives(images):
    norms = trained(images, "lost_gradient").norms
    assert max(norms["0 Conv2d"] + norms["3 Conv2d"]) == 0
    assert min(norms["8 Linear"]) > 0


def test_without_the_mean_the_first_gradient_is_n_times_as_large(images):
    ill, healthy = trained(images, "no_mean", 1), trained(images, None, 1)
    for name in healthy.norms:
        np.testing.assert_allclose(ill.norms[name], 20 * np.array(healthy.norms[name]), rtol=1e-4)


def test_without_a_reset_the_first_step_is_right_and_the_second_is_not(images):
    ill, healthy = trained(images, "no_zero_grad", 2), trained(images, None, 2)
    for name in healthy.norms:
        assert ill.norms[name][0] == healthy.norms[name][0]
        assert ill.norms[name][1] > 1.2 * healthy.norms[name][1]


def test_a_training_that_blows_up_ends_early(images):
    x, y = images
    model = bugs.network(np.random.default_rng(0), (4, 6))
    trace = bugs.train(model, x, y, bug="no_mean", lr=1e20, steps=30, rng=np.random.default_rng(1))
    assert 0 < len(trace.loss) < 30
    assert np.isfinite(trace.loss).all()


def test_planting_reaches_chains_inside_a_chain():
    ill = bugs.plant(nn.Sequential(nn.Sequential(nn.MaxPool2d(2)), nn.Flatten()), "lost_gradient")
    assert isinstance(ill[0][0], bugs.LostGradient)


@pytest.mark.parametrize(
    ("bug", "part"), [("lost_gradient", "MaxPool2d"), ("no_rescale", "Dropout")]
)
def test_a_bug_without_a_place_is_refused(bug, part):
    with pytest.raises(ValueError, match=f"the network has no {part}, needed one for the bug"):
        bugs.plant(nn.Sequential(nn.Flatten()), bug)


def test_a_bug_of_the_loss_needs_no_place_in_the_network():
    model = nn.Sequential(nn.Flatten())
    assert list(bugs.plant(model, "no_mean")) == list(model)


def test_a_loss_with_an_unknown_bug_is_refused():
    with pytest.raises(ValueError, match="loss: there is no bug 'moth'"):
        bugs.loss("moth")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"every": 0}, "train: every = 0"),
        ({"steps": 0}, "train: steps = 0"),
        ({"batch_size": 61}, "train: batch_size = 61, but there are 60 images"),
    ],
)
def test_a_training_refuses_numbers_that_do_not_fit(images, wrong, says):
    x, y = images
    model = bugs.network(np.random.default_rng(0), (4, 6))
    with pytest.raises(ValueError, match=says):
        bugs.train(model, x, y, rng=np.random.default_rng(0), **wrong)


def test_the_wrong_order_needs_maps():
    with pytest.raises(ValueError, match="needed maps"):
        bugs.WrongOrder()(np.ones((2, 5)))


def test_an_ill_pool_says_when_its_way_forth_is_missing():
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        bugs.ZeroStart(2).backward(np.ones((1, 1, 1, 1)))
