"""The explorer of removals: pools against each way to take them out, all else equal. Chapter 8."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from cnnlab import claims, experiments, nn
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.claims.rules import ENOUGH, Finding, Rule
from cnnlab.experiments import Record, removals
from cnnlab.statistics import Interval, corrected_interval, decide, mean_interval
from cnnlab.widgets.base import Checked, PageWidget, StateError
from cnnlab.widgets.values import choice, small_int

with needed("widgets", by="cnnlab.widgets"):
    import traitlets

WHO = "RemovalsExplorer"
QUANTITY = "test_accuracy"
STUCK = 0.15  # an accuracy below it is that of guessing one of ten classes

#: What may be held equal, and how a sentence says it.
HELD = {
    "epochs": "after equally many epochs",
    "parameters": "at equal parameters",
    "macs": "at about equal multiply-accumulates",
    "time": "trained for the same time",
}
#: The same at the beginning of a sentence, of what cannot always be held equal.
LABELS = {"parameters": "Parameters", "macs": "MACs", "time": "Time"}
#: Largest part by which two costs may differ and still count as equal.
TOLERANCE = {"parameters": 0.01, "macs": 0.15, "pace": 0.02}
COSTS = {
    "parameters": "parameters",
    "macs": "multiply-accumulates",
    "pace": "time of a step",
}

#: Label, name in a sentence, whose colour and mark, whether the mark is filled.
ARMS = {
    "max": ("max pools", "max pooling", "max", True),
    "avg": ("average pools", "average pooling", "average", True),
    "none": ("(a) no pools, larger flatten", "no pools and a larger flatten (a)", "none", True),
    "none_squeezed": (
        "(b) no pools, squeezed",
        "no pools and maps squeezed to one channel (b)",
        "none",
        False,
    ),
    "late": ("(c) pooled once, late", "pooling once, at the end (c)", "average", False),
    "stride": ("(d) strides", "convolutions of stride 2 (d)", "stride", True),
    "convstride": (
        "(e) extra convolutions",
        "extra convolutions of stride 2 (e)",
        "stride",
        False,
    ),
    "max_conv": (
        "max pools and extra convolutions",
        "max pooling with extra convolutions",
        "max",
        False,
    ),
    "none_thin": ("(a) with few channels", "no pools and few channels (a)", "none", False),
    "max_gap": ("max pools, global average", "max pooling with a global average", "max", False),
}

#: What people say: the first one is better than any of the others.
SAYINGS = (
    (
        "Pooling improves the accuracy.",
        ("max", "avg"),
        ("none", "none_squeezed", "late", "stride", "convstride"),
    ),
    ("Max pooling is better than average pooling.", ("max",), ("avg",)),
)


@dataclass(frozen=True)
class Images:
    """A kind of images, with the records on it."""

    label: str
    speech: str
    experiment: str
    timed: str | None
    pace: str | None
    size: int
    channels: int
    margin: float


#: Kinds of images; the margins are those of the book's rules on such images.
IMAGES = {
    "photographs": Images(
        "photographs",
        "on small photographs",
        "removals_cifar",
        "equal_time_cifar",
        "photographs_over_max",
        32,
        3,
        0.003,
    ),
    "centred": Images(
        "centred digits",
        "on centred digits",
        "removals_centred",
        "equal_time_centred",
        "digits_over_max",
        28,
        1,
        0.005,
    ),
    "scattered": Images(
        "scattered digits",
        "on scattered digits",
        "removals_scattered",
        "equal_time_scattered",
        "digits_over_max",
        28,
        1,
        0.005,
    ),
    "few": Images(
        "only 200 digits",
        "on 200 digits that fill the image",
        "few_images",
        None,
        None,
        16,
        1,
        0.005,
    ),
}


class RemovalsExplorer(PageWidget):
    """Networks with pools against networks without them, and what is equal between the two.

    Parameters
    ----------
    images : {"photographs", "centred", "scattered", "few"}, default "photographs"
        What was learned: photographs, 1000 digits in the middle of the image or anywhere
        in it, or 200 digits that fill it.
    held : {"epochs", "parameters", "macs", "time"}, default "epochs"
        What a comparison has to hold equal: epochs; besides them parameters, or
        multiply-accumulates; or, instead of epochs, time.
    arms : tuple of two str, default ("max", "none")
        Two of the networks of `cnnlab.experiments.removals`: is the first one better?
    seeds : int, optional
        How many seeds are counted, the first ones, at least 2. All of them if not given.
    anchor : str, optional
        Identifier of the explorer in its page; with it, the page offers a link to the present
        state.

    Raises
    ------
    StateError
        If a value cannot be drawn, or two networks do not have equal what is held equal. It is a
        ``ValueError``, and also raised by an assignment, which then changes nothing.

    Notes
    -----
    In a running notebook `images`, `held`, `arms` and `seeds` are traits: assign to them, or read
    what the reader has chosen. The verdict is that of `cnnlab.claims`: the same rule, the same
    margins, for all pairs, also for those which the ledger does not name.

    Examples
    --------
    >>> RemovalsExplorer("photographs", "epochs", ("max", "late"))
    RemovalsExplorer: photographs, equal epochs, max better than late over 10 seeds: does not hold
    """

    module = "removals.js"

    record = Checked(None).tag(sync=True)
    images = Checked(None).tag(sync=True)
    held = Checked(None).tag(sync=True)
    arms = Checked(None).tag(sync=True)
    seeds = Checked(None).tag(sync=True)

    def __init__(
        self,
        images: str = "photographs",
        held: str = "epochs",
        arms: Sequence[str] = ("max", "none"),
        seeds: int | None = None,
        *,
        anchor: str | None = None,
    ) -> None:
        choice(WHO, "images", images, tuple(IMAGES))
        choice(WHO, "held", held, tuple(HELD))
        if seeds is None:
            seeds = len(_seeds(_runs(images, held)))
        super().__init__(
            record=_content(), images=images, held=held, arms=arms, seeds=seeds, anchor=anchor
        )

    def __repr__(self) -> str:
        """One line: what is compared, and what it comes to."""
        first, second = self.arms
        return (
            f"RemovalsExplorer: {self.images}, equal {self.held}, {first} better than {second} "
            f"over {self.seeds} seeds: {self.decision()}"
        )

    @property
    def _counted(self) -> Record:
        """The rows of the seeds that are counted."""
        runs = _runs(self.images, self.held)
        chosen = set(_seeds(runs)[: self.seeds])
        return Record(runs.header, tuple(row for row in runs.rows if row["seed"] in chosen))

    @property
    def rule(self) -> Rule:
        """The rule that decides whether the first network is better."""
        return Rule(
            self._counted.header["experiment"],
            QUANTITY,
            tuple(self.arms),
            "greater",
            IMAGES[self.images].margin,
            scale=100,
            unit="points",
            splits=_splits(self.images),
        )

    def finding(self) -> Finding:
        """What the rule gives on the seeds that are counted.

        Returns
        -------
        Finding
            Decision, effect and intervals, as in the ledger.
        """
        return self.rule.apply(self._counted)

    def decision(self) -> str:
        """What the rule decides.

        Returns
        -------
        str
            ``"holds"``, ``"does not hold"``, both perhaps with ``" on these data"``, or
            ``"undecided"``; below ten seeds for instance ``"undecided: 4 of 10 runs"``.
        """
        if self.seeds < ENOUGH:
            return f"undecided: {self.seeds} of {ENOUGH} runs"
        found = self.finding()
        return found.decision if found.decision == "undecided" else found.words

    def differences(self) -> Array:
        """Test accuracy of the first network minus that of the second, seed by seed."""
        first, second = self.arms
        return self._counted.differences(first, second, QUANTITY)

    def sentence(self) -> str:
        """Say what is claimed, and what so many seeds make of it, as the explorer does.

        Returns
        -------
        str
            A verdict and the numbers behind it.
        """
        at, margin = IMAGES[self.images], IMAGES[self.images].margin
        first, second = (ARMS[arm][1] for arm in self.arms)
        points = f"{100 * margin:g} points"
        parts = [
            f"{first[0].upper()}{first[1:]} is better than {second} by more than {points}, "
            f"{at.speech}, {HELD[self.held]}: {self.decision()}."
        ]
        differences = self.differences()
        narrow = mean_interval(differences)
        parts.append(
            f"Over {self.seeds} seeds the test accuracy differs by {_signed(narrow.estimate)} "
            f"points, 95 % interval {_signed(narrow.low)} to {_signed(narrow.high)}."
        )
        for arm in self.arms:
            stuck = int(np.sum(self._counted.values(arm, QUANTITY) < STUCK))
            if stuck:
                parts.append(f"In {stuck} of them {ARMS[arm][1]} learned nothing at all.")
        if self.seeds < ENOUGH:
            return " ".join(parts)
        splits = _splits(self.images)
        wide = corrected_interval(differences, *splits) if splits else None
        parts.append(_tail(narrow, margin))
        if wide is not None:
            parts.append(f"For new images it is {_signed(wide.low)} to {_signed(wide.high)}.")
        return " ".join(part for part in parts if part)

    def equal(self) -> str:
        """Say what is equal between the two networks, and what is not.

        Returns
        -------
        str
            One or two sentences.
        """
        return _equal(_content(), self.images, self.held, tuple(self.arms))

    def unheld(self) -> str:
        """Say what cannot be held equal with these images and this first network, and why.

        Returns
        -------
        str
            A sentence for each such thing; empty where all can be held equal.
        """
        return " ".join(
            f"{label} cannot be held equal here: {why}."
            for held, label in LABELS.items()
            if (why := _bar(self.images, held, self.arms[0])) is not None
        )

    def surprises(self) -> list[tuple[str, str, tuple[str, str]]]:
        """List the comparisons in which what people say does not hold, the most contrary first.

        The order is that of the upper ends of the intervals, of those for new images where there
        are any: the further the whole interval lies on the other side, the earlier.

        Returns
        -------
        list of (images, held, arms)
        """
        found = []
        for images in IMAGES:
            for timed in (False, True):
                runs = _runs(images, "time" if timed else "epochs")
                if timed and IMAGES[images].timed not in _recorded():
                    continue
                for _, betters, others in SAYINGS:
                    for pair in ((a, b) for a in betters for b in others):
                        if not {*pair} <= {*runs.arms}:
                            continue
                        d = runs.differences(*pair, QUANTITY)
                        if decide(mean_interval(d), IMAGES[images].margin, "greater") != (
                            "does not hold"
                        ):
                            continue
                        splits = _splits(images)
                        end = (corrected_interval(d, *splits) if splits else mean_interval(d)).high
                        found.append((end, images, _strictest(images, pair, timed), pair))
        found.sort(key=lambda entry: entry[0])
        return [(images, held, pair) for _, images, held, pair in found]

    def fallback(self) -> str:
        """The verdict, what is equal or cannot be, and all comparisons with the first network."""
        first = self.arms[0]
        body = []
        for arm in _runs(self.images, "epochs").arms:
            if arm == first:
                continue
            why = _hindrance(_content(), self.images, self.held, (first, arm))
            cells = [why or "", "", ""]
            if why is None:
                other = RemovalsExplorer(self.images, self.held, (first, arm), self.seeds)
                narrow = mean_interval(other.differences())
                cells = [
                    _signed(narrow.estimate),
                    f"{_signed(narrow.low)} to {_signed(narrow.high)}",
                    other.decision(),
                ]
            row = "".join(f"<td>{html.escape(cell, quote=False)}</td>" for cell in cells)
            body.append(f'<tr><th scope="row">{ARMS[arm][0]}</th>{row}</tr>\n')
        head = "".join(
            f'<th scope="col">{name}</th>'
            for name in ("other network", "difference", "95 % interval", "better?")
        )
        told = (self.sentence(), self.equal(), self.unheld())
        words = html.escape(" ".join(text for text in told if text), quote=False)
        return (
            '<div class="cnn-still cnn-removals-still">\n'
            f"<p>{words}</p>\n<table>\n<caption>Test accuracy with {ARMS[first][1]} minus that of "
            f"others, in points, {IMAGES[self.images].speech}, {HELD[self.held]}</caption>\n"
            f"<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{''.join(body)}</tbody>\n</table>\n</div>"
        )

    @traitlets.validate("record")
    def _check_record(self, proposal: Any) -> dict[str, Any]:
        if proposal["value"] != _content():
            raise StateError(
                f"{WHO}(record): the runs are those of the book; for other runs there is "
                "RunsExplorer(experiment)."
            )
        return _content()

    @traitlets.validate("images")
    def _check_images(self, proposal: Any) -> str:
        images = choice(WHO, "images", proposal["value"], tuple(IMAGES))
        self._check_whole(images, self.held, self.arms, self.seeds)
        return images

    @traitlets.validate("held")
    def _check_held(self, proposal: Any) -> str:
        held = choice(WHO, "held", proposal["value"], tuple(HELD))
        self._check_whole(self.images, held, self.arms, self.seeds)
        return held

    @traitlets.validate("arms")
    def _check_arms(self, proposal: Any) -> tuple[str, str]:
        first, second = _two(proposal["value"])
        self._check_whole(self.images, self.held, (first, second), self.seeds)
        return first, second

    @traitlets.validate("seeds")
    def _check_seeds(self, proposal: Any) -> int:
        self._check_whole(self.images, self.held, self.arms, proposal["value"])
        return int(proposal["value"])

    def _check_whole(self, images: str, held: str, arms: Any, seeds: Any) -> None:
        """Refuse two networks without runs, or without equality in what is held equal."""
        if held == "time" and IMAGES[images].timed not in _recorded():
            raise StateError(
                f"{WHO}(images={images!r}, held='time'): no such runs. Choose held='epochs'."
            )
        runs = _runs(images, held)
        first, second = (choice(WHO, "arms", arm, runs.arms) for arm in _two(arms))
        if first == second:
            raise StateError(
                f"{WHO}(arms={(first, second)!r}): needed two different arms. A network does not "
                "differ from itself."
            )
        if (why := _hindrance(_content(), images, held, (first, second))) is not None:
            raise StateError(
                f"{WHO}(held={held!r}, arms={(first, second)!r}): the second network has {why} of "
                "the first. Choose held='epochs', or another pair."
            )
        small_int(WHO, "seeds", seeds, (2, len(_seeds(runs))))


def _two(arms: Any) -> tuple[Any, Any]:
    """Take two names, or say that two are needed."""
    if isinstance(arms, str) or not isinstance(arms, Sequence) or len(arms) != 2:
        raise StateError(f"{WHO}(arms={arms!r}): needed the names of two arms.")
    return arms[0], arms[1]


def _seeds(runs: Record) -> tuple[int, ...]:
    return runs.seeds(runs.arms[0])


@cache
def _recorded() -> frozenset[str]:
    """Names of the experiments that have ten seeds or more of each arm."""
    names = {name for kind in IMAGES.values() for name in (kind.experiment, kind.timed) if name}
    complete = set()
    for name in names:
        try:
            runs = experiments.load(name).paired()
        except FileNotFoundError:
            continue
        if runs.rows and len(_seeds(runs)) >= ENOUGH:
            complete.add(name)
    return frozenset(complete)


@cache
def _loaded(name: str) -> Record:
    return experiments.load(name).paired()


def _runs(images: str, held: str) -> Record:
    """The rows of a kind of images; without runs at equal time, those after equal epochs."""
    kind = IMAGES[images]
    if held == "time" and kind.timed is not None and kind.timed in _recorded():
        return _loaded(kind.timed)
    return _loaded(kind.experiment)


def _splits(images: str) -> tuple[int, int] | None:
    """Training and test images where the seeds split the same images."""
    configuration = _runs(images, "epochs").header["configuration"]
    return (configuration["train"], configuration["test"]) if "test" in configuration else None


@cache
def _content() -> dict[str, Any]:
    """What the page has to know: names, rules, costs, networks and accuracies, as recorded."""
    return {
        "enough": ENOUGH,
        "stuck": STUCK,
        "order": {"arms": list(ARMS), "images": list(IMAGES)},  # a page sorts what has names
        "held": HELD,
        "costs": [[name, words, TOLERANCE[name]] for name, words in COSTS.items()],
        "arms": {
            arm: [label, speech, rule, filled]
            for arm, (label, speech, rule, filled) in ARMS.items()
        },
        "sayings": [[words, list(first), list(others)] for words, first, others in SAYINGS],
        "images": {name: _of_images(name) for name in IMAGES},
    }


def _of_images(name: str) -> dict[str, Any]:
    kind = IMAGES[name]
    runs = _runs(name, "epochs")
    configuration = runs.header["configuration"]
    splits = _splits(name)
    return {
        "label": kind.label,
        "speech": kind.speech,
        "train": configuration["train"],
        "image": [kind.channels, kind.size],
        "margin": kind.margin,
        "splits": list(splits) if splits else None,
        "networks": {
            arm: [
                int(runs.values(arm, "parameters")[0]),
                int(runs.values(arm, "macs")[0]),
                _pace(kind, arm),
                stages(arm, kind.size, kind.channels, configuration),
            ]
            for arm in runs.arms
        },
        "runs": _shares(runs, configuration["epochs"], kind.margin),
        "timed": (
            _shares(_loaded(kind.timed), None, kind.margin) if kind.timed in _recorded() else None
        ),
    }


def _shares(runs: Record, epochs: int | None, margin: float) -> dict[str, Any]:
    """Accuracies by arm and seed, in millionths, which is how finely they are recorded."""
    arms = runs.arms
    own = runs.header["configuration"]["epochs"]
    return {
        "epochs": {arm: own[arm] for arm in arms} if epochs is None else epochs,
        "values": {arm: _millionths(runs.values(arm, QUANTITY)) for arm in arms},
        "rules": _rules(runs.header["experiment"], margin),
    }


def _millionths(values: Array) -> list[float]:
    """As whole numbers, where six digits behind the point are all that there are."""
    exact: list[float] = np.round(1e6 * values, 3).tolist()
    return [int(v) if v == int(v) else v for v in exact]


@cache
def _rules(experiment: str, margin: float) -> list[str]:
    """List the pairs that the ledger asks about, whether the first one is better by a margin."""
    rules = (part.rule for claim in claims.ledger() for part in claim.parts)
    return [
        " ".join(rule.arms)
        for rule in rules
        if rule is not None
        and (rule.experiment, rule.quantity, rule.direction) == (experiment, QUANTITY, "greater")
        and (len(rule.arms), rule.margin) == (2, margin)
    ]


@cache
def _median_paces() -> dict[str, dict[str, float]]:
    """Time of a step over that of max pooling, by column and arm."""
    paces = experiments.load("removals_pace")
    columns = {kind.pace for kind in IMAGES.values() if kind.pace}
    return {
        column: {arm: round(float(np.median(paces.values(arm, column))), 3) for arm in paces.arms}
        for column in sorted(columns)
    }


def _pace(kind: Images, arm: str) -> float | None:
    return None if kind.pace is None else _median_paces()[kind.pace].get(arm)


def stages(arm: str, size: int, channels: int, configuration: Any) -> str:
    """List what a network does, as ``"conv 8 28,max 8 14,..."``: word, channels, side of the maps.

    Parameters
    ----------
    arm : str
        A key of `removals.ARMS`.
    size, channels : int
        Of the images.
    configuration : mapping
        Of the record: the widths.

    Returns
    -------
    str
        One stage for each layer but the ReLUs, and last the flatten: ``"flatten 784 1"``.

    Examples
    --------
    >>> stages("stride", 8, 1, {"channels": [2, 3, 3]})
    'stride 2 4,stride 3 2,conv 3 2,flatten 12 1'
    """
    model = removals.build(arm, size, channels, configuration, np.random.default_rng(0))
    x = np.zeros((1, channels, size, size), dtype=np.float32)
    found = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.ReLU | nn.Linear):
            continue
        side = x.shape[2] if x.ndim == 4 else 1
        found.append(f"{_word(layer)} {x.shape[1]} {side}")
    return ",".join(found)


def _word(layer: nn.Module) -> str:
    """What a layer is called in the drawing."""
    if isinstance(layer, nn.Conv2d):
        kernel, stride, dilation = (
            np.max(size) for size in (layer.kernel_size, layer.stride, layer.dilation)
        )
        if kernel == 1:
            return "squeeze"
        if kernel == 2:
            return "learned" if stride == 2 else "extra"
        return "stride" if stride == 2 else f"spread{dilation}" if dilation > 1 else "conv"
    if isinstance(layer, nn.MaxPool2d):
        return "max"
    return "flatten" if isinstance(layer, nn.Flatten) else "average"


def _costs(content: dict[str, Any], images: str, pair: Sequence[str]) -> dict[str, float]:
    """What the second network costs, over what the first one does; times only where known."""
    first, second = (content["images"][images]["networks"][arm] for arm in pair)
    return {
        name: second[index] / first[index]
        for index, (name, _, _) in enumerate(content["costs"])
        if first[index] and second[index]
    }


def _hindrance(content: dict[str, Any], images: str, held: str, pair: Sequence[str]) -> str | None:
    """Why a pair cannot be compared, as ``"11 times the parameters"``; None if it can."""
    if not {*pair} <= {*_runs(images, held).arms}:
        return "not run at equal time"
    if held not in ("parameters", "macs"):
        return None
    ratio = _costs(content, images, pair)[held]
    return None if abs(ratio - 1) <= TOLERANCE[held] else f"{_ratio(ratio)} times the {COSTS[held]}"


def _bar(images: str, held: str, first: str) -> str | None:
    """Why something cannot be held equal with a first network, whatever the second; else None."""
    kind = IMAGES[images]
    if held == "time" and kind.timed not in _recorded():
        return f"{kind.speech}, the networks were run for equally many epochs only"
    if held == "time" and first not in _runs(images, held).arms:
        return "the first network was run for equally many epochs only"
    others = (arm for arm in _runs(images, "epochs").arms if arm != first)
    if any(_hindrance(_content(), images, held, (first, arm)) is None for arm in others):
        return None
    return "no other network has about as many as the first"


def _strictest(images: str, pair: Sequence[str], timed: bool) -> str:
    """What is held equal in a pair, the strictest there is."""
    if timed:
        return "time"
    fitting = (h for h in ("parameters", "macs") if not _hindrance(_content(), images, h, pair))
    return next(fitting, "epochs")


def _equal(content: dict[str, Any], images: str, held: str, pair: Sequence[str]) -> str:
    """Name what is equal between two networks, then what is not."""
    at = content["images"][images]
    runs = at["timed" if held == "time" else "runs"]
    same, other = [f"{at['train']} training images", "order of batches"], []
    if held == "time":
        same.append("time of training")
        epochs = [runs["epochs"][arm] for arm in pair]
        if epochs[0] == epochs[1]:
            same.append(f"{epochs[0]} epochs")
        else:
            other.append(f"{epochs[1]} epochs against {epochs[0]}")
    else:
        same.append(f"{runs['epochs']} epochs")
    for name, ratio in _costs(content, images, pair).items():
        if abs(ratio - 1) <= TOLERANCE[name]:
            same.append(COSTS[name])
        else:
            other.append(f"{_ratio(ratio)} times the {COSTS[name]}")
    unequal = f" Not equal: the second has {', '.join(other)}." if other else ""
    return f"Equal: {', '.join(same)}.{unequal}"


def _tail(narrow: Interval, margin: float) -> str:
    """What an interval says beyond the verdict."""
    if decide(narrow, margin, "less") == "holds":
        return "The opposite holds."
    if decide(narrow, margin, "equal") == "holds":
        return "The two are equal within the margin."
    if decide(narrow, margin, "greater") == "does not hold":
        return "It is equal or worse; which of the two is open."
    if decide(narrow, margin, "greater") == "undecided" and narrow.low > -margin:
        return "That it is worse by as much is ruled out."
    return ""


def _signed(value: float) -> str:
    """Text of a difference in points, with its sign, as the ledger writes it.

    >>> _signed(0.0123), _signed(-0.00001)
    ('+1.23', '+0.00')
    """
    return f"{100 * value:+z.2f}".replace("-", "−")


def _ratio(value: float) -> str:
    """Text of a quotient, with two digits that count.

    >>> _ratio(11.3), _ratio(2.093), _ratio(0.4747)
    ('11', '2.1', '0.47')
    """
    digits = 0 if value >= 10 else 1 if value >= 1 else 2
    rounded = math.floor(value * 10**digits + 0.5) / 10**digits
    return f"{rounded:.{digits}f}"
