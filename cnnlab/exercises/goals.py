"""What each chapter teaches, and which exercise tests it, how hard it is, how long it takes.

For those who plan a lesson; the page *Lecture plans* of the book is made from it. The minutes are
our estimates for a student who has read the chapter, without the time for hints.

>>> GOALS["ch02"]["a"]
'say by hand what a max pool and an average pool make of a small map, whatever window and stride'
>>> PLANS["ch02.max_pool2d"]
Plan(goals='a', level='standard', minutes=15)
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["GOALS", "PLANS", "Plan"]


@dataclass(frozen=True)
class Plan:
    """What a teacher wants to know of an exercise.

    Parameters
    ----------
    goals : str
        The letters of the chapter's goals that it tests.
    level : {"warm-up", "standard", "challenge"}
        *Warm-up*: apply what the chapter has just said. *Standard*: put two things together.
        *Challenge*: find something that the chapter does not say.
    minutes : int
        Our estimate of the time it takes.
    """

    goals: str
    level: Literal["warm-up", "standard", "challenge"]
    minutes: int


#: For each chapter the goals by their letters; each completes "A student can ...".
GOALS: dict[str, dict[str, str]] = {
    "ch01": {
        "a": "foretell the size of a map from window, stride, padding and dilation",
        "b": "compute a convolution by hand and write it in code, with several channels",
        "c": "say where a given kernel answers and where it is silent",
        "d": "write a convolution as a matrix, and say why most of it is 0 and the rest repeats",
        "e": "explain why two convolutions with nothing between them are one",
    },
    "ch02": {
        "a": "say by hand what a max pool and an average pool make of a small map, whatever "
        "window and stride",
        "b": "count what a pool saves in activations, multiplications and parameters, and say "
        "which head that depends on",
        "c": "compute the receptive field of a stack of layers, and design one for a given field",
        "d": "turn loops over windows into array operations and measure what that gains",
    },
    "ch03": {
        "a": "pass gradients back through an average pool and a max pool by hand, with overlapping "
        "windows and with ties",
        "b": "find and repair a backward pass that is right on most inputs only",
        "c": "say for a given signal whether the maximum or the mean of a window tells more",
        "d": "place a pool between mean and maximum, and let its exponent learn",
    },
    "ch04": {
        "a": "say where each entry of a flattened block comes from, and move weights between two "
        "orders",
        "b": "turn a dense layer behind a flatten into a convolution and let it slide",
        "c": "count the parameters of a head that flattens and of one that averages, for any "
        "image size",
        "d": "turn a global average round into maps of evidence, and pass gradients back through "
        "it",
        "e": "say when an average can know where something stands",
    },
    "ch05": {
        "a": "tell *equivariant* from *invariant*, and measure how far a layer is from the one",
        "b": "foretell the shifts at which a stack of strides moves along exactly",
        "c": "say what subsampling does to what is too fine for it, and put a blur in front",
        "d": "decide of a network that ends with a global average whether its answer can depend "
        "on a shift, and give a proof or a counterexample",
        "e": "measure how often a network's answer survives a shift",
    },
    "ch06": {
        "a": "tell gap, error and memorising apart, and measure each",
        "b": "find test images that leak into training, and split without a leak",
        "c": "build a perfect memory, and say why its training accuracy proves nothing",
        "d": "stop a training early by a rule that is fixed beforehand",
        "e": "report a result whose settings were not chosen on the test set",
    },
    "ch07": {
        "a": "write dropout for values and for maps, forth and back, and say what it does to the "
        "mean",
        "b": "diagnose a dropout layer from what comes out in training and in evaluation",
        "c": "compute what dropout does to a maximum behind it, and say where it had better stand",
        "d": "explain in which sense dropout averages many networks, and where this is not exact",
        "e": "report an honest accuracy when the rate was chosen, too",
    },
    "ch08": {
        "a": "say what else changes when a pool is removed, in each of five ways, and count it",
        "b": "write a pool as a strided convolution, and a strided pool as a dilated one",
        "c": "decide from paired runs whether a difference holds, does not hold, or is undecided",
        "d": "build a network without pools between its layers for a given budget",
    },
    "ch09": {
        "a": "write the way forth and the way back of a dense layer and of a convolution as one "
        "matrix product each",
        "b": "add up gradients where windows overlap",
        "c": "recognise a common bug from losses and gradients, before looking for it in the code",
        "d": "train a small network from scratch within a budget of weights and time",
    },
    "ch10": {
        "a": "carry weights from one library to another, and say from which digit on results "
        "differ and why",
        "b": "time a step of training honestly: warm up, wait for the device, take the median",
        "c": "compute a paired interval, and say how many runs would settle a question",
        "d": "say why a fourth of the arithmetic is not a fourth of the time, and whom another "
        "layout or a shorter number helps",
    },
    "ch11": {
        "a": "read a verdict: interval against margin, and what *undecided* means",
        "b": "turn a folk sentence into one that can be false, with quantity, sign and margin",
        "c": "say whether one more run, or another margin, would change a verdict",
        "d": "compare own forecasts with outcomes",
    },
}

#: For each exercise, by its name, what it tests and takes.
PLANS: dict[str, Plan] = {
    "ch01.black_images": Plan("c", "warm-up", 5),
    "ch01.output_size": Plan("a", "warm-up", 10),
    "ch01.conv2d": Plan("b", "standard", 20),
    "ch01.as_matrix": Plan("d", "standard", 25),
    "ch01.one_layer": Plan("e", "challenge", 25),
    "ch02.parameter_table": Plan("b", "warm-up", 10),
    "ch02.max_pool2d": Plan("a", "standard", 15),
    "ch02.receptive_field": Plan("c", "standard", 15),
    "ch02.fast_max_pool2d": Plan("d", "standard", 15),
    "ch02.design_stack": Plan("c", "challenge", 25),
    "ch03.winners": Plan("c", "warm-up", 5),
    "ch03.avg_backward": Plan("a", "standard", 15),
    "ch03.max_backward": Plan("a", "standard", 20),
    "ch03.repair_ties": Plan("b", "standard", 15),
    "ch03.tipping_point": Plan("c", "challenge", 20),
    "ch03.power_mean": Plan("d", "standard", 15),
    "ch03.exponent_gradient": Plan("d", "challenge", 25),
    "ch04.place": Plan("a", "warm-up", 10),
    "ch04.head_table": Plan("c", "warm-up", 10),
    "ch04.reorder": Plan("a", "standard", 15),
    "ch04.sliding_head": Plan("b", "standard", 20),
    "ch04.class_maps": Plan("d", "standard", 10),
    "ch04.gap_backward": Plan("d", "standard", 10),
    "ch04.where": Plan("e", "challenge", 25),
    "ch05.equivariance_error": Plan("a", "standard", 15),
    "ch05.vanishing_shifts": Plan("b", "warm-up", 10),
    "ch05.antialias": Plan("c", "standard", 15),
    "ch05.pixel_weights": Plan("d", "challenge", 25),
    "ch05.prove_or_break": Plan("d", "challenge", 30),
    "ch05.consistency": Plan("e", "warm-up", 10),
    "ch06.shares": Plan("a", "warm-up", 10),
    "ch06.leak": Plan("b", "standard", 20),
    "ch06.nearest": Plan("c", "standard", 15),
    "ch06.stop": Plan("d", "standard", 15),
    "ch06.selection": Plan("e", "standard", 15),
    "ch07.dropout": Plan("a", "warm-up", 10),
    "ch07.channel_dropout": Plan("a", "standard", 20),
    "ch07.patients": Plan("b", "standard", 20),
    "ch07.expected_max": Plan("c", "challenge", 25),
    "ch07.ensemble": Plan("d", "challenge", 25),
    "ch07.honest_accuracy": Plan("e", "standard", 15),
    "ch08.spread_kernel": Plan("b", "warm-up", 10),
    "ch08.count_removals": Plan("a", "standard", 20),
    "ch08.average_kernels": Plan("b", "standard", 10),
    "ch08.decision": Plan("c", "standard", 20),
    "ch08.same_budget": Plan("d", "challenge", 30),
    "ch09.dense_gradients": Plan("a", "warm-up", 10),
    "ch09.patches": Plan("a", "standard", 20),
    "ch09.fold": Plan("ab", "standard", 20),
    "ch09.diagnosis": Plan("c", "challenge", 30),
    "ch09.recipe": Plan("d", "challenge", 40),
    "ch10.weights": Plan("a", "standard", 15),
    "ch10.timing": Plan("b", "standard", 15),
    "ch10.paired": Plan("c", "warm-up", 10),
    "ch10.layouts": Plan("d", "challenge", 15),
    "ch10.runs": Plan("c", "standard", 15),
    "ch11.score": Plan("ad", "warm-up", 15),
    "ch11.falsifiable": Plan("b", "standard", 15),
    "ch11.settled": Plan("ac", "standard", 20),
    "ch11.flips": Plan("ac", "standard", 15),
}
