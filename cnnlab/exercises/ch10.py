"""Exercises of chapter 10, *Is it still true on a real library and on a GPU?* NumPy is enough.

>>> from cnnlab.exercises import ch10
>>> for exercise in ch10.EXERCISES:
...     print(exercise.name, "->", exercise.answer_name)
ch10.weights -> my_linear_weight
ch10.timing -> my_milliseconds
ch10.paired -> my_interval
ch10.layouts -> my_gains
ch10.runs -> my_runs

No GPU is needed, not even to time one: a device of this module only pretends to compute. It has a
clock of its own, it queues what it is given, and it can be waited for:

>>> device = ch10.Device(launch=0.25, compute=8.0)
>>> device.step()
>>> device.clock()
0.25
>>> device.synchronize()
>>> device.clock()
8.25
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.exercises.cases import halves
from cnnlab.exercises.core import Exercise, WrongAnswer, call, compare, compare_tables
from cnnlab.statistics import t_quantile

__all__ = ["EXERCISES", "Device", "layouts", "paired", "runs", "t", "timing", "weights"]

# -- 1. Weights from another library ----------------------------------------------------------


def _my_linear_weight(weight: Array, shape: tuple[int, int, int]) -> Array:
    """Weight (out, C·H·W) for torch, from (H·W·C, out); shape is (H, W, C)."""
    by_place = weight.reshape(*shape, -1)  # (H, W, C, out)
    moved = by_place.transpose(3, 2, 0, 1)  # (out, C, H, W)
    return moved.reshape(len(moved), -1)


def _linear_weight_by_loops(weight: Array, shape: tuple[int, int, int]) -> Array:
    """Carry one number after the other to its new place."""
    H, W, C = shape
    moved = np.empty(weight.shape[::-1], dtype=weight.dtype)
    for i, j, c in np.ndindex(H, W, C):
        moved[:, (c * H + i) * W + j] = weight[(i * W + j) * C + c]
    return moved


def _weight_cases() -> list[tuple[Array, tuple[int, int, int]]]:
    """Maps of up to 4 by 5 pixels and 3 channels, for one to three outputs."""
    rng = np.random.default_rng(10)
    shapes = [(1, 2, 2), (2, 1, 2), (2, 2, 1), (2, 2, 2), (2, 3, 2), (3, 2, 2), (3, 3, 3)]
    shapes += [(1, 1, 3), (1, 4, 3), (4, 5, 3)]
    cases = [(halves(rng, math.prod(s), out), s) for s in shapes for out in (2, 3, 1)]
    return sorted(cases, key=lambda case: case[0].size)


def _moved(
    w: Array, shape: tuple[int, ...], axes: tuple[int, ...], order: tuple[int, ...] = (0, 1, 2)
) -> Array:
    """Read the rows in one order of axes and write them in another: material for wrong answers."""
    box = w.reshape(*(shape[axis] for axis in order), -1).transpose(axes)
    return box.reshape(len(box), -1) if axes[0] == 3 else box.reshape(-1, w.shape[1])


_WEIGHTS_WRONG = (
    WrongAnswer(
        "only turned round",
        lambda w, s: w.T,
        "Inputs and outputs have changed places, as they must. But the inputs still stand in the "
        "order of the other library, pixel by pixel, and torch's flatten goes channel by channel. "
        "All shapes fit, nothing raises an error, and every score is wrong.",
    ),
    WrongAnswer(
        "inputs first",
        lambda w, s: _moved(w, s, (2, 0, 1, 3)),
        "The inputs stand in torch's order now. But torch keeps one row for each *output*: turn "
        "the matrix round.",
    ),
    WrongAnswer(
        "columns before rows",
        lambda w, s: _moved(w, s, (3, 2, 1, 0)),
        "Channels come first, as they should, but inside a channel columns have changed places "
        "with rows. transpose() without arguments reverses all axes; give the order that you need.",
    ),
    WrongAnswer(
        "the way back",
        lambda w, s: _moved(w, s, (3, 1, 2, 0), order=(2, 0, 1)),
        "This is the way from torch to the other library: the rows of weight were read as channel "
        "by channel. They stand pixel by pixel: give them the axes (H, W, C, outputs).",
    ),
    WrongAnswer(
        "channels in the middle",
        lambda w, s: _moved(w, s, (3, 0, 2, 1)),
        "The order of the inputs is now row, channel, column. torch flattens channel, row, column.",
    ),
    WrongAnswer(
        "reshaped instead of moved",
        lambda w, s: w.reshape(w.shape[1], -1),
        "The shape is right, and the numbers stand in the old order: reshape moves nothing, it "
        "only draws the borders anew. Axes are exchanged with transpose or .T.",
    ),
    WrongAnswer(
        "four axes",
        lambda w, s: w.reshape(*s, -1).transpose(3, 2, 0, 1),
        "The axes are in the right order, and there are four of them. A dense layer has a matrix: "
        "put channel, row and column together again.",
    ),
    WrongAnswer(
        "the order of a convolution",
        lambda w, s: _moved(w, s, (2, 3, 0, 1)).reshape(w.shape[::-1]),
        "This looks like the recipe for kernels, with input channels before outputs. Here outputs "
        "come first: (outputs, C, H, W), and then the last three become one.",
    ),
    WrongAnswer(
        "a list",
        lambda w, s: _my_linear_weight(w, s).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_weights(answer: Any) -> str:
    n = compare(answer, _linear_weight_by_loops, _weight_cases(), _WEIGHTS_WRONG)
    rng = np.random.default_rng(10)
    maps, weight = rng.normal(size=(3, 4, 2)), rng.normal(size=(24, 5))
    here = maps.reshape(-1) @ weight
    there = _my_linear_weight(weight, (3, 4, 2)) @ maps.transpose(2, 0, 1).reshape(-1)
    lazy = weight.T @ maps.transpose(2, 0, 1).reshape(-1)
    return (
        f"All {n} matrices agree. With yours a dense layer gives the scores of the other library "
        f"to {abs(here - there).max() + 1e-16:.0e}; with the matrix merely turned round they are "
        f"off by {abs(here - lazy).max():.0f}, and nobody raises an error."
    )


weights = Exercise(
    name="ch10.weights",
    task=(
        "a network comes from a library that keeps channels last: an image is (H, W, C), flatten "
        "reads it pixel by pixel, and a dense layer keeps its weight as (inputs, outputs). Write "
        "my_linear_weight(weight, shape), with shape = (H, W, C) of the maps in front of the "
        "flatten: the same weight for torch, where maps are (C, H, W) and a dense layer keeps "
        "(outputs, inputs)."
    ),
    examine=_examine_weights,
    hints=(
        "Take H = 1, W = 2, C = 2. In which order does each library write down the four values "
        "of a map? Which row of the old weight belongs to which column of the new one?",
        "Two things change: inputs and outputs change places, and the inputs change their order. "
        "For the second, give the inputs their three axes back.",
        "First four axes, (H, W, C, outputs); then move them to (outputs, C, H, W); then make one "
        "axis of the last three. Only the step in the middle moves numbers.",
    ),
    wrong_answers=_WEIGHTS_WRONG,
    solved_by=_my_linear_weight,
)

# -- 2. A clock that does not wait ------------------------------------------------------------


@dataclass(repr=False)
class Device:
    """A device that computes while Python goes on, as a GPU does; it only pretends.

    All times are milliseconds of its own clock. The first step takes longer, as the first of a
    real device does, and every eleventh is disturbed by somebody else's work.

    Parameters
    ----------
    launch : float
        Time that Python needs to hand over a step.
    compute : float
        Time that the device needs for one.
    first : float, default 0
        What the first step takes in addition.
    """

    launch: float
    compute: float
    first: float = 0.0
    _now: float = field(default=0.0, init=False, compare=False)
    _free: float = field(default=0.0, init=False, compare=False)
    _steps: int = field(default=0, init=False, compare=False)

    def __repr__(self) -> str:
        return (
            f"ch10.Device(launch={self.launch:g}, compute={self.compute:g}, first={self.first:g})"
        )

    def clock(self) -> float:
        """Milliseconds since the device was made."""
        return self._now

    def step(self) -> None:
        """Hand over a step and go on: the device begins when it has finished all before."""
        self._now += self.launch
        takes = self.compute + (self.first if self._steps == 0 else 0.0)
        takes *= 10 if self._steps % 11 == 10 else 1
        self._free = max(self._now, self._free) + takes
        self._steps += 1

    def synchronize(self) -> None:
        """Wait until the device has finished everything."""
        self._now = max(self._now, self._free)


def _my_milliseconds(device: Device, repeats: int) -> float:
    """Median milliseconds from an idle device until it has done a step."""
    device.step()  # the first one is special
    device.synchronize()
    times = []
    for _ in range(repeats):
        began = device.clock()
        device.step()
        device.synchronize()
        times.append(device.clock() - began)
    return float(np.median(times))


_TIMING_STUB = '''
def my_milliseconds(device, repeats):
    """Median milliseconds from an idle device until it has done a step."""
    times = []
    for _ in range(repeats):
        began = device.clock()
        device.step()
        times.append(device.clock() - began)
    return float(np.mean(times))
'''


def _milliseconds_by_sum(device: Device, repeats: int) -> float:
    """What the device was made to need."""
    return float(device.launch + device.compute)


def _timing_cases() -> list[tuple[Device, int]]:
    """Devices that are fast and slow to begin and to compute; one, a few, many repeats."""
    devices = [Device(0.25, 8.0, 100.0), Device(0.5, 2.0, 40.0), Device(0.125, 0.0625, 5.0)]
    return [(device, repeats) for repeats in (5, 1, 3, 20, 50) for device in devices]


def _timed(
    device: Device,
    repeats: int,
    *,
    warm: int = 1,
    wait_first: bool = True,
    wait: bool = True,
) -> list[float]:
    """Time steps in more or less sensible ways: the material for wrong answers."""
    for _ in range(warm):
        device.step()
    if wait_first:
        device.synchronize()
    times = []
    for _ in range(repeats):
        began = device.clock()
        device.step()
        if wait:
            device.synchronize()
        times.append(device.clock() - began)
    return times


class _Uneven(Device):
    """A device whose steps are disturbed more often than not, each in its own way.

    It tells the median from the minimum: of any two steps in a row one takes longer.
    """

    def step(self) -> None:
        """Hand over a step; all but every third take one or two milliseconds longer."""
        usual = self.compute
        self.compute += self._steps % 3
        super().step()
        self.compute = usual  # the check asks whether an answer has changed the device


def _takes_the_minimum(answer: Any) -> bool:
    """Whether an answer that is right otherwise reports the shortest of the steps it timed."""
    device = _Uneven(0.25, 6.0)
    got, _ = call(answer, device, 6)
    return bool(np.isclose(got, 6.25))


def _in_one_go(device: Device, repeats: int, share: bool = True) -> float:
    device.step()
    device.synchronize()
    began = device.clock()
    for _ in range(repeats):
        device.step()
    device.synchronize()
    return (device.clock() - began) / (repeats if share else 1)


_TIMING_WRONG = (
    WrongAnswer(
        "never waits",
        lambda d, n: float(np.median(_timed(d, n, wait=False))),
        "This is the time that Python takes to hand a step over. The device has hardly begun when "
        "the clock is read. Let it finish: device.synchronize() before the second reading.",
    ),
    WrongAnswer(
        "mean",
        lambda d, n: float(np.mean(_timed(d, n))),
        "Warmed up and waited for. But you take the mean, and a step that somebody else has "
        "disturbed enters with its full weight. The median does not care how far off it was.",
    ),
    WrongAnswer(
        "not warmed up, mean",
        lambda d, n: float(np.mean(_timed(d, n, warm=0))),
        "The first step is among those that count, and it is special: something is allocated, "
        "compiled, chosen. Make one before the clock runs. And take the median of the others, "
        "since some are disturbed.",
    ),
    WrongAnswer(
        "not warmed up",
        lambda d, n: float(np.median(_timed(d, n, warm=0))),
        "With many repeats the median hides it, with one or two it does not: the first step is "
        "special and should not be timed. Make one before the clock runs, and wait for it.",
    ),
    WrongAnswer(
        "warm-up not waited for",
        lambda d, n: float(np.median(_timed(d, n, wait_first=False))),
        "There is a step to warm up, but nobody waits for it: when the clock starts, the device "
        "is still busy with it, and its time is counted with the next one. device.synchronize() "
        "before the first reading, too.",
    ),
    WrongAnswer(
        "all in one go",
        _in_one_go,
        "All steps are handed over in a row, and there is one wait at the end. This is a good "
        "measure of *throughput*: the next step is handed over while the device still computes, "
        "and disturbed steps count in full. Asked for is the time of a single one, from an idle "
        "device until it has finished.",
    ),
    WrongAnswer(
        "not divided",
        lambda d, n: _in_one_go(d, n, share=False),
        "This is the time of all steps together. Asked for is the time of one.",
    ),
    WrongAnswer(
        "ten steps to warm up",
        lambda d, n: float(np.median(_timed(d, n, warm=10))),
        "Warmed up, waited for, and the median: all that was asked for. But with one repeat the "
        "only step that you time is the eleventh, and that one is disturbed. One step is enough to "
        "warm up.",
    ),
    WrongAnswer(
        "slowest",
        lambda d, n: max(_timed(d, n)),
        "This is the slowest of all steps: the one that somebody else has disturbed.",
    ),
    WrongAnswer(
        "the first alone",
        lambda d, n: _timed(d, n, warm=0)[0],
        "Only the first step was timed, the one that is special. All the others are what a "
        "training is made of.",
    ),
    WrongAnswer(
        "sum of the parts",
        lambda d, n: d.compute,
        "This is what the device computes, without the time to hand the step over. For a small "
        "step on a fast device that is the larger part.",
    ),
    WrongAnswer(
        "all times",
        lambda d, n: np.array(_timed(d, n)),
        "The function returned an array, needed one number.",
    ),
)


def _examine_timing(answer: Any) -> str:
    n = compare(answer, _milliseconds_by_sum, _timing_cases(), _TIMING_WRONG)
    device = Device(0.25, 8.0, 100.0)
    wrong = float(np.median(_timed(device, 20, wait=False)))
    right = _my_milliseconds(Device(0.25, 8.0, 100.0), 20)
    praise = (
        f"All {n} measurements agree. For a step that takes {right:g} ms the clock that does not "
        f"wait says {wrong:g}: a GPU that is {right / wrong:.0f} times as fast as it is. The "
        "slower the network, the larger the lie."
    )
    if _takes_the_minimum(answer):
        praise += (
            " You take the minimum. It works here, where disturbances only ever add time; the "
            "figures of this book take the median, which also says what is usual."
        )
    return praise


timing = Exercise(
    name="ch10.timing",
    task=(
        "this function is to say how long a step takes, and it gets three things wrong. Repair "
        "it. The device has three methods: step() hands over a step and returns at once, clock() "
        "gives milliseconds, synchronize() waits until everything is finished. Timed is one step, "
        "from an idle device until it has finished; of the repeats the median is returned."
    ),
    examine=_examine_timing,
    hints=(
        "Make a device, ch10.Device(launch=0.25, compute=8, first=100), and look at its clock "
        "before step(), behind it, and behind synchronize(). What does the function measure?",
        "Three things: the clock is read too early; the first step is not like the others; and "
        "every eleventh is disturbed. The first two need a wait.",
        "Before the loop: one step, and wait for it. In the loop: wait before the clock is read "
        "the second time. At the end: a mean is moved by one value that is far off. What is not?",
    ),
    wrong_answers=_TIMING_WRONG,
    solved_by=_my_milliseconds,
    starts_from=_TIMING_STUB,
)

# -- 3. A paired interval ---------------------------------------------------------------------


def _my_interval(first: Array, second: Array, t: float) -> tuple[float, float]:
    """Ends of the interval of the mean of first − second, seed by seed."""
    differences = first - second
    half = t * differences.std(ddof=1) / np.sqrt(len(differences))
    return float(differences.mean() - half), float(differences.mean() + half)


def _interval_by_loops(first: Array, second: Array, t: float) -> tuple[float, float]:
    """Add up differences and their squares."""
    n = len(first)
    differences = [one - other for one, other in zip(first.tolist(), second.tolist(), strict=True)]
    mean = sum(differences) / n
    variance = sum((d - mean) ** 2 for d in differences) / (n - 1)
    half = t * math.sqrt(variance / n)
    return round(mean - half, 9), round(mean + half, 9)  # so that a reply can show them


def _interval_cases() -> list[tuple[Array, Array, float]]:
    """Two to twelve seeds whose luck is shared by both networks; accuracies in percent."""
    rng = np.random.default_rng(10)
    cases = []
    for n in (2, 3, 4, 5, 8, 12):
        for _ in range(3):
            luck = 90 + rng.integers(-12, 13, n) / 4
            first, second = luck + rng.integers(-4, 5, (2, n)) / 4
            first[-1] += 0.25 * (np.ptp(first - second) == 0)  # never all differences alike
            cases.append((first, second, round(t_quantile(0.975, n - 1), 3)))
    return cases


def _around(
    mean: Callable[[Array, Array], Any], half: Callable[[Array, Array, float], Any]
) -> Callable[[Array, Array, float], tuple[float, float]]:
    """Make an interval of its middle and its half width: the material for wrong answers."""

    def answer(a: Array, b: Array, t: float) -> tuple[float, float]:
        middle, width = mean(a, b), half(a, b, t)
        return float(middle - width), float(middle + width)

    return answer


def _difference(a: Array, b: Array) -> Any:
    return (a - b).mean()


def _half(a: Array, b: Array, t: float) -> Any:
    return t * (a - b).std(ddof=1) / np.sqrt(len(a))


_PAIRED_WRONG = (
    WrongAnswer(
        "not paired",
        _around(
            _difference,
            lambda a, b, t: t * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a)),
        ),
        "This is the interval of two groups that have nothing to do with each other. But run 3 of "
        "both had the same images: what was easy for one was easy for the other. Take the "
        "differences first, and then their spread.",
    ),
    WrongAnswer(
        "spread over n",
        _around(_difference, lambda a, b, t: t * (a - b).std() / np.sqrt(len(a))),
        "A little too narrow: np.std divides by n. The mean was estimated from the same numbers, "
        "so it takes n − 1: ddof=1.",
    ),
    WrongAnswer(
        "spread of a single run",
        _around(_difference, lambda a, b, t: t * (a - b).std(ddof=1)),
        "So far does a single run scatter. The mean of n runs scatters less, by the root of n.",
    ),
    WrongAnswer(
        "spread over n, of a single run",
        _around(_difference, lambda a, b, t: t * (a - b).std()),
        "Two things are missing: np.std divides by n (ddof=1), and the mean of n runs scatters "
        "less than one run, by the root of n. With two runs the one hides the other.",
    ),
    WrongAnswer(
        "divided by n",
        _around(_difference, lambda a, b, t: t * (a - b).std(ddof=1) / len(a)),
        "The spread is divided by n. The mean of n runs scatters less by the *root* of n: for half "
        "the width one needs four times as many runs.",
    ),
    WrongAnswer(
        "without t",
        _around(_difference, lambda a, b, t: (a - b).std(ddof=1) / np.sqrt(len(a))),
        "This is one standard error to each side: about two thirds of such intervals hold the "
        "truth. Multiply by t for 95 %.",
    ),
    WrongAnswer(
        "1.96",
        _around(_difference, lambda a, b, t: 1.96 * (a - b).std(ddof=1) / np.sqrt(len(a))),
        "1.96 is for very many runs. With few, the spread itself is uncertain, and t is larger: "
        "12.7 for two runs, 2.26 for ten. It is handed to you.",
    ),
    WrongAnswer(
        "second minus first",
        _around(lambda a, b: (b - a).mean(), _half),
        "This is second minus first. The width is right; the sign is somebody's reputation.",
    ),
    WrongAnswer(
        "of the first alone",
        _around(lambda a, b: a.mean(), lambda a, b, t: _half(a, 0 * a, t)),
        "This is the interval of the first network's accuracy. Asked for is that of the "
        "difference.",
    ),
    WrongAnswer(
        "mean and half width",
        lambda a, b, t: (float(_difference(a, b)), float(_half(a, b, t))),
        "These are the middle and the half width, and both are right. Return the two ends.",
    ),
    WrongAnswer(
        "ends exchanged",
        lambda a, b, t: _interval_by_loops(a, b, t)[::-1],
        "Both ends are right, and the higher one comes first. Return (low, high).",
    ),
    WrongAnswer(
        "sorted",
        lambda a, b, t: _interval_by_loops(np.sort(a), np.sort(b), t),
        "Somebody has sorted the runs. Then the best of one is compared with the best of the "
        "other, and no longer run 3 with run 3: the pairs are lost, and the spread is too small.",
    ),
    WrongAnswer(
        "half width alone",
        lambda a, b, t: float(_half(a, b, t)),
        "needed a tuple of 2.",
    ),
)


def _examine_paired(answer: Any) -> str:
    n = compare(answer, _interval_by_loops, _interval_cases(), _PAIRED_WRONG)
    rng = np.random.default_rng(10)
    luck, own = rng.normal(size=(1, 10)), rng.normal(size=(2, 10)) / 4
    a, b = luck + own
    paired = 2 * _half(a, b, 2.262)
    apart = 2 * 2.262 * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 10)
    return (
        f"All {n} intervals agree. Where most of the luck is shared, as in ten runs that were made "
        f"up for this sentence, the paired interval is {paired:.2f} points wide and the unpaired "
        f"one {apart:.2f}. The mean is the same."
    )


paired = Exercise(
    name="ch10.paired",
    task=(
        "first and second hold the accuracies of two networks, place for place from the same "
        "seed. Write my_interval(first, second, t): the ends (low, high) of the 95 % interval of "
        "the mean difference first − second. t is the quantile of Student's distribution for so "
        "many runs; you need not look it up."
    ),
    examine=_examine_paired,
    hints=(
        "Which numbers belong together? How many independent numbers are left when they have been "
        "put together?",
        "Mean of the differences, plus and minus t times the standard error of that mean. How does "
        "a standard error follow from a standard deviation and from n?",
        "std with ddof=1, divided by the root of n, times t. The interval lies around the mean.",
    ),
    wrong_answers=_PAIRED_WRONG,
    solved_by=_my_interval,
)

# -- 4. Who gains from channels-last ----------------------------------------------------------

_CHOICES = ("hardly anything", "about a third", "nearly twice")
_GAINS = {
    "none": "hardly anything",
    "stride": "hardly anything",
    "avg": "about a third",
    "max": "about a third",
    "max_bf16": "nearly twice",
}
_GAINS_STUB = """
my_gains = {  # "hardly anything", "about a third" or "nearly twice"
    "none": ...,  # in float32, as the next three
    "stride": ...,
    "avg": ...,
    "max": ...,
    "max_bf16": ...,
}
"""
_GAINS_SOLUTION = """
my_gains = {
    "none": "hardly anything",  # all its time goes into convolutions
    "stride": "hardly anything",  # it has convolutions, too, and no pools
    "avg": "about a third",  # neighbours of all channels lie side by side
    "max": "about a third",
    "max_bf16": "nearly twice",  # cheap convolutions: the pools weigh more
}
"""


def _wrong_gains(name: str, says: str, **changed: str) -> WrongAnswer:
    return WrongAnswer(name, _GAINS | changed, says)


_GAINS_WRONG = (
    WrongAnswer(
        "nobody",
        dict.fromkeys(_GAINS, "hardly anything"),
        "The layout changes no number, that is true. It changes in which order memory is read, "
        "and some layers do little else but read and write.",
    ),
    WrongAnswer(
        "all alike",
        dict.fromkeys(_GAINS, "about a third"),
        "If it were a property of the library, all would gain alike. Which layers of these "
        "networks do little arithmetic for each number that they touch?",
    ),
    _wrong_gains(
        "the most arithmetic gains most",
        "You let the network without pools gain: it has the largest maps and the most arithmetic. "
        "But convolutions are prepared for either layout inside the library, and it has nothing "
        "else.",
        none="about a third",
    ),
    _wrong_gains(
        "no pooling gains twice",
        "Its maps are the largest, so one may think that their order matters most here. Its time "
        "goes into convolutions, though, and for these torch has a program for either layout.",
        none="nearly twice",
    ),
    _wrong_gains(
        "strides gain like pools",
        "A stride skips values, as a pool does. But the skipping is done inside a convolution; "
        "there is no layer left that only reads and compares.",
        stride="about a third",
    ),
    _wrong_gains(
        "averages gain nothing",
        "An average pool has no comparisons to make, but it reads the same windows. It is the "
        "reading that gets cheaper.",
        avg="hardly anything",
    ),
    _wrong_gains(
        "maxima gain nothing",
        "In the default layout the two pools take a large part of the step, in the other one a "
        "small part. Look at the figure of shares once more.",
        max="hardly anything",
    ),
    _wrong_gains(
        "half the bits, the same gain",
        "bfloat16 makes the convolutions cheaper. What becomes of the *share* of the pools if the "
        "rest of the step gets faster, and which part is it that the layout helps?",
        max_bf16="about a third",
    ),
    _wrong_gains(
        "bfloat16 gains nothing",
        "The numbers are half as long, and one may hope that their order matters half as much. "
        "But the pools do not get much faster by it, in the default layout; the convolutions do.",
        max_bf16="hardly anything",
    ),
    _wrong_gains(
        "max gains twice",
        "The pools alone do gain much more than that. But the step has convolutions, too, which "
        "hardly gain in float32, and they take more than half of it.",
        max="nearly twice",
    ),
    WrongAnswer(
        "one missing",
        {name: gain for name, gain in _GAINS.items() if name != "max_bf16"},
        "Still to predict: 'max_bf16'.",
    ),
    _wrong_gains("in numbers", "The entry 'max' is '1.4', needed 'hardly anything' or", max="1.4"),
    WrongAnswer("a list", list(_GAINS.values()), "the answer has type list."),
)


def _examine_gains(answer: Any) -> str:
    otherwise = (
        "Ask of each network: which part of its step is spent in layers that do little with each "
        "number they read? Those gain."
    )
    compare_tables(answer, _GAINS, _GAINS_WRONG, otherwise, _CHOICES)
    return (
        "All five, as recorded on one thread of one processor. A layout helps where memory is the "
        "bottleneck, so it helps the pools; and it helps the whole step the more, the cheaper the "
        "convolutions are. On another device the table may be another one."
    )


layouts = Exercise(
    name="ch10.layouts",
    task=(
        "the network of this chapter, torch, one thread, batches of 64. By how much does a "
        "training step get faster when maps and kernels are stored channels last? Say it for no "
        "downsampling, strides, average pools and max pools, all in float32, and for max pools in "
        "bfloat16, and fill in my_gains."
    ),
    examine=_examine_gains,
    hints=(
        "Which layers of these networks multiply, and which mainly read and write?",
        "A library can bring its convolutions into the layout that it likes best, and back again. "
        "What is left, in which of the five networks?",
        "The figure of shares says how much of a step the pools take in each layout. If they took "
        "40 % and then nearly nothing, by which factor would the step get faster? And if the "
        "other 60 % were halved as well, in both layouts?",
    ),
    wrong_answers=_GAINS_WRONG,
    solved_by=_GAINS_SOLUTION,
    starts_from=_GAINS_STUB,
)

# -- 5. How many runs? ------------------------------------------------------------------------


@cache
def t(n: int) -> float:
    """Quantile for the 95 % interval of a mean of n runs: t with n − 1 degrees of freedom.

    Parameters
    ----------
    n : int
        Number of runs, at least 2.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If n is less than 2.

    Examples
    --------
    >>> round(t(2), 1), round(t(10), 2), round(t(100), 2)
    (12.7, 2.26, 1.98)
    """
    if n < 2:
        raise ValueError(f"ch10.t(n): n = {n}, needed at least 2. One run has no spread.")
    return t_quantile(0.975, n - 1)


def _my_runs(spread: float, half_width: float) -> int:
    """Fewest runs whose interval reaches half_width to each side, or less."""
    from cnnlab.exercises import ch10

    n = 2
    while ch10.t(n) * spread / np.sqrt(n) > half_width:
        n += 1
    return n


def _runs_by_list(spread: float, half_width: float) -> int:
    """Make a list of half widths, and take the first that is small enough."""
    halves = [t(n) * spread / math.sqrt(n) for n in range(2, 200)]
    return 2 + next(i for i, half in enumerate(halves) if half <= half_width)


def _runs_cases() -> list[tuple[float, float]]:
    """Spreads between runs, and half widths, in points of accuracy."""
    wanted = [(0.5, 1.0), (0.5, 5.0), (1.0, 1.0), (0.5, 0.5), (1.0, 0.5), (0.75, 0.25)]
    wanted += [(2.0, 1.0), (1.5, 0.5), (0.3, 0.2), (2.0, 0.5), (0.1, 2.0), (1.2, 0.25)]
    return sorted(wanted, key=lambda case: case[0] / case[1])


def _first(enough: Callable[[int], bool], start: int = 2) -> int:
    n = start
    while not enough(n) and n < 400:
        n += 1
    return n


_RUNS_WRONG = (
    WrongAnswer(
        "1.96",
        lambda s, h: _first(lambda n: 1.96 * s / math.sqrt(n) <= h),
        "1.96 in place of t: too few runs. The fewer there are, the less is known about the "
        "spread, and the wider the interval has to be. ch10.t(n) knows.",
    ),
    WrongAnswer(
        "1.96, solved for n",
        lambda s, h: math.ceil((1.96 * s / h) ** 2),
        "The formula of the textbooks, (1.96 · spread / half width)², rounded up. It is for many "
        "runs: for few, t is larger, and two runs are the least there can be.",
    ),
    WrongAnswer(
        "two in place of t",
        lambda s, h: max(2, math.ceil((2 * s / h) ** 2)),
        "2 is a good t for fifty runs. For few it is larger: ask ch10.t(n) in each round.",
    ),
    WrongAnswer(
        "root of one run fewer",
        lambda s, h: _first(lambda n: t(n) * s / math.sqrt(n - 1) <= h),
        "Nearly: the spread is divided by the root of n − 1. It is the root of n; the one that is "
        "subtracted belongs into the spread, and there it is already.",
    ),
    WrongAnswer(
        "without the root",
        lambda s, h: _first(lambda n: t(n) * s / n <= h),
        "The half width is taken to shrink like n. It shrinks like the root of n: half the width "
        "costs about four times as many runs.",
    ),
    WrongAnswer(
        "single runs",
        lambda s, h: _first(lambda n: t(n) * s <= h),
        "This interval never gets narrower than a single run scatters. The mean of n runs does: "
        "divide by the root of n.",
    ),
    WrongAnswer(
        "whole width",
        lambda s, h: _first(lambda n: 2 * t(n) * s / math.sqrt(n) <= h),
        "Too many: the whole width, from end to end, was held against half_width. It is to reach "
        "so far to each side.",
    ),
    WrongAnswer(
        "one too many",
        lambda s, h: _first(lambda n: t(n) * s / math.sqrt(n) <= h) + 1,
        "One more than needed. Does your loop add one after it has found the answer?",
    ),
    WrongAnswer(
        "one too few",
        lambda s, h: max(2, _first(lambda n: t(n) * s / math.sqrt(n) <= h) - 1),
        "One too few: the last number of runs whose interval is still too wide.",
    ),
    WrongAnswer(
        "without t",
        lambda s, h: _first(lambda n: s / math.sqrt(n) <= h),
        "Here the standard error is as small as wanted. The interval is t times as wide to each "
        "side.",
    ),
    WrongAnswer(
        "t of one run more",
        lambda s, h: _first(lambda n: t(n + 1) * s / math.sqrt(n) <= h),
        "Nearly: t was taken for one run more than there are. ch10.t(n) takes the number of runs "
        "and subtracts the one itself.",
    ),
    WrongAnswer(
        "t of two runs",
        lambda s, h: math.ceil((t(2) * s / h) ** 2),
        "t was looked up once, for two runs, and then kept: far too many. It falls quickly as runs "
        "are added; ask for it anew in each round.",
    ),
    WrongAnswer(
        "no fewer than ten",
        lambda s, h: max(10, _first(lambda n: t(n) * s / math.sqrt(n) <= h)),
        "A floor of ten is a good habit of this book. Asked for is the smallest number that does.",
    ),
    WrongAnswer(
        "no whole number",
        lambda s, h: (1.96 * s / h) ** 2 + 2,
        "needed one whole number.",
    ),
)


def _examine_runs(answer: Any) -> str:
    n = compare(answer, _runs_by_list, _runs_cases(), _RUNS_WRONG)
    one, half = _runs_by_list(1.0, 0.5), _runs_by_list(1.0, 0.25)
    return (
        f"All {n} cases agree. Differences that scatter by 1 point need {one} runs for an interval "
        f"of half a point to each side, and {half} for a quarter. And this is a plan, not a "
        "promise: the spread of the new runs will be another one."
    )


runs = Exercise(
    name="ch10.runs",
    task=(
        "a claim is undecided, and you have bought time on a GPU. From the runs so far you know "
        "the spread of the paired differences, in points. Write my_runs(spread, half_width): the "
        "fewest runs, at least two, whose 95 % interval reaches at most half_width to each side "
        "of the mean, if the spread stays as it is. ch10.t(n) is the quantile for n runs."
    ),
    examine=_examine_runs,
    hints=(
        "How wide is the interval of n runs? Write it down with t, the spread and n.",
        "The half width is t · spread / √n, and t itself hangs on n. You can't solve that for n; "
        "but you can try.",
        "Begin with two runs. As long as the half width is too large, take one more, with its own "
        "ch10.t(n).",
    ),
    wrong_answers=_RUNS_WRONG,
    solved_by=_my_runs,
)

EXERCISES = (weights, timing, paired, layouts, runs)
