"""Windows, images and numbers to test with, drawn by Hypothesis.

An ordinary run looks at some 200 examples of every property, always the same ones. To look longer:
``CNNLAB_EXAMPLES=20000 pytest tests/nn``.
"""

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

settings.register_profile(
    "cnnlab",
    max_examples=int(os.environ.get("CNNLAB_EXAMPLES", "200")),
    derandomize=True,
    deadline=None,
)
settings.load_profile("cnnlab")

FLOATS = (np.float32, np.float64)


@dataclass(frozen=True)
class Case:
    """One call to test: shapes, positional options in torch's order, and a seed for the numbers."""

    shape: tuple[int, ...]  # of the input: (N, C, H, W) or (C, H, W)
    options: tuple[Any, ...]
    seed: int
    weight_shape: tuple[int, ...] = ()
    with_bias: bool = False

    @property
    def rng(self) -> np.random.Generator:
        """The same generator every time, so that a case can be run again."""
        return np.random.default_rng(self.seed)

    def integers(self, dtype=np.float64):
        """Small whole numbers, full of ties; sums and products of them are exact."""
        return self.rng.integers(-4, 5, self.shape).astype(dtype)

    def weight_and_bias(self, dtype=np.float64):
        """Small whole numbers as weights; None for a bias that is not wanted."""
        rng = np.random.default_rng([self.seed, 1])
        weight = rng.integers(-4, 5, self.weight_shape).astype(dtype)
        bias = rng.integers(-4, 5, self.weight_shape[:1]).astype(dtype)
        return weight, bias if self.with_bias else None


def whole_numbers_like(y, seed):
    """Gradient of an output: no two outputs count alike, and everything stays exact."""
    rng = np.random.default_rng([seed, 2])
    return rng.integers(-9, 10, y.shape).astype(y.dtype if y.dtype.kind == "f" else np.float64)


def sprinkle(x, values, seed):
    """Return a copy of x with some of its entries replaced by special values such as NaN."""
    rng = np.random.default_rng([seed, 3])
    return np.where(rng.random(x.shape) < 0.3, rng.choice(values, x.shape), x).astype(x.dtype)


seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from(FLOATS)


@st.composite
def _axis(draw, *, pool, ceil_mode=False, own_stride=False, dilated=True, same=False):
    """One axis that torch accepts: (size, kernel, stride, padding, dilation)."""
    kernel = draw(st.integers(1, 4))
    dilation = draw(st.integers(1, 3)) if dilated else 1
    stride = 1 if same else kernel if own_stride else draw(st.integers(1, 4))
    padding = draw(st.integers(0, kernel // 2 if pool else 3))
    reach = dilation * (kernel - 1) + 1
    # rounding up, a window may stick out of the image by up to stride - 1 pixels
    fewest = max(1, reach - 2 * padding - (stride - 1) * ceil_mode)
    size = draw(st.integers(1 if same else fewest, fewest + 5))
    return size, kernel, stride, padding, dilation


@st.composite
def _argument(draw, pair):
    """Write two equal numbers now as a pair, now as one int."""
    return pair[0] if pair[0] == pair[1] and draw(st.booleans()) else pair


@st.composite
def _lead(draw, channels):
    """Axes before (H, W): sometimes no batch axis, sometimes an empty batch."""
    batch = draw(st.sampled_from([(), (0,), (1,), (2,), (3,)]))
    return (*batch, channels)


@st.composite
def convolutions(draw):
    """A convolution that torch can do, all options at once."""
    padding_word = draw(st.sampled_from([None, None, None, "valid", "same"]))
    rows, columns = (draw(_axis(pool=False, same=padding_word == "same")) for _ in range(2))
    if padding_word == "valid":
        rows, columns = ((max(size, d * (k - 1) + 1), k, s, 0, d) for size, k, s, _, d in
                         (rows, columns))  # fmt: skip
    sizes, kernel, stride, padding, dilation = zip(rows, columns, strict=True)
    groups = draw(st.integers(1, 3))
    in_group, out_group = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    return Case(
        shape=(*draw(_lead(in_group * groups)), *sizes),
        weight_shape=(out_group * groups, in_group, *kernel),
        options=(
            draw(_argument(stride)),
            padding_word or draw(_argument(padding)),
            draw(_argument(dilation)),
            groups,
        ),
        with_bias=draw(st.booleans()),
        seed=draw(seeds),
    )


@st.composite
def _poolings(draw, dilated):
    own_stride, ceil_mode = draw(st.booleans()), draw(st.booleans())
    axis = _axis(pool=True, ceil_mode=ceil_mode, own_stride=own_stride, dilated=dilated)
    sizes, kernel, stride, padding, dilation = zip(draw(axis), draw(axis), strict=True)
    options = [
        draw(_argument(kernel)),
        None if own_stride else draw(_argument(stride)),
        draw(_argument(padding)),
    ]
    if dilated:
        options.append(draw(_argument(dilation)))
    shape = (*draw(_lead(draw(st.integers(1, 2)))), *sizes)
    return Case(shape, (*options, ceil_mode), draw(seeds))


def max_poolings():
    """A max pooling that torch can do: kernel_size, stride, padding, dilation, ceil_mode."""
    return _poolings(dilated=True)


@st.composite
def avg_poolings(draw):
    """An average pooling that torch can do, count_include_pad and divisor_override included."""
    case = draw(_poolings(dilated=False))
    divisor = draw(st.sampled_from([None, None, 1, 3, -2]))
    return Case(case.shape, (*case.options, draw(st.booleans()), divisor), case.seed)


# Cases that may make no sense: what torch refuses, cnnlab has to refuse too.

_pairs = st.tuples(st.integers(-1, 4), st.integers(-1, 4))
_spoilt_options = st.one_of(st.integers(-1, 6), _pairs, st.sampled_from(["same", "valid", "full"]))


@st.composite
def spoilt(draw, cases):
    """Draw a case and change up to three things in it: an option, a size, the number of axes."""
    case = draw(cases)
    for _ in range(draw(st.integers(0, 3))):
        field = draw(st.sampled_from(["options", "shape", "weight_shape"]))
        values = list(getattr(case, field))
        if not values:
            continue
        place = draw(st.integers(0, len(values) - 1))
        if field != "options" and draw(st.integers(0, 4)) == 0:
            del values[place]
        elif field != "options":
            values[place] = draw(st.integers(0, 6))
        elif isinstance(values[place], bool):
            values[place] = not values[place]
        else:
            values[place] = draw(_spoilt_options)
        case = replace(case, **{field: tuple(values)})
    return case
