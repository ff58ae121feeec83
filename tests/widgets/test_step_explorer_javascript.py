"""The training step computed in the reader's browser, held against cnnlab's layers and bugs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cnnlab import bugs, gradcheck, nn
from cnnlab.widgets import TrainingStepExplorer
from cnnlab.widgets.step import BUGS, LAYERS, RATES, images, start_weights

PARTS = [("conv", 0), ("dense", 5)]


@pytest.fixture(scope="module")
def step(javascript):
    """Call functions of step.js."""
    return javascript("step.js")


def state(**changes):
    return TrainingStepExplorer(**changes).state()


def moments():
    for part in ("weights", "input"):
        for layer in LAYERS:
            for phase in ("forward", "backward"):
                yield {"phase": phase, "layer": layer, "part": part}
    yield from ({"phase": "update", "layer": layer} for layer in ("conv", "dense"))


def network(rng, seed, bug):
    healthy = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=rng, dtype=np.float64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.25, rng=np.random.default_rng(seed)),
        nn.Linear(18, 3, rng=rng, dtype=np.float64),
    )
    return bugs.plant(healthy, None if bug == "none" else bug)


def forward_and_back(model, x, y, bug):
    """All arrays of a batch, and what is to be compared with the page, as cnnlab has it."""
    criterion = bugs.NoMean() if bug == "no_mean" else nn.CrossEntropyLoss()
    values = [x]
    for layer in model:
        values.append(layer(values[-1]))
    criterion(values[-1], y)
    grads = [criterion.backward()]
    for layer in reversed(list(model)):
        grads.insert(0, layer.backward(grads[0]))
    return values, grads


def flat_weights(model):
    layers = dict(model.named_parameters())
    return {
        name: {key: layers[f"{n}.{key}"].data.ravel().tolist() for key in ("weight", "bias")}
        for name, n in PARTS
    }


@pytest.mark.parametrize("bug", BUGS)
def test_forward_and_backward_are_those_of_cnnlab_on_random_cases(step, rng, bug):
    cases, calls = [], []
    for seed in range(40):
        model = network(rng, seed, bug)
        x = rng.choice([0, 0, 0.25, 0.5, 1], size=(3, 1, 8, 8))  # few values: there are ties
        y = rng.integers(0, 3, size=3)
        mask = (np.random.default_rng(seed).random((3, 18)) >= 0.25).astype(int)
        weights = flat_weights(model)
        cases.append((model, *forward_and_back(model, x, y, bug)))
        calls += [
            ["passImage", weights, x[n].ravel().tolist(), mask[n].tolist(), int(y[n]), bug]
            for n in range(3)
        ]
    found = step(*calls)
    for number, (model, values, grads) in enumerate(cases):
        passes = found[3 * number : 3 * number + 3]
        for n, one in enumerate(passes):
            for page, own in [(one["values"], values), (one["grads"], grads)]:
                for a, b in zip(page[:7], own, strict=True):
                    assert_allclose(a, b[n].ravel(), rtol=0, atol=1e-12)
        for name, place in PARTS:
            for key in ("weight", "bias"):
                total = sum(np.array(one["weights"][name][key]) for one in passes)
                wanted = dict(model.named_parameters())[f"{place}.{key}"].grad.ravel()
                assert_allclose(total, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("bug", BUGS)
def test_the_losses_from_step_to_step_are_those_of_python(step, bug):
    found = step(*(["train", rate, bug, 12] for rate in RATES))
    for rate, batches in zip(RATES, found, strict=True):
        wanted = TrainingStepExplorer(bug=bug, rate=rate, steps=12).losses()
        assert_allclose([batch["loss"] for batch in batches], wanted, rtol=1e-7, atol=1e-10)


def test_images_and_first_weights_are_those_of_python(step):
    pixels, weights = step(["IMAGES"], ["startWeights"])
    assert pixels == images().reshape(3, 64).tolist()
    own = start_weights()
    for name, place in PARTS:
        for key in ("weight", "bias"):
            assert_allclose(weights[name][key], own[f"{place}.{key}"].ravel(), rtol=0, atol=1e-15)


@pytest.mark.parametrize("bug", BUGS)
def test_the_marks_are_what_checks_of_the_layers_of_cnnlab_say(step, rng, bug):
    layers = {
        "conv": (nn.Conv2d(1, 2, 3, rng=rng, dtype=np.float64), (1, 1, 8, 8)),
        "relu": (nn.ReLU(), (1, 2, 6, 6)),
        "pool": (nn.MaxPool2d(2), (1, 2, 6, 6)),
        "flatten": (nn.Flatten(), (1, 2, 3, 3)),
        "dense": (nn.Linear(18, 3, rng=rng, dtype=np.float64), (1, 18)),
    }
    [marks] = step(["checksOf", bug])
    marks = dict(zip(LAYERS, marks, strict=True))
    for name, (healthy, shape) in layers.items():
        x = rng.normal(size=shape) - 0.5
        layer = healthy if bug == "none" else bugs.faulty(healthy, bug)
        errors = gradcheck.check_gradients(layer, x, rng=rng)
        assert (marks[name]["slopes"] < 1e-6) == (max(errors.values()) < 1e-6), name
        assert (marks[name]["output"] < 1e-6) == np.allclose(layer(x), healthy(x)), name
    assert [marks["dropout"][key] < 1e-6 for key in ("slopes", "output")] == [
        True,
        bug != "no_rescale",
    ]
    assert [marks["loss"][key] < 1e-6 for key in ("slopes", "output")] == [bug != "no_mean", True]


def test_the_bugs_are_those_of_the_package_in_its_words(step):
    [names] = step(["BUG_NAMES"])
    spoken = {key: bug.title for key, bug in bugs.BUGS.items()}
    assert [key for key, _ in names] == list(BUGS)
    assert dict(names[1:]) == spoken


def test_next_leads_through_all_layers_forth_and_back_and_to_the_update(step):
    way, moment = [], ["forward", "conv"]
    while moment:
        way.append(moment)
        [moment] = step(["momentAfter", {"phase": moment[0], "layer": moment[1]}])
    names = list(LAYERS)
    assert way == [
        *(["forward", name] for name in names),
        *(["backward", name] for name in reversed(names)),
        ["update", "conv"],
        ["update", "dense"],
    ]


@pytest.mark.parametrize(("layer", "targets"), [("conv", 36), ("pool", 9), ("dense", 3)])
def test_a_number_depends_on_the_outlined_ones_and_on_no_other(step, layer, targets):
    place = {"conv": 0, "pool": 2, "dense": 5}[layer]
    model = network(np.random.default_rng(0), 0, "none")
    x = np.random.default_rng(1).normal(
        size={"conv": (1, 1, 8, 8), "pool": (1, 2, 6, 6)}.get(layer, (1, 18))
    )
    y = model[place](x)
    changed = [set() for _ in range(y.size)]
    for n in range(x.size):
        moved = x.copy()
        moved.flat[n] += 10
        for m in np.flatnonzero(model[place](moved) != y):
            changed[m].add(n)
    s = state(phase="forward", layer=layer)
    told = step(*(["tellAt", s, "y", n] for n in range(targets)))
    assert [set(each["lit"]["x"]) for each in told] == changed[:targets]


def test_a_pixel_lights_up_the_outputs_that_read_it(step):
    s = state(phase="forward", layer="conv")
    [told] = step(["tellAt", s, "x", 0])
    assert told["lit"] == {"y": [0]}
    assert told["text"].endswith("It goes into one number, which is outlined.")


@pytest.mark.parametrize("bug", BUGS)
def test_every_cell_of_every_moment_has_its_sentence(step, bug):
    settings = [state(**moment, bug=bug, steps=2, channel=2) for moment in moments()]
    scenes = step(*(["sceneAt", s] for s in settings))
    calls = [
        ["tellAt", s, pane["key"], pane["first"] + n]
        for s, scene in zip(settings, scenes, strict=True)
        for pane in scene["panes"]
        for n in range(pane["h"] * pane["w"])
    ]
    for call, told in zip(calls, step(*calls), strict=True):
        assert told["text"].endswith((".", ". ")), call
        assert not any(word in told["text"] for word in ("NaN", "undefined", "null")), told


@pytest.mark.parametrize(
    ("bug", "moment"),
    [
        ("lost_gradient", ("backward", "pool")),
        ("wrong_order", ("backward", "flatten")),
        ("no_rescale", ("forward", "dropout")),
        ("no_mean", ("backward", "loss")),
        ("no_zero_grad", ("update", "conv")),
        ("no_zero_grad", ("backward", "dense")),
    ],
)
def test_a_bug_is_told_where_it_is_seen(step, bug, moment):
    s = state(phase=moment[0], layer=moment[1], bug=bug, steps=3)
    [scene] = step(["sceneAt", s])
    [pane] = [each for each in scene["panes"] if each["key"] == scene["target"][0]]
    cells = range(pane["first"], pane["first"] + pane["h"] * pane["w"])
    told = step(*(["tellAt", s, pane["key"], n] for n in cells))
    assert any(" The bug: it should be " in each["text"] for each in told)


def test_behind_a_relu_a_maximum_that_starts_at_0_changes_no_weight(step):
    healthy, buggy = step(["train", 0.2, "none", 10], ["train", 0.2, "zero_start", 10])
    assert [each["weights"] for each in buggy] == [each["weights"] for each in healthy]


def test_a_maximum_that_starts_at_0_is_seen_in_the_gradient_of_the_pool_alone(step):
    seen = set()
    for moment in moments():
        s = state(**moment, bug="zero_start", steps=3)
        [scene] = step(["sceneAt", s])
        calls = [
            ["tellAt", s, pane["key"], pane["first"] + n]
            for pane in scene["panes"]
            for n in range(pane["h"] * pane["w"])
        ]
        if any("The bug: it should be" in each["text"] for each in step(*calls)):
            seen.add((moment["phase"], moment["layer"]))
    assert seen == {("backward", "pool")}


def test_numbers_in_cells_are_short(step):
    values = [0, 1, -1, 0.5, 0.004, -0.04, 0.996, 1.26, -12.3, 2500.7]
    wanted = ["0", "1", "−1", ".50", ".00", "−.04", "1.0", "1.3", "−12", "3e3"]
    assert step(*(["cellText", v] for v in values)) == wanted


def test_a_link_carries_the_whole_state(step):
    s = state(phase="update", layer="dense", bug="no_mean", rate=0.5, steps=7, digit=7, at=(4, 8))
    [text] = step(["encodeState", s])
    assert step(["decodeState", text]) == [s]


@pytest.mark.parametrize(
    ("old", "new"),
    [("dense", "pool"), ("steps=7", "steps=41"), ("rate=0.5", "rate=3"), ("4.8", "4.9")],
)
def test_a_link_to_what_cannot_be_is_refused(step, old, new):
    s = state(phase="update", layer="dense", rate=0.5, steps=7, at=(4, 8))
    [text] = step(["encodeState", s])
    assert step(["decodeState", text.replace(old, new)]) == [None]


def test_of_equal_numbers_only_the_first_is_told_to_win(step):
    s = state(digit=4)  # the window in rows 3 and 4, columns 3 and 4 holds zeros
    places = [2 * 6 + 2, 2 * 6 + 3, 3 * 6 + 2, 3 * 6 + 3]
    told = [each["text"] for each in step(*(["tellAt", s, "gx", n] for n in places))]
    assert "the largest of its window, the first of 4 equal ones" in told[0]
    assert all("which came first. It gets 0" in text for text in told[1:])
