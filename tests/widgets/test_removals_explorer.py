"""The Python side of the explorer of removals."""

import json
import re
from functools import cache
from itertools import permutations

import pytest

from cnnlab import claims, experiments
from cnnlab.widgets import RemovalsExplorer, StateError
from cnnlab.widgets import removals as module

SETTINGS = [
    (images, held)
    for images, kind in module.IMAGES.items()
    for held in module.HELD
    if held != "time" or kind.timed in module._recorded()
]


def comparable(images, held):
    """All pairs of arms that have equal what is held equal, in both orders."""
    arms = module._runs(images, held).arms
    content = module._content()
    return [
        pair
        for pair in permutations(arms, 2)
        if module._hindrance(content, images, held, pair) is None
    ]


@cache
def every_explorer():
    return [
        RemovalsExplorer(images, held, pair)
        for images, held in SETTINGS
        for pair in comparable(images, held)
    ]


def rules_of_the_book():
    """Parts of claims on the experiments that the explorer shows, with their settings."""
    shown = {}
    for images, kind in module.IMAGES.items():
        shown[kind.experiment] = (images, "epochs")
        if kind.timed in module._recorded():
            shown[kind.timed] = (images, "time")
    return [
        (part, shown[part.rule.experiment])
        for claim in claims.ledger()
        for part in claim.parts
        if part.rule is not None
        and part.rule.experiment in shown
        and part.rule.quantity == "test_accuracy"
        and part.rule.direction == "greater"
        and len(part.rule.arms) == 2
        and part.rule.margin == module.IMAGES[shown[part.rule.experiment][0]].margin
    ]


def test_every_part_of_the_ledger_on_these_runs_is_decided_alike():
    parts = rules_of_the_book()
    for part, (images, held) in parts:
        found = RemovalsExplorer(images, held, part.rule.arms).finding()
        assert found == part.finding, part.states
    assert len(parts) > 30


def test_the_margins_and_splits_are_those_of_the_claim_of_the_chapter():
    claim = next(c for c in claims.ledger() if c.name == "pooling-improves-accuracy")
    asked = {(part.rule.experiment, part.rule.arms) for part in claim.parts}
    shown = [(p, at) for p, at in rules_of_the_book() if (p.rule.experiment, p.rule.arms) in asked]
    for part, (images, held) in shown:
        rule = RemovalsExplorer(images, held, part.rule.arms).rule
        assert (rule.margin, rule.splits) == (part.rule.margin, part.rule.splits)
    assert len(shown) > 30


def test_the_sentence_quotes_the_numbers_of_the_ledger_for_every_pair():
    for explorer in every_explorer():
        found = explorer.finding()
        mean, low, high = re.fullmatch(r"(\S+) points \[(\S+), (\S+)\]", found.effect).groups()
        text = explorer.sentence()
        assert f"{mean} points, 95 % interval {low} to {high}." in text
        assert f": {explorer.decision()}." in text
        assert bool(found.for_new_images) == ("For new images" in text)


def test_a_verdict_and_that_of_the_pair_the_other_way_round_do_not_both_hold():
    said = {
        (e.images, e.held, e.arms): e.decision().removesuffix(" on these data")
        for e in every_explorer()
    }
    for (images, held, (a, b)), decision in said.items():
        if decision == "holds":
            assert said.get((images, held, (b, a)), "does not hold") == "does not hold"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.03, -0.02, "The opposite holds."),
        (-0.002, 0.003, "The two are equal within the margin."),
        (-0.03, 0.003, "It is equal or worse; which of the two is open."),
        (0.003, 0.03, "That it is worse by as much is ruled out."),
        (-0.03, 0.03, ""),
        (0.02, 0.03, ""),
    ],
)
def test_what_an_interval_says_beyond_the_verdict(low, high, words):
    interval = module.Interval((low + high) / 2, low, high, 10)
    assert module._tail(interval, 0.01) == words


def test_what_is_held_equal_is_nearly_equal_in_the_records():
    tolerance = {"parameters": 1.01, "macs": 1.18}
    for explorer in every_explorer():
        if explorer.held in tolerance:
            runs = module._runs(explorer.images, explorer.held)
            a, b = (float(runs.values(arm, explorer.held)[0]) for arm in explorer.arms)
            assert max(a, b) / min(a, b) <= tolerance[explorer.held]


def test_deleting_the_pools_alone_is_no_comparison_at_equal_parameters():
    with pytest.raises(StateError, match="the second network has 12 times the parameters of"):
        RemovalsExplorer("photographs", "parameters", ("max", "none"))


def test_what_is_equal_and_what_is_not_is_said():
    assert RemovalsExplorer("centred", "parameters", ("max", "late")).equal() == (
        "Equal: 1000 training images, order of batches, 25 epochs, parameters. Not equal: the "
        "second has 6.9 times the multiply-accumulates, 2.5 times the time of a step."
    )


def test_at_equal_time_the_epochs_are_named():
    text = RemovalsExplorer("photographs", "time", ("max", "stride")).equal()
    assert text.startswith("Equal: 5000 training images, order of batches, time of training,")
    assert "41 epochs against 16" in text


def test_a_run_that_learned_nothing_is_named():
    text = RemovalsExplorer("scattered", "time", ("max", "convstride")).sentence()
    assert "In 1 of them extra convolutions of stride 2 (e) learned nothing at all." in text
    assert "learned nothing" not in RemovalsExplorer("scattered").sentence()


def test_the_surprises_are_comparisons_in_which_the_saying_does_not_hold():
    surprises = RemovalsExplorer().surprises()
    ends = []
    for images, held, arms in surprises:
        found = RemovalsExplorer(images, held, arms)
        assert found.decision().startswith("does not hold")
        splits = module._splits(images)
        interval = module.corrected_interval if splits else module.mean_interval
        ends.append(interval(found.differences(), *(splits or ())).high)
    assert ends == sorted(ends)
    assert len(surprises) >= 5


def test_the_drawn_layers_are_those_of_the_networks_that_were_run():
    for kind in module.IMAGES.values():
        runs = experiments.load(kind.experiment)
        configuration = runs.header["configuration"]
        for arm in runs.arms:
            text = module.stages(arm, kind.size, kind.channels, configuration)
            *layers, (_, features, _) = (stage.split(" ") for stage in text.split(","))
            counted, width = 0, kind.channels
            for word, channels, _ in layers:
                taps = {"squeeze": 1, "learned": 4, "extra": 4, "max": 0, "average": 0}.get(word, 9)
                counted += taps and (taps * width + 1) * int(channels)
                width = int(channels)
            counted += 10 * (int(features) + 1)
            assert counted == runs.values(arm, "parameters")[0], (kind.label, arm)


def test_the_accuracies_are_carried_as_they_were_recorded():
    content = module._content()
    for name, kind in module.IMAGES.items():
        runs = experiments.load(kind.experiment)
        for arm, values in content["images"][name]["runs"]["values"].items():
            assert [v / 1e6 for v in values] == runs.values(arm, "test_accuracy").tolist()


def test_the_widget_is_small():
    explorer = RemovalsExplorer()
    assert len(explorer.to_html().encode()) < 16_000
    assert len(json.dumps(explorer.record, separators=(",", ":"))) < 15_000


def test_fewer_seeds_are_the_first_ones_and_decide_nothing():
    explorer = RemovalsExplorer("photographs", "epochs", ("max", "none"), seeds=4)
    every = RemovalsExplorer("photographs", "epochs", ("max", "none")).differences()
    assert explorer.differences().tolist() == every[:4].tolist()
    assert explorer.decision() == "undecided: 4 of 10 runs"


def test_the_fallback_tells_the_verdict_and_has_a_row_for_each_other_network():
    explorer = RemovalsExplorer("scattered", "parameters", ("max", "late"))
    page = explorer.fallback()
    assert explorer.sentence() in page
    assert explorer.equal() in page
    assert page.count('<th scope="row">') == 9
    assert "<td>11 times the parameters</td>" in page


ONLY_EPOCHS = (
    "Time cannot be held equal here: on 200 digits that fill the image, the networks were run for "
    "equally many epochs only."
)


def test_where_everything_can_be_held_equal_nothing_is_said():
    assert RemovalsExplorer().unheld() == ""


@pytest.mark.parametrize(
    ("images", "arms", "words"),
    [
        ("few", ("max", "none"), ONLY_EPOCHS),
        (
            "few",
            ("stride", "max"),
            "MACs cannot be held equal here: no other network has about as many as the first. "
            + ONLY_EPOCHS,
        ),
        (
            "scattered",
            ("none_thin", "max"),
            "Parameters cannot be held equal here: no other network has about as many as the "
            "first. Time cannot be held equal here: the first network was run for equally many "
            "epochs only.",
        ),
    ],
)
def test_what_cannot_be_held_equal_is_said_with_the_reason(images, arms, words):
    explorer = RemovalsExplorer(images, "epochs", arms)
    assert explorer.unheld() == words
    assert f" {words}</p>" in explorer.fallback()


def test_what_cannot_be_held_equal_is_what_no_second_network_fits():
    fitting = {
        (images, held, first) for images, held in SETTINGS for first, _ in comparable(images, held)
    }
    for explorer in every_explorer():
        for held, label in module.LABELS.items():
            barred = f"{label} cannot be held equal" in explorer.unheld()
            assert barred == ((explorer.images, held, explorer.arms[0]) not in fitting)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": "cifar"}, "(images='cifar'): needed 'photographs', 'centred'"),
        ({"held": "seconds"}, "(held='seconds'): needed 'epochs', 'parameters', 'macs' or 'time'"),
        ({"images": "few", "held": "time"}, "(images='few', held='time'): no such runs."),
        ({"arms": "max"}, "(arms='max'): needed the names of two arms."),
        ({"arms": ("max", "max")}, "(arms=('max', 'max')): needed two different arms."),
        ({"arms": ("max", "maximum")}, "(arms='maximum'): needed 'max', 'avg'"),
        ({"images": "few", "arms": ("max", "max_gap")}, "(arms='max_gap'): needed 'max', 'avg'"),
        ({"seeds": 1}, "(seeds=1): needed an int from 2 to 10."),
        ({"seeds": "all"}, "(seeds='all'): got a str, needed an int"),
        ({"held": "macs", "arms": ("max", "late")}, "(held='macs', arms=('max', 'late')): the"),
        ({"anchor": "my runs"}, "(anchor='my runs'): needed letters, digits and hyphens"),
    ],
)
def test_a_state_that_cannot_be_drawn_is_refused_in_words(arguments, message):
    with pytest.raises(ValueError, match=re.escape(f"RemovalsExplorer{message}")):
        RemovalsExplorer(**arguments)


def test_a_refused_assignment_changes_nothing():
    explorer = RemovalsExplorer("photographs", "epochs", ("max", "none"))
    with pytest.raises(StateError):
        explorer.held = "parameters"
    assert explorer.held == "epochs"


def test_the_runs_of_the_explorer_stay_what_they_are():
    with pytest.raises(StateError, match="the runs are those of the book"):
        RemovalsExplorer().record = {}


def test_what_the_page_sends_becomes_the_state():
    explorer = RemovalsExplorer()
    sent = {"images": "few", "held": "parameters", "arms": ["avg", "late"], "seeds": 30}
    explorer.set_state(sent)
    wanted = RemovalsExplorer("few", "parameters", ("avg", "late"))
    assert explorer.sentence() == wanted.sentence()
