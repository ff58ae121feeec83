"""Exercises of chapter 11, *What is the honest answer?* NumPy is enough.

>>> from cnnlab.exercises import ch11
>>> for exercise in ch11.EXERCISES:
...     print(exercise.name, "->", exercise.answer_name)
ch11.score -> my_score
ch11.falsifiable -> my_rule
ch11.settled -> my_settled
ch11.flips -> my_flips

One of them asks for a rule that decides a claim on an experiment that was never made. Its arms and
what it would measure stand in two tables:

>>> sorted(ch11.ARMS)
['large', 'large_shifted', 'large_tuned', 'small']
>>> ch11.QUANTITIES["gap"]
'training minus test accuracy, fraction'
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.exercises.core import Exercise, NotAttempted, NotYet, WrongAnswer, compare, show
from cnnlab.statistics import Interval, decide, t_quantile

__all__ = ["ARMS", "EXERCISES", "QUANTITIES", "falsifiable", "flips", "score", "settled"]

# -- 1. A score, and what it is worth ---------------------------------------------------------


def _my_score(guesses: Array, verdicts: Array) -> tuple[int, int]:
    """How many guesses are right, and how many the same verdict for all would have got right."""
    guessed = guesses >= 0  # -1 stands for a claim that was left out
    right = np.sum(guesses[guessed] == verdicts[guessed])
    baseline = np.bincount(verdicts[guessed]).max()
    return int(right), int(baseline)


def _score_by_counting(guesses: Array, verdicts: Array) -> tuple[int, int]:
    """Count one claim after the other."""
    right, counts = 0, [0] * 5
    for guess, verdict in zip(guesses.tolist(), verdicts.tolist(), strict=True):
        if guess >= 0:
            right += int(guess == verdict)
            counts[verdict] += 1
    return right, max(counts)


def _score_cases() -> list[tuple[Array, Array]]:
    """Three claims by hand, then ledgers of up to 60 claims of which some were guessed."""
    cases = [([1], [1]), ([0, -1, -1], [0, 3, 3]), ([0, 0, 0], [2, 2, 1]), ([4, 2], [1, 1])]
    tables = [(np.array(guesses), np.array(verdicts)) for guesses, verdicts in cases]
    rng = np.random.default_rng(11)
    for size in (4, 5, 6, 8, 12, 20, 40, 60):
        for _ in range(3):
            verdicts = rng.choice(5, size=size, p=[0.15, 0.35, 0.2, 0.1, 0.2])
            guesses = np.where(rng.random(size) < 0.7, rng.integers(0, 5, size), -1)
            guesses[0] = 2
            tables.append((guesses, verdicts))
    return tables


def _scored(
    baseline: Callable[[Array, Array], Any],
) -> Callable[[Array, Array], tuple[int, Any]]:
    """Make a score with another second number: the material for wrong answers."""

    def answer(guesses: Array, verdicts: Array) -> tuple[int, Any]:
        g, v = guesses[guesses >= 0], verdicts[guesses >= 0]
        return int(np.sum(g == v)), int(baseline(g, v))

    return answer


def _commonest(values: Array) -> int:
    return int(np.bincount(values).argmax())


_SCORE_WRONG = (
    WrongAnswer(
        "baseline over the whole ledger",
        lambda g, v: (int(np.sum(g == v)), int(np.bincount(v).max())),
        "The first number is right. The second counts claims that were never guessed. Both have to "
        "speak of the same claims, or they cannot be compared.",
    ),
    WrongAnswer(
        "commonest guess",
        _scored(lambda g, v: np.bincount(g).max()),
        "The first number is right. The second is how often the reader said the same thing. Asked "
        "for is how often the same thing would have been right: count the verdicts.",
    ),
    WrongAnswer(
        "the reader's favourite",
        _scored(lambda g, v: np.sum(v == _commonest(g))),
        "The first number is right. The second is what the reader's own favourite would get. "
        "Whoever may say one thing only says the one that comes most often among the verdicts.",
    ),
    WrongAnswer(
        "the verdict and not its number",
        _scored(lambda g, v: _commonest(v)),
        "The first number is right. The second is which verdict comes most often; asked for is how "
        "often it comes.",
    ),
    WrongAnswer(
        "always holds",
        _scored(lambda g, v: np.sum(v == 0)),
        "The first number is right. The second is what “holds” would get for all of them, and that "
        "need not be the verdict that comes most often.",
    ),
    WrongAnswer(
        "always holds with conditions",
        _scored(lambda g, v: np.sum(v == 1)),
        "The first number is right. The second is what “holds with conditions” would get. It is "
        "the commonest verdict in this book, but not in every chapter of it.",
    ),
    WrongAnswer(
        "one in five",
        _scored(lambda g, v: round(len(g) / 5)),
        "The first number is right. The second is what blind guessing would get on average. A "
        "parrot that has looked at the ledger once does better, since verdicts are not equally "
        "frequent.",
    ),
    WrongAnswer(
        "shares",
        lambda g, v: tuple(n / int(np.sum(g >= 0)) for n in _score_by_counting(g, v)),
        "These are shares, and they are right. Asked for are numbers of claims: whether 1 of 2 "
        "or 20 of 40 are right makes a difference.",
    ),
    WrongAnswer(
        "exchanged",
        lambda g, v: _score_by_counting(g, v)[::-1],
        "Both numbers are there and have changed places: first the reader's, then the baseline.",
    ),
    WrongAnswer(
        "claims left out counted as wrong",
        lambda g, v: (int(np.sum(g == v)), _score_by_counting(g, v)[1] + int(np.sum(g < 0))),
        "The first number is right. The second grows with every claim that was left out. Nobody "
        "said anything about those.",
    ),
    WrongAnswer(
        "the first number alone",
        lambda g, v: int(np.sum(g == v)),
        "needed a tuple of 2.",
    ),
)


def _examine_score(answer: Any) -> str:
    n = compare(answer, _score_by_counting, _score_cases(), _SCORE_WRONG)
    return (
        f"All {n} cases agree. Without the second number the first says nothing: where half of all "
        "verdicts are the same, half right is what a parrot gets."
    )


score = Exercise(
    name="ch11.score",
    task=(
        "guess the verdicts before and after reading, and find out what you have learned. "
        "guesses and verdicts are arrays of equal length with one number for each claim: 0 "
        "holds, 1 holds with conditions, 2 does not hold, 3 ill-posed, 4 undecided, and among "
        "the guesses -1 for a claim that was left out. Write my_score(guesses, verdicts): how "
        "many guesses are right, and how many would be right if for each of these claims the "
        "same verdict had been guessed, the best one for this purpose."
    ),
    examine=_examine_score,
    hints=(
        "Which claims count, for the first number and for the second?",
        "Throw away what was left out, in both arrays. The first number compares them place by "
        "place; the second looks at one of them only. At which?",
        "Whoever says the same all the time is right as often as that verdict comes. np.bincount "
        "says how often each number comes; the best choice has the largest count.",
    ),
    wrong_answers=_SCORE_WRONG,
    solved_by=_my_score,
)

# -- 2. A claim that could be false -----------------------------------------------------------

ARMS = {
    "small": "batches of 25 images, learning rate chosen by validation, 40 epochs",
    "large": "batches of 400 images, the learning rate of the small ones, 40 epochs",
    "large_tuned": "batches of 400 images, rate chosen by validation, as many steps as small",
    "large_shifted": "as large_tuned, and the images shifted at random in training",
}
QUANTITIES = {
    "train_accuracy": "accuracy on the training images, fraction",
    "test_accuracy": "accuracy on new images, fraction",
    "gap": "training minus test accuracy, fraction",
    "step_ms": "time of a training step, milliseconds",
}
_DIRECTIONS = ("greater", "less", "equal")
_RULE = {
    "arms": ("small", "large_tuned"),
    "quantity": "test_accuracy",
    "direction": "greater",
    "margin": 0.005,
    "paired": True,
    "seeds": 10,
}
_RULE_STUB = """
my_rule = {
    "arms": ...,  # two of ch11.ARMS; what counts is the first minus the second
    "quantity": ...,  # one of ch11.QUANTITIES
    "direction": ...,  # "greater", "less" or "equal"
    "margin": ...,  # smallest difference that matters, in the unit of the quantity
    "paired": ...,  # True: run 3 of both arms has the same images; False: new ones
    "seeds": ...,  # runs of each arm
}
"""
_RULE_SOLUTION = """
my_rule = {
    "arms": ("small", "large_tuned"),  # each at its own rate, equally many steps
    "quantity": "test_accuracy",  # "generalise" speaks of new images
    "direction": "greater",
    "margin": 0.005,  # half a point: smaller than that, nobody would care
    "paired": True,
    "seeds": 10,
}
"""

_SAYS = {
    "shape": "Two different arms are needed, as a tuple of two names of ch11.ARMS.",
    "no small": "One of the two arms has to have small batches, or nothing is compared with them.",
    "untuned": (
        "The rate suits the small batches, and the large ones make a sixteenth of the steps. "
        "Whatever comes out may be due to either. Give each arm its own rate, and equal steps."
    ),
    "two changes": (
        "Two things differ between these arms: the batch, and the shifted images. If one of them "
        "turns out better, nobody knows why."
    ),
    "train": (
        "The training images are what a network has seen. To generalise is to do well on others: "
        "measure it there."
    ),
    "gap": (
        "A gap can shrink because training gets worse, with new images as they were. The claim "
        "speaks of doing worse on new images: measure that."
    ),
    "time": "Time was not asked for. The claim is about how well the network does on new images.",
    "sign": (
        "With this direction the claim would hold if large batches were the better ones. Put the "
        "arms into the difference, first minus second, and think which sign is claimed."
    ),
    "equal": "The claim says worse. “equal” would hold if it made no difference.",
    "zero": (
        "With a margin of 0 the claim holds as soon as there are enough seeds, for hardly any two "
        "networks are exactly equal. Say from where on it would matter to you."
    ),
    "negative": "A margin is a size: at least 0. The direction says to which side it goes.",
    "points": (
        "This margin is larger than any difference between two decent networks. Accuracies are "
        "fractions here: half a point is 0.005."
    ),
    "unpaired": (
        "Unpaired runs differ in their images as well, and that scatter hides the effect. Pair "
        "them: the same seed for both arms."
    ),
    "seeds": (
        "So few runs give an interval that is as wide as a barn door, or none. This book asks for "
        "ten at least."
    ),
    "many": "More than a thousand trainings of each arm: does anybody have the time?",
}


def _examine_rule(answer: Any) -> str:
    keys = ", ".join(map(repr, _RULE))
    if not isinstance(answer, dict):
        raise NotYet(
            f"The check needs a dict with the keys {keys}; it got {type(answer).__name__}."
        )
    if all(value is ... or value is None for value in answer.values()):
        raise NotAttempted
    missing = [name for name in _RULE if answer.get(name, ...) is ...]
    if missing:
        raise NotYet(f"Still to be chosen: {', '.join(map(repr, missing))}.")
    problem = _about_arms(answer) or _about_measure(answer) or _about_runs(answer)
    if problem:
        raise NotYet(problem)
    return (
        "This can fail: it names two networks that differ in one thing, a measure, a side, a "
        "margin and the runs, and all of it before anybody has seen a result. Whether it holds "
        "is another matter."
    )


def _about_arms(rule: Mapping[str, Any]) -> str:
    arms = rule["arms"]
    if not isinstance(arms, tuple | list) or len(arms) != 2:
        return _SAYS["shape"]
    first, second = arms
    if not all(isinstance(arm, str) and arm in ARMS for arm in arms) or first == second:
        return _SAYS["shape"]
    if "small" not in arms:
        return _SAYS["no small"]
    if "large" in arms:
        return _SAYS["untuned"]
    return _SAYS["two changes"] if "large_shifted" in arms else ""


def _about_measure(rule: Mapping[str, Any]) -> str:
    quantity, direction, margin = rule["quantity"], rule["direction"], rule["margin"]
    if not isinstance(quantity, str) or quantity not in QUANTITIES:
        return f"The quantity is {show(quantity)}, needed one of {', '.join(QUANTITIES)}."
    wrong = {"train_accuracy": "train", "gap": "gap", "step_ms": "time"}
    if quantity in wrong:
        return _SAYS[wrong[quantity]]
    if not isinstance(direction, str) or direction not in _DIRECTIONS:
        return f"The direction is {show(direction)}, needed 'greater', 'less' or 'equal'."
    if direction == "equal":
        return _SAYS["equal"]
    if (direction == "greater") != (rule["arms"][0] == "small"):
        return _SAYS["sign"]
    if isinstance(margin, bool) or not isinstance(margin, int | float) or margin != margin:
        return f"The margin is {show(margin)}, needed a number."
    if margin < 0:
        return _SAYS["negative"]
    if margin == 0:
        return _SAYS["zero"]
    return _SAYS["points"] if margin > 0.1 else ""


def _about_runs(rule: Mapping[str, Any]) -> str:
    paired, seeds = rule["paired"], rule["seeds"]
    if not isinstance(paired, bool):
        return f"The entry 'paired' is {show(paired)}, needed True or False."
    if not paired:
        return _SAYS["unpaired"]
    if isinstance(seeds, bool) or not isinstance(seeds, int):
        return f"The entry 'seeds' is {show(seeds)}, needed a whole number."
    if seeds < 10:
        return _SAYS["seeds"]
    return _SAYS["many"] if seeds > 1000 else ""


def _wrong_rule(name: str, says: str, **changed: Any) -> WrongAnswer:
    return WrongAnswer(name, _RULE | changed, _SAYS[says])


_RULE_WRONG = (
    _wrong_rule("one arm twice", "shape", arms=("small", "small")),
    _wrong_rule("no small batches", "no small", arms=("large", "large_tuned")),
    _wrong_rule("a rival at a rate of others", "untuned", arms=("small", "large")),
    _wrong_rule("two changes at once", "two changes", arms=("small", "large_shifted")),
    _wrong_rule("measured on training images", "train", quantity="train_accuracy"),
    _wrong_rule("the gap", "gap", quantity="gap", direction="less"),
    _wrong_rule("the time", "time", quantity="step_ms"),
    _wrong_rule("the other sign", "sign", direction="less"),
    _wrong_rule("equality", "equal", direction="equal"),
    _wrong_rule("no margin", "zero", margin=0),
    _wrong_rule("a negative margin", "negative", margin=-0.005),
    _wrong_rule("margin in points", "points", margin=0.5),
    _wrong_rule("not paired", "unpaired", paired=False),
    _wrong_rule("three seeds", "seeds", seeds=3),
    _wrong_rule("a million seeds", "many", seeds=1_000_000),
    WrongAnswer(
        "one entry missing",
        {key: value for key, value in _RULE.items() if key != "margin"},
        "Still to be chosen: 'margin'.",
    ),
    WrongAnswer("a sentence", "Large batches are worse.", "it got str."),
)

falsifiable = Exercise(
    name="ch11.falsifiable",
    task=(
        "“Networks that are trained with large batches generalise worse.” Make this a sentence "
        "that could turn out to be false. ch11.ARMS lists four ways to train, ch11.QUANTITIES "
        "what can be measured. Fill in my_rule as a rule of the ledger: two arms, what is "
        "measured, which sign is claimed of the first minus the second, the margin, whether runs "
        "are paired, and how many."
    ),
    examine=_examine_rule,
    hints=(
        "Read the four ways to train word by word. Which two differ in the size of the batches, "
        "and in nothing else that could be the reason?",
        "Which of the quantities says how well a network does on what it has not seen? By how much "
        "would it have to differ for you to change your batches? In which unit is that?",
        "Take the one with small batches and the large ones with a rate of their own. First minus "
        "second: if the claim is right, is the accuracy on new images then positive or negative?",
    ),
    wrong_answers=_RULE_WRONG,
    solved_by=_RULE_SOLUTION,
    starts_from=_RULE_STUB,
)

# -- 3. When is it settled? -------------------------------------------------------------------


def _my_settled(differences: Array, margin: float) -> int:
    """Number of runs from which on the verdict "greater than margin" stays what it is at last."""
    from cnnlab import statistics

    verdicts = []
    for n in range(2, len(differences) + 1):
        interval = statistics.mean_interval(differences[:n])
        verdicts.append(statistics.decide(interval, margin, "greater"))
    settled = len(differences)
    while settled > 2 and verdicts[settled - 3] == verdicts[-1]:  # one run earlier
        settled -= 1
    return settled


def _half(some: Array, quantile: float | None = None, ddof: int = 1) -> float:
    """Half the width of the interval of a mean."""
    if quantile is None:
        quantile = t_quantile(0.975, len(some) - 1)
    return float(quantile * some.std(ddof=ddof) / np.sqrt(len(some)))


def _along(differences: Array, margin: float, half: Callable[[Array], float] = _half) -> list[str]:
    """Verdicts after 2, 3, ... runs, from a width of one's own: the material for wrong answers."""
    found = []
    for n in range(2, len(differences) + 1):
        mean, width = differences[:n].mean(), half(differences[:n])
        found.append("holds" if mean - width > margin else "")
        found[-1] = found[-1] or ("does not hold" if mean + width < margin else "undecided")
    return found


def _settled_at(verdicts: Sequence[str]) -> int:
    changes = [n for n in range(1, len(verdicts)) if verdicts[n] != verdicts[n - 1]]
    return 2 + (changes[-1] if changes else 0)


def _settled_by_loops(differences: Array, margin: float) -> int:
    return _settled_at(_along(differences, margin))


def _settled_cases() -> list[tuple[Array, float]]:
    """Differences in points around several means; short ones first."""
    rng = np.random.default_rng(11)
    cases = []
    for n in (4, 5, 6, 8, 10, 12, 20):
        for mean in (-1.5, 0.0, 0.5, 1.0, 2.0, 3.0):
            for margin in (0.0, 0.5):
                cases.append((np.round(mean + 1.2 * rng.standard_normal(n), 2), margin))
    return cases


def _first_decided(differences: Array, margin: float) -> int:
    verdicts = _along(differences, margin)
    return next((n + 2 for n, v in enumerate(verdicts) if v != "undecided"), len(differences))


_SETTLED_WRONG = (
    WrongAnswer(
        "the first decision",
        _first_decided,
        "This is the first number of runs that decides anything. The next run may take it back, "
        "and often does: look from the end, how long the last verdict has been standing.",
    ),
    WrongAnswer(
        "the last run that changed it",
        lambda d, m: _settled_by_loops(d, m) - 1,
        "This is one run too early: there the verdict was still another one, or there was none. "
        "With how many runs did it become what it is?",
    ),
    WrongAnswer(
        "position in the list",
        lambda d, m: _settled_by_loops(d, m) - 2,
        "This is a place in the list of verdicts, which begins with two runs. Asked for is the "
        "number of runs.",
    ),
    WrongAnswer(
        "all runs",
        lambda d, m: len(d),
        "This is the number of all runs. The verdict may have been the same for a while.",
    ),
    WrongAnswer(
        "no margin",
        lambda d, m: _settled_by_loops(d, 0.0),
        "The margin is left out: the verdicts are those against 0.",
    ),
    WrongAnswer(
        "means without intervals",
        lambda d, m: _settled_at(
            ["holds" if d[:n].mean() > m else "does not hold" for n in range(2, len(d) + 1)]
        ),
        "Only the mean is held against the margin. Its interval decides, and as long as the margin "
        "lies in it the verdict is undecided.",
    ),
    WrongAnswer(
        "1.96 in place of t",
        lambda d, m: _settled_at(_along(d, m, lambda some: _half(some, 1.96))),
        "The intervals are too narrow: 1.96 is for very many runs. With few the quantile of t is "
        "larger, 12.7 for two. statistics.mean_interval knows it.",
    ),
    WrongAnswer(
        "spread divided by n",
        lambda d, m: _settled_at(_along(d, m, lambda some: _half(some, ddof=0))),
        "The intervals are a little too narrow: the spread was taken with ddof=0. Around a mean of "
        "the same runs it is divided by n − 1.",
    ),
    WrongAnswer(
        "spread of single runs",
        lambda d, m: _settled_at(
            _along(d, m, lambda some: _half(some) * float(np.sqrt(len(some))))
        ),
        "The intervals do not shrink as runs are added: these are intervals of single runs. That "
        "of the mean is narrower by the root of n.",
    ),
    WrongAnswer(
        "number of changes",
        lambda d, m: sum(a != b for a, b in zip(_along(d, m), _along(d, m)[1:], strict=False)),
        "This is how often the verdict changes. Asked for is how many runs there are when it has "
        "changed for the last time.",
    ),
    WrongAnswer(
        "only whether it holds",
        lambda d, m: _settled_at(["holds" if v == "holds" else "" for v in _along(d, m)]),
        "There are three verdicts, not two: from “undecided” to “does not hold” is a change, too.",
    ),
)


def _peeking(trials: int = 2000, runs: int = 30) -> float:
    """Share of comparisons of equal arms in which someone who looks after each run finds more."""
    d = np.random.default_rng(11).standard_normal((trials, runs))
    n = np.arange(2, runs + 1)
    sums, squares = d.cumsum(axis=1)[:, 1:], (d**2).cumsum(axis=1)[:, 1:]
    spread = np.sqrt((squares - sums**2 / n) / (n - 1))
    half = np.array([t_quantile(0.975, int(k) - 1) for k in n]) * spread / np.sqrt(n)
    return float((sums / n > half).any(axis=1).mean())


def _examine_settled(answer: Any) -> str:
    n = compare(answer, _settled_by_loops, _settled_cases(), _SETTLED_WRONG)
    return (
        f"All {n} cases agree. Whoever looks after every run and stops at the first “holds” fools "
        f"himself: of 2 000 comparisons of two equal arms, with up to 30 runs and no margin, "
        f"{100 * _peeking():.0f} % say “holds” at some point, where 2.5 % should. So the number of "
        "runs is chosen before."
    )


settled = Exercise(
    name="ch11.settled",
    task=(
        "one more seed: does the verdict stand? Write my_settled(differences, margin): from how "
        "many runs on, counted from the first, is the verdict on “greater than margin” the one "
        "that all runs together give, without a break? With two runs at least; "
        "statistics.mean_interval and statistics.decide do the rest."
    ),
    examine=_examine_settled,
    hints=(
        "Which verdict do the first two runs give? The first three? Write the list for a few "
        "differences, and read it from its end.",
        "decide(mean_interval(differences[:n]), margin, 'greater') is the verdict after n runs. "
        "There are three possible ones, and any change counts.",
        "Begin with all runs. As long as one run fewer gives the same verdict as all of them, go "
        "one back. Mind that the list begins with two runs.",
    ),
    wrong_answers=_SETTLED_WRONG,
    solved_by=_my_settled,
)

# -- 4. Another margin ------------------------------------------------------------------------


def _my_flips(intervals: Array, margin: float, other: float) -> int:
    """How many decisions on "greater", of intervals (N, 2), another margin would change."""
    low, high = intervals[:, 0], intervals[:, 1]
    before = 1 * (low > margin) - 1 * (high < margin)  # 1 holds, -1 does not, 0 undecided
    after = 1 * (low > other) - 1 * (high < other)
    return int(np.sum(before != after))


def _decisions(intervals: Array, margin: float) -> list[str]:
    return [decide(Interval((low + high) / 2, low, high, n=10), margin) for low, high in intervals]


def _flips_by_loops(intervals: Array, margin: float, other: float) -> int:
    pairs = zip(_decisions(intervals, margin), _decisions(intervals, other), strict=True)
    return sum(a != b for a, b in pairs)


def _flip_cases() -> list[tuple[Array, float, float]]:
    """A few intervals by hand, then tables of up to 60; no end lies on a margin."""
    cases = [
        (np.array([[0.6, 1.4]]), 0.5, 1.0),
        (np.array([[0.2, 0.8]]), 0.5, 1.0),
        (np.array([[0.6, 0.8]]), 0.5, 1.0),
        (np.array([[0.2, 1.8], [2.2, 3.0], [-1.0, 0.2]]), 0.5, 1.0),
        (np.array([[-1.0, 0.2], [-0.4, 0.7]]), 0.5, 0.1),
    ]
    rng = np.random.default_rng(11)
    for size in (3, 5, 10, 30, 60):
        for margin, other in ((0.5, 1.0), (0.5, 0.25), (1.0, 0.3), (0.5, 2.0)):
            middle, half = rng.normal(0.6, 1.0, size), rng.uniform(0.1, 1.0, size)
            ends = np.round(np.stack([middle - half, middle + half], axis=1), 2) + 0.003
            cases.append((ends, margin, other))
    return cases


def _changed(of: Callable[[Array, float], Any]) -> Callable[[Array, float, float], int]:
    """Count changes of something else than the three decisions: the material for wrong answers."""
    return lambda x, m, o: int(np.sum(np.asarray(of(x, m)) != np.asarray(of(x, o))))


_FLIPS_WRONG = (
    WrongAnswer(
        "means",
        _changed(lambda x, m: x.mean(axis=1) > m),
        "Only the middles of the intervals are held against the margins. An interval that a margin "
        "lies in is undecided, wherever its middle is.",
    ),
    WrongAnswer(
        "only what holds",
        _changed(lambda x, m: x[:, 0] > m),
        "It is counted where “holds” comes or goes. A change from “undecided” to “does not hold” "
        "is one, too.",
    ),
    WrongAnswer(
        "only what does not hold",
        _changed(lambda x, m: x[:, 1] < m),
        "It is counted where “does not hold” comes or goes. A change from “holds” to “undecided” "
        "is one, too.",
    ),
    WrongAnswer(
        "only what is undecided",
        _changed(lambda x, m: (x[:, 0] <= m) & (x[:, 1] >= m)),
        "It is counted where “undecided” comes or goes. A narrow interval between the two margins "
        "goes from “holds” to “does not hold” at once.",
    ),
    WrongAnswer(
        "both ends counted",
        lambda x, m, o: int(np.sum((x > m) != (x > o))),
        "Ends are counted in place of intervals: one that lies between the two margins with both "
        "ends is counted twice.",
    ),
    WrongAnswer(
        "only from holds to does not hold",
        lambda x, m, o: sum(
            {a, b} == {"holds", "does not hold"}
            for a, b in zip(_decisions(x, m), _decisions(x, o), strict=True)
        ),
        "Only full turns are counted. Any change of the decision counts, to or from “undecided” "
        "as well.",
    ),
    WrongAnswer(
        "both sides of the margin",
        _changed(lambda x, m: [decide(Interval(a, a, b, n=10), m, "equal") for a, b in x]),
        "The claim is “greater”, so there is one edge, at the margin. These are the decisions on "
        "“equal”, between minus the margin and the margin.",
    ),
    WrongAnswer(
        "those that stay",
        lambda x, m, o: len(x) - _flips_by_loops(x, m, o),
        "These are the decisions that stay. Asked for are the others.",
    ),
    WrongAnswer(
        "a share",
        lambda x, m, o: _flips_by_loops(x, m, o) / len(x),
        "The function returned a float, needed one whole number.",
    ),
    WrongAnswer(
        "one by one",
        lambda x, m, o: np.array(_decisions(x, m)) != np.array(_decisions(x, o)),
        "The function returned an array, needed one whole number.",
    ),
)


def _examine_flips(answer: Any) -> str:
    n = compare(answer, _flips_by_loops, _flip_cases(), _FLIPS_WRONG)
    return (
        f"All {n} cases agree. A margin is a matter of opinion, and some decisions hang on it. "
        "That is why it has to be named before the runs, and why the effect stands beside the "
        "verdict."
    )


flips = Exercise(
    name="ch11.flips",
    task=(
        "which decisions hang on the margin? intervals is an array of shape (N, 2) with the "
        "lower and the upper ends of N effects, and of each it is claimed that it is greater "
        "than the margin. Write my_flips(intervals, margin, other): how many of the N decisions "
        "(holds, does not hold, undecided) would be others with the other margin?"
    ),
    examine=_examine_flips,
    hints=(
        "Draw an interval, and move the margin through it from left to right. Which three "
        "decisions do you meet, and at which two places does one turn into the next?",
        "The lower end says when it holds, the upper end when it does not. Turn each interval into "
        "one of three numbers, for a given margin.",
        "True and False count as 1 and 0: the first condition minus the second is 1, 0 or −1. Do "
        "it for both margins, compare the two results and count where they differ.",
    ),
    wrong_answers=_FLIPS_WRONG,
    solved_by=_my_flips,
)

EXERCISES = (score, falsifiable, settled, flips)
