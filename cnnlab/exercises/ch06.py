"""Exercises of chapter 6, *Why do CNNs overfit?* NumPy is all they need.

>>> from cnnlab.exercises import ch06
>>> for exercise in ch06.EXERCISES:
...     print(exercise.name, "->", exercise.answer_name)
ch06.shares -> my_shares
ch06.leak -> my_test_images
ch06.nearest -> my_nearest
ch06.stop -> my_stop
ch06.selection -> my_results

None of them trains a network. What they ask for is what one has to do around the training, before a
number may be called memorising, or generalising.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.exercises.core import Exercise, WrongAnswer, compare

__all__ = ["EXERCISES", "leak", "nearest", "selection", "shares", "stop"]

# -- 1. What was learned? ---------------------------------------------------------------------


def _my_shares(said: Array, given: Array, true: Array) -> tuple[float, float, float]:
    """Shares that are right, memorised and seen through, of what a network said."""
    wrong = given != true  # these labels were made wrong
    right = np.mean(said[~wrong] == given[~wrong])
    memorised = np.mean(said[wrong] == given[wrong])
    seen_through = np.mean(said[wrong] == true[wrong])
    return float(right), float(memorised), float(seen_through)


def _shares_by_counting(said: Array, given: Array, true: Array) -> tuple[float, ...]:
    """Sort the images into piles, one after another."""
    of_true = of_wrong = right = memorised = seen_through = 0
    for s, g, t in zip(said.tolist(), given.tolist(), true.tolist(), strict=True):
        if g == t:
            of_true += 1
            right += s == t
        else:
            of_wrong += 1
            memorised += s == g
            seen_through += s == t
    return right / of_true, memorised / of_wrong, seen_through / of_wrong


def _shares_cases() -> list[tuple[Array, Array, Array]]:
    """4 to 40 images of three to ten classes, some labels of which are wrong."""
    rng = np.random.default_rng(6)
    cases = []
    for n, classes, wrong in [(4, 3, 1), (5, 3, 2), (6, 4, 3), (9, 3, 4), (20, 5, 6), (40, 10, 12)]:
        for _ in range(4):
            true = rng.integers(classes, size=n)
            given = true.copy()
            poisoned = rng.permutation(n)[:wrong]
            given[poisoned] = (true[poisoned] + rng.integers(1, classes, size=wrong)) % classes
            said = np.choose(rng.integers(3, size=n), [true, given, rng.integers(classes, size=n)])
            cases.append((said, given, true))
    return cases


def _three(
    right: Callable[..., Any] | None = None,
    memorised: Callable[..., Any] | None = None,
    seen: Callable[..., Any] | None = None,
) -> Callable[[Array, Array, Array], Any]:
    """Compute one or more of the shares in another way: the material for wrong answers."""

    def answer(said: Array, given: Array, true: Array) -> Any:
        usual = _my_shares(said, given, true)
        others = (right, memorised, seen)
        values = (said, given, true, given != true)
        return tuple(
            one if other is None else float(other(*values))
            for one, other in zip(usual, others, strict=True)
        )

    return answer


_SHARES_WRONG = (
    WrongAnswer(
        "shares of all images",
        _three(
            lambda s, g, t, w: np.mean((s == g) & ~w),
            lambda s, g, t, w: np.mean((s == g) & w),
            lambda s, g, t, w: np.mean((s == t) & w),
        ),
        "All three are shares of all images. Each group has its own whole: the first is a share of "
        "the images with a true label, the others are shares of those with a wrong one.",
    ),
    WrongAnswer(
        "memorised on all labels",
        _three(memorised=lambda s, g, t, w: np.mean(s == g)),
        "The second share is taken of all labels given. That is the training accuracy, and true "
        "labels can be learned without being memorised: look at the wrong ones only.",
    ),
    WrongAnswer(
        "right on all images",
        _three(right=lambda s, g, t, w: np.mean(s == t)),
        "The first share is taken of all images. Asked for are those whose label is true.",
    ),
    WrongAnswer(
        "right on all labels",
        _three(right=lambda s, g, t, w: np.mean(s == g)),
        "The first share is the training accuracy: it counts wrong labels that were learned as "
        "a success. Asked for are the images whose label is true.",
    ),
    WrongAnswer(
        "memorised and seen through exchanged",
        lambda s, g, t: (lambda a: (a[0], a[2], a[1]))(_my_shares(s, g, t)),
        "The last two shares have changed places. Memorised is what was given back, wrong as it "
        "is; seen through is what got its true class in spite of the label.",
    ),
    WrongAnswer(
        "seen through is what was not memorised",
        _three(seen=lambda s, g, t, w: 1 - np.mean(s[w] == g[w])),
        "The third share is one minus the second. But there are more than two classes: a network "
        "may say neither the wrong label nor the true class.",
    ),
    WrongAnswer(
        "wrong means answered wrongly",
        lambda s, g, t: (
            float(np.mean(s[s == t] == g[s == t])) if (s == t).any() else 0.0,
            float(np.mean(s[s != t] == g[s != t])) if (s != t).any() else 0.0,
            0.0,
        ),
        "The images are sorted by what the network said. Sort them by their labels: a label is "
        "wrong where given and true differ, whatever the network says.",
    ),
    WrongAnswer(
        "exchanged groups",
        lambda s, g, t: (
            float(np.mean(s[g != t] == g[g != t])),
            float(np.mean(s[g == t] == g[g == t])),
            float(np.mean(s[g == t] == t[g == t])),
        ),
        "The two groups have changed places: given == true are the labels that were left true.",
    ),
    WrongAnswer(
        "counts",
        lambda s, g, t: (
            int(np.sum((s == g) & (g == t))),
            int(np.sum((s == g) & (g != t))),
            int(np.sum((s == t) & (g != t))),
        ),
        "These are numbers of images. Divide each by the size of its group.",
    ),
    WrongAnswer(
        "in percent",
        lambda s, g, t: tuple(100 * share for share in _my_shares(s, g, t)),
        "The shares are in percent. A share in this book is a number from 0 to 1.",
    ),
    WrongAnswer(
        "only the first two",
        lambda s, g, t: _my_shares(s, g, t)[:2],
        "The function returned 2 values, needed 3.",
    ),
    WrongAnswer(
        "only the memorised share",
        lambda s, g, t: _my_shares(s, g, t)[1],
        "The function returned a float, needed a tuple of 3.",
    ),
)


def _examine_shares(answer: Any) -> str:
    n = compare(answer, _shares_by_counting, _shares_cases(), _SHARES_WRONG)
    return (
        f"All {n} cases agree. The second share is the one that no gap between training and test "
        "can tell: a wrong label cannot be read from the image, so whoever says it has it by heart."
    )


shares = Exercise(
    name="ch06.shares",
    task=(
        "some labels of a training set were made wrong. said, given and true hold a class for "
        "each image: what the trained network says, the label it was trained with, and the true "
        "class. Write my_shares(said, given, true) and return three shares: of the images with a "
        "true label those that get it, of the images with a wrong label those that get this wrong "
        "label, and of the images with a wrong label those that get their true class."
    ),
    examine=_examine_shares,
    hints=(
        "Which images have a wrong label? Does the answer of the network matter for that?",
        "given != true is an array of True and False, one for each image. Used as an index it "
        "picks the wrong labels out of the three arrays, and its opposite, ~, picks the others.",
        "A share is the mean of a comparison. Within the wrong ones, compare what is said once "
        "with what was given and once with what is true.",
    ),
    wrong_answers=_SHARES_WRONG,
    solved_by=_my_shares,
)

# -- 2. Find the leak -------------------------------------------------------------------------

_LEAK_FOUND = '''
def my_test_images(digit, order, n):
    """Positions, sorted, of the images that are kept for testing."""
    chosen = order[:n]
    return np.sort(chosen)
'''


def _my_test_images(digit: Array, order: Array, n: int) -> Array:
    """Positions, sorted, of the images that are kept for testing."""
    chosen = digit[order[:n]]  # digits are drawn, and not images
    return np.flatnonzero(np.isin(digit, chosen))


def _test_images_by_loops(digit: Array, order: Array, n: int) -> Array:
    """Draw images, and bring along all others of the same digit."""
    drawn = {int(digit[place]) for place in order[:n]}
    return np.array([i for i, number in enumerate(digit.tolist()) if number in drawn])


def _leak_cases() -> list[tuple[Array, Array, int]]:
    """Canvases made of digits with numbers from 10, several of each, in a drawn order."""
    rng = np.random.default_rng(6)
    cases = []
    for digits, images, n in [
        (2, 4, 1),
        (3, 6, 1),
        (3, 7, 2),
        (4, 8, 2),
        (5, 12, 3),
        (8, 20, 3),
        (12, 30, 6),
    ]:
        for _ in range(3):
            digit = np.append(np.arange(digits), rng.integers(digits, size=images - digits))
            digit = rng.permutation(digit + 10)
            cases.append((digit, rng.permutation(images), n))
    return cases


def _without_doubtful(digit: Array, order: Array, n: int) -> Array:
    """Keep of the drawn images those whose digit is in training nowhere."""
    drawn, left = order[:n], order[n:]
    return np.sort(drawn[~np.isin(digit[drawn], digit[left])])


def _one_image_each(digit: Array, order: Array, n: int) -> Array:
    firsts = {number: int(np.flatnonzero(digit == number)[0]) for number in digit[order[:n]]}
    return np.sort(np.array(list(firsts.values())))


def _n_digits(digit: Array, order: Array, n: int) -> Array:
    different = list(dict.fromkeys(digit[order].tolist()))[:n]
    return np.flatnonzero(np.isin(digit, different))


_LEAK_WRONG = (
    WrongAnswer(
        "images still drawn",
        lambda digit, order, n: np.sort(order[:n].copy()),
        "Images are drawn, as before: of one digit some may go to the test and some to training. "
        "Find out which digits the drawn images show, and take every image of those.",
    ),
    WrongAnswer(
        "first digits of the list",
        lambda digit, order, n: np.flatnonzero(np.isin(digit, digit[:n])),
        "No digit is on both sides, but the first n images are taken and not the drawn ones. "
        "order[:n] are the positions that were drawn.",
    ),
    WrongAnswer(
        "positions taken for digits",
        lambda digit, order, n: np.flatnonzero(np.isin(digit, order[:n])),
        "Positions are compared with numbers of digits. order[:n] says which images were drawn; "
        "digit[...] says which digits they show.",
    ),
    WrongAnswer(
        "training images",
        lambda digit, order, n: np.flatnonzero(~np.isin(digit, digit[order[:n]])),
        "These are the images to train on, and they are the right ones. Asked for are the others.",
    ),
    WrongAnswer(
        "one image of each digit",
        _one_image_each,
        "Only one image of each drawn digit is tested on. Then the others of that digit are left "
        "for training, and the leak is still there.",
    ),
    WrongAnswer(
        "drawn images with company thrown out",
        _without_doubtful,
        "The leak is closed by throwing images out of the test. What is left is what happened to "
        "have no relatives; keep what was drawn, and let the relatives join it.",
    ),
    WrongAnswer(
        "n different digits",
        _n_digits,
        "No digit is on both sides, but n different digits are drawn. Asked for are the digits of "
        "the first n images of the order, which may be fewer.",
    ),
    WrongAnswer(
        "numbers of the digits",
        lambda digit, order, n: np.unique(digit[order[:n]]),
        "These are the numbers of the digits that were drawn. Now say where their images stand: "
        "positions in the array digit.",
    ),
    WrongAnswer(
        "not sorted",
        lambda digit, order, n: order[np.isin(digit[order], digit[order[:n]])],
        "These are the right images, in the order they were drawn. Sort the positions.",
    ),
    WrongAnswer(
        "true and false",
        lambda digit, order, n: np.isin(digit, digit[order[:n]]),
        "The array holds values of type bool, needed numbers as in the input.",
    ),
    WrongAnswer(
        "returns a list",
        lambda digit, order, n: _my_test_images(digit, order, n).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_leak(answer: Any) -> str:
    n = compare(answer, _test_images_by_loops, _leak_cases(), _LEAK_WRONG)
    return (
        f"In all {n} cases no digit is on both sides. Whenever several images come from one "
        "source, a digit moved about, a patient, a scene filmed twice, the sources have to be "
        "split and not the images."
    )


leak = Exercise(
    name="ch06.leak",
    task=(
        "every digit was pasted on several canvases, and digit[i] is the number of the digit "
        "on canvas i. order holds all positions in an order drawn by lot, and the code takes the "
        "first n of them to test on. So the same digit, at another place, can be in training. "
        "Repair my_test_images(digit, order, n): those n canvases are tested on, and "
        "with them all others that show the same digits. Return their positions, sorted."
    ),
    examine=_examine_leak,
    hints=(
        "Write down six canvases of three digits and draw two by hand. Which of the others must "
        "not be trained on?",
        "digit[order[:n]] are the digits that were drawn, some of them perhaps twice. Which "
        "positions of digit hold one of these numbers?",
        "np.isin(a, b) says for each entry of a whether it occurs in b, and np.flatnonzero turns "
        "True and False into sorted positions.",
    ),
    wrong_answers=_LEAK_WRONG,
    solved_by=_my_test_images,
    starts_from=_LEAK_FOUND,
)

# -- 3. A perfect memory ----------------------------------------------------------------------


def _my_nearest(x_train: Array, y_train: Array, x: Array) -> Array:
    """Label of the most similar training image, for each row of x."""
    labels = np.empty(len(x), dtype=y_train.dtype)
    for i, image in enumerate(x):
        distances = ((x_train - image) ** 2).sum(axis=1)
        labels[i] = y_train[distances.argmin()]
    return labels


def _squares(x_train: Array, x: Array) -> Array:
    """Squared distances (N, M) of N images from M training images."""
    return np.asarray(((x[:, np.newaxis] - x_train) ** 2).sum(axis=2))


def _nearest_all_at_once(x_train: Array, y_train: Array, x: Array) -> Array:
    return np.asarray(y_train[_squares(x_train, x).argmin(axis=1)])


def _nearest_cases() -> list[tuple[Array, Array, Array]]:
    """3 to 12 training images of 2 to 5 pixels; every fourth time they are asked about again."""
    rng = np.random.default_rng(6)
    cases = []
    for M, N, D in [(3, 1, 2), (3, 2, 2), (4, 2, 3), (5, 3, 3), (6, 4, 4), (9, 5, 3), (12, 8, 5)]:
        for turn in range(4):
            x_train = rng.integers(-30, 31, size=(M, D)) / 10
            x = rng.integers(-30, 31, size=(N, D)) / 10
            cases.append((x_train, rng.permutation(M) + 3, x_train if turn == 3 else x))
    return cases


def _by(measure: Callable[[Array, Array], Array]) -> Callable[[Array, Array, Array], Array]:
    """Take the training image for which a measure (N, M) is smallest."""
    return lambda x_train, y_train, x: y_train[measure(x_train, x).argmin(axis=1)]


_NEAREST_WRONG = (
    WrongAnswer(
        "the farthest",
        _by(lambda a, b: -_squares(a, b)),
        "This is the label of the image that is farthest away: argmax where argmin is needed.",
    ),
    WrongAnswer(
        "largest product",
        _by(lambda a, b: -b @ a.T),
        "This takes the largest product of pixels. A bright training image then beats everything; "
        "near means that the differences are small.",
    ),
    WrongAnswer(
        "differences not squared",
        _by(lambda a, b: (a - b[:, np.newaxis]).sum(axis=2)),
        "The differences are added with their signs, so that negative ones count as very near. "
        "Square them first.",
    ),
    WrongAnswer(
        "absolute value of the sum",
        _by(lambda a, b: abs((a - b[:, np.newaxis]).sum(axis=2))),
        "The differences are added first, and so they cancel: two images of equal mean brightness "
        "have no distance. Square every single one, then add.",
    ),
    WrongAnswer(
        "absolute differences",
        _by(lambda a, b: abs(a - b[:, np.newaxis]).sum(axis=2)),
        "These are sums of absolute differences. That is a distance, too, and it often finds the "
        "same neighbour; asked for are squares.",
    ),
    WrongAnswer(
        "largest difference",
        _by(lambda a, b: abs(a - b[:, np.newaxis]).max(axis=2)),
        "Only the largest difference of each pair of images counts here. All pixels are to have "
        "a say: add up their squares.",
    ),
    WrongAnswer(
        "the image itself left out",
        _by(lambda a, b: np.where(_squares(a, b) == 0, np.inf, _squares(a, b))),
        "A training image is not allowed to find itself. That is a good way to estimate "
        "how the method does on new images; here an image may find itself.",
    ),
    WrongAnswer(
        "positions",
        lambda x_train, y_train, x: _squares(x_train, x).argmin(axis=1),
        "These are the positions of the nearest images. Look up their labels.",
    ),
    WrongAnswer(
        "nearest new image",
        lambda x_train, y_train, x: y_train[_squares(x_train, x).argmin(axis=0) % len(y_train)],
        "The minimum is taken along the wrong axis: which new image is nearest to each training "
        "image. Asked for is an answer to every row of x.",
    ),
    WrongAnswer(
        "only the first image",
        lambda x_train, y_train, x: y_train[_squares(x_train, x).argmin(axis=1)[:1]],
        "Only the first row of x gets a label. There is one to be found for every row.",
    ),
    WrongAnswer(
        "returns a list",
        lambda x_train, y_train, x: _nearest_all_at_once(x_train, y_train, x).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_nearest(answer: Any) -> str:
    n = compare(answer, _nearest_all_at_once, _nearest_cases(), _NEAREST_WRONG)
    return (
        f"All {n} cases agree. Asked about its own training images it is always right, whatever "
        "their labels are: it has nothing but a memory. And still it is far from guessing on new "
        "images, because there it says what it remembers of the most similar one."
    )


nearest = Exercise(
    name="ch06.nearest",
    task=(
        "a classifier that memorises and does nothing else. Write my_nearest(x_train, y_train, x): "
        "for each row of x, shape (N, D), find the row of x_train, shape (M, D), with the smallest "
        "sum of squared differences, and return its label: an array of N labels."
    ),
    examine=_examine_nearest,
    hints=(
        "How do you measure how much two images differ, so that no difference cancels another?",
        "x_train - image subtracts one image from every row of x_train. Square, and add along the "
        "pixels: one number for each training image is left.",
        "argmin says at which position the smallest of these numbers stands, and y_train has the "
        "label at that position. Do it for every row of x.",
    ),
    wrong_answers=_NEAREST_WRONG,
    solved_by=_my_nearest,
)

# -- 4. When to stop --------------------------------------------------------------------------


def _my_stop(losses: Array, patience: int) -> int:
    """Epoch, counted from 1, whose weights are kept."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best == patience:  # so many epochs in a row without a new lowest loss
            break
    return best + 1


def _stop_by_definition(losses: Array, patience: int) -> int:
    """Look at the whole past after each epoch."""
    for seen in range(1, len(losses) + 1):
        best = int(np.argmin(losses[:seen]))
        if seen - 1 - best >= patience:
            return best + 1
    return int(np.argmin(losses)) + 1


def _stop_cases() -> list[tuple[Array, int]]:
    """Validation losses of 3 to 30 epochs, falling, rising, uneven, with ties."""
    by_hand = [
        ([9, 7, 8, 8.5, 6], 2),
        ([9, 7, 8, 8.5, 6], 3),
        ([5, 6, 4], 1),
        ([5, 4, 3], 2),
        ([3, 4, 5], 1),
        ([6, 5, 5, 5, 4], 2),
        ([6, 5, 5, 5, 4], 3),
        ([8, 9, 7, 8, 6, 7, 5], 2),
        ([9, 8, 7, 8, 7, 6, 7, 8], 2),
        ([4, 3, 3.5, 2, 2.5, 2.2, 2.1, 1], 3),
    ]
    cases = [(np.array(losses, dtype=float), patience) for losses, patience in by_hand]
    rng = np.random.default_rng(6)
    for epochs in (6, 8, 10, 15, 20, 30):
        for patience in (1, 2, 3, 5):
            slope = 20 * np.exp(-np.arange(epochs) / 4) + np.arange(epochs)
            losses = np.round(slope + 3 * rng.standard_normal(epochs)) / 2
            cases.append((losses, patience))
    return cases


def _patient(
    better: Callable[[float, float], bool] = lambda new, old: new < old,
    patience: Callable[[int], float] = lambda p: p,
    result: Callable[[int, int, Array], Any] = lambda best, last, losses: best + 1,
    reset: bool = True,
) -> Callable[[Array, int], Any]:
    """Stop early with one thing done differently: the material for wrong answers."""

    def answer(losses: Array, p: int) -> Any:
        best = last = waited = 0
        for last, loss in enumerate(losses):
            if last and better(loss, losses[best]):
                best = last
                waited = 0 if reset else waited
            elif last:
                waited += 1
            if waited and waited >= patience(p):
                break
        return result(best, last, losses)

    return answer


def _until_the_first_rise(losses: Array, patience: int) -> int:
    rises = np.flatnonzero(np.diff(losses) > 0)
    return int(rises[0]) + 1 if len(rises) else len(losses)


def _worse_than_the_last(losses: Array, patience: int) -> int:
    """Count epochs that are no better than the one before."""
    waited, best = 0, 0
    for epoch in range(1, len(losses)):
        waited = waited + 1 if losses[epoch] >= losses[epoch - 1] else 0
        best = epoch if losses[epoch] < losses[best] else best
        if waited == patience:
            break
    return best + 1


_STOP_WRONG = (
    WrongAnswer(
        "counted from 0",
        _patient(result=lambda best, last, losses: best),
        "The epoch is right, counted from 0. Epochs are counted from 1 here.",
    ),
    WrongAnswer(
        "where the training stopped",
        _patient(result=lambda best, last, losses: last + 1),
        "This is the epoch in which the training ended. The weights that are kept are those of the "
        "lowest loss, some epochs earlier.",
    ),
    WrongAnswer(
        "the whole future known",
        lambda losses, patience: int(np.argmin(losses)) + 1,
        "This is the epoch of the lowest loss of all. Whoever stops early has not seen what "
        "comes after the stop.",
    ),
    WrongAnswer(
        "the last epoch",
        lambda losses, patience: len(losses),
        "The last epoch is kept, whatever the losses say. Is anything stopped at all?",
    ),
    WrongAnswer(
        "until the first rise",
        _until_the_first_rise,
        "The training ends when the loss first rises. Losses go up and down by chance; patience "
        "says for how many epochs to wait.",
    ),
    WrongAnswer(
        "compared with the epoch before",
        _worse_than_the_last,
        "An epoch counts as wasted here if it is no better than the one before. It has to be "
        "better than the best so far.",
    ),
    WrongAnswer(
        "ties count as progress",
        _patient(better=lambda new, old: new <= old),
        "An equal loss counts as a new best. Only a lower one does, so that of equal epochs the "
        "first is kept and the waiting goes on.",
    ),
    WrongAnswer(
        "one epoch too patient",
        _patient(patience=lambda p: p + 1),
        "One epoch too many is waited for. The training ends as soon as patience epochs in a row "
        "have brought no new lowest loss.",
    ),
    WrongAnswer(
        "one epoch too impatient",
        _patient(patience=lambda p: max(p - 1, 1)),
        "The training ends one epoch too soon: patience epochs without a new best have to pass, "
        "the best one itself not counted.",
    ),
    WrongAnswer(
        "not in a row",
        _patient(reset=False),
        "The epochs without progress are counted over the whole training. With every new best "
        "the waiting starts anew.",
    ),
    WrongAnswer(
        "highest instead of lowest",
        lambda losses, patience: _stop_by_definition(-losses, patience),
        "The highest loss is kept. For an accuracy that would be the right direction; a loss is "
        "better the lower it is.",
    ),
    WrongAnswer(
        "the loss itself",
        _patient(result=lambda best, last, losses: float(losses[best])),
        "This is the lowest loss. Asked for is the epoch in which it was reached.",
    ),
    WrongAnswer(
        "a list",
        lambda losses, patience: [_my_stop(losses, patience)],
        "The function returned a list, needed one whole number.",
    ),
)


def _examine_stop(answer: Any) -> str:
    n = compare(answer, _stop_by_definition, _stop_cases(), _STOP_WRONG)
    return (
        f"All {n} cases agree. Note what the function does not need: test images. The losses come "
        "from a part of the training images that was held back, so that the test stays a test."
    )


stop = Exercise(
    name="ch06.stop",
    task=(
        "early stopping. losses holds the loss on validation images after each epoch of a "
        "training. The training ends as soon as patience epochs in a row have brought no loss "
        "below the lowest so far, or with the last epoch. Write my_stop(losses, patience): the "
        "epoch, counted from 1, with the lowest loss until then; the first, if several are equal."
    ),
    examine=_examine_stop,
    hints=(
        "Go through the losses 9, 7, 8, 8.5, 6 by hand, with a patience of 2. When does the "
        "training end? Has anybody seen the 6?",
        "Keep one number: the epoch of the lowest loss so far. How many epochs ago was it?",
        "In a loop over the epochs, move that number whenever a loss is really lower, and leave "
        "the loop when the distance to it has reached patience. At the end, add 1.",
    ),
    wrong_answers=_STOP_WRONG,
    solved_by=_my_stop,
)

# -- 5. An honest result ----------------------------------------------------------------------


def _my_results(validation: Array, test: Array) -> tuple[float, float]:
    """Mean test accuracy if validation chooses the setting, and if the test does."""
    runs = np.arange(len(test))
    chosen = validation.argmax(axis=1)  # one setting for each run
    honest = test[runs, chosen].mean()
    flattered = test.max(axis=1).mean()
    return float(honest), float(flattered)


def _results_by_loops(validation: Array, test: Array) -> tuple[float, float]:
    """Run after run."""
    honest = flattered = 0.0
    for on_validation, on_test in zip(validation.tolist(), test.tolist(), strict=True):
        honest += on_test[on_validation.index(max(on_validation))]
        flattered += max(on_test)
    return honest / len(test), flattered / len(test)


def _results_cases() -> list[tuple[Array, Array]]:
    """Accuracies of 2 to 8 runs with 2 to 6 settings, no two of a run alike."""
    rng = np.random.default_rng(6)
    cases = []
    for runs, settings in [(2, 2), (2, 3), (3, 2), (3, 4), (4, 4), (5, 3), (8, 6)]:
        for _ in range(3):
            tables = [
                np.array([rng.permutation(40)[:settings] + 60 for _ in range(runs)]) / 100
                for _ in range(2)
            ]
            cases.append((tables[0], tables[1]))
    return cases


def _chosen(
    settings: Callable[[Array, Array], Array], value: Callable[[Array, Array], Array]
) -> Callable[[Array, Array], tuple[float, float]]:
    """Choose and report in another way; the second number stays right."""

    def answer(validation: Array, test: Array) -> tuple[float, float]:
        chosen = settings(validation, test)
        values = value(validation, test)
        return float(values[np.arange(len(test)), chosen].mean()), float(test.max(axis=1).mean())

    return answer


_RESULTS_WRONG = (
    WrongAnswer(
        "both flattered",
        _chosen(lambda v, t: t.argmax(axis=1), lambda v, t: t),
        "Both numbers are chosen by the test. For the first one the setting is the one that does "
        "best on validation images; the test only reports.",
    ),
    WrongAnswer(
        "validation accuracy reported",
        _chosen(lambda v, t: v.argmax(axis=1), lambda v, t: v),
        "The setting is chosen on validation images, and then its accuracy on these very images is "
        "reported. They have been used for choosing: report the test.",
    ),
    WrongAnswer(
        "worst setting",
        _chosen(lambda v, t: v.argmin(axis=1), lambda v, t: t),
        "The setting with the lowest validation accuracy is chosen. For a loss that would be "
        "right; these are accuracies.",
    ),
    WrongAnswer(
        "one setting for all runs",
        _chosen(lambda v, t: np.full(len(t), v.mean(axis=0).argmax()), lambda v, t: t),
        "One setting is chosen for all runs together. Every run has training images of its own and "
        "makes its own choice.",
    ),
    WrongAnswer(
        "best mean on the test",
        lambda v, t: (_my_results(v, t)[0], float(t.mean(axis=0).max())),
        "The first number is right. The second is the best mean of a setting over all runs; asked "
        "for is the mean of each run's best.",
    ),
    WrongAnswer(
        "best of everything",
        lambda v, t: (_my_results(v, t)[0], float(t.max())),
        "The first number is right. The second is the best single test result of all; asked for is "
        "the mean of each run's best.",
    ),
    WrongAnswer(
        "exchanged",
        lambda v, t: _my_results(v, t)[::-1],
        "Both numbers are right, and have changed places: first the honest one, then the "
        "flattered.",
    ),
    WrongAnswer(
        "the difference",
        lambda v, t: (
            _my_results(v, t)[0],
            _my_results(v, t)[1] - _my_results(v, t)[0],
        ),
        "The second number is how much the choice on the test flatters. Asked for is the flattered "
        "accuracy itself.",
    ),
    WrongAnswer(
        "mean of all settings",
        lambda v, t: (float(t.mean()), float(t.max(axis=1).mean())),
        "The first number is the mean over all settings. Only the chosen one of each run counts.",
    ),
    WrongAnswer(
        "one number for each run",
        lambda v, t: (t[np.arange(len(t)), v.argmax(axis=1)], t.max(axis=1)),
        "The two results are right, but there is one for each run. Take their means over the runs.",
    ),
    WrongAnswer(
        "only the honest number",
        lambda v, t: _my_results(v, t)[0],
        "The function returned a float, needed a tuple of 2.",
    ),
)


def _examine_selection(answer: Any) -> str:
    n = compare(answer, _results_by_loops, _results_cases(), _RESULTS_WRONG)
    honest, flattered = _my_results(*_equally_good())
    return (
        f"All {n} cases agree. Take ten settings of which none is better than another, each right "
        f"with probability 0.9, and 100 images: the honest result is {honest:.3f} and the "
        f"flattered one {flattered:.3f}. Nothing was learned in between."
    )


def _equally_good() -> tuple[Array, Array]:
    """Results of 2000 runs with ten settings, all of them right with probability 0.9."""
    rng = np.random.default_rng(0)
    validation, test = rng.binomial(100, 0.9, size=(2, 2000, 10)) / 100
    return validation, test


selection = Exercise(
    name="ch06.selection",
    task=(
        "every run was made with several settings. validation and test, both of shape "
        "(runs, settings), hold the accuracies on validation and on test images. Write "
        "my_results(validation, test) and return two numbers: the mean test accuracy over the runs "
        "if each run takes the setting that does best on its validation images, and if each takes "
        "the one that does best on its test images."
    ),
    examine=_examine_selection,
    hints=(
        "Which of the two numbers can never be the larger one? Why?",
        "argmax along the settings gives one setting for each run. Now you need one entry of each "
        "row of test, in a different column each time.",
        "test[rows, columns] with two arrays of positions picks such entries: np.arange for the "
        "rows. For the second number the maximum of every row will do.",
    ),
    wrong_answers=_RESULTS_WRONG,
    solved_by=_my_results,
)

EXERCISES = (shares, leak, nearest, stop, selection)
