"""Arithmetic of layers without arrays: sizes, parameters, multiplications, receptive fields.

Chapters 1 and 2. Everything here is a formula one can check with pencil and paper.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cnnlab import _checks
from cnnlab._types import IntPair

Pair = tuple[int, int]  # (vertical, horizontal)


def output_size(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    r"""Number of positions a window takes along one axis of an image.

    .. math:: o = \left\lfloor \frac{i + 2p - d(k - 1) - 1}{s} \right\rfloor + 1

    Parameters
    ----------
    size : int
        Input size i along the axis, in pixels, at least 1.
    kernel_size : int
        Window size k, in pixels, at least 1.
    stride : int, default 1
        Step s from one window to the next, in pixels, at least 1.
    padding : int, default 0
        Pixels p added on *each* side, at least 0.
    dilation : int, default 1
        Distance d between neighbouring window entries, in pixels, at least 1.
    ceil_mode : bool, default False
        Round up instead of down, so that the last, partly filled window counts. As in torch, a
        window that would start in the right-hand padding does not.

    Returns
    -------
    int
        Output size o, in pixels, at least 1.

    Raises
    ------
    ValueError
        If the window does not fit into the padded input.

    References
    ----------
    Dumoulin and Visin (2016), arXiv:1603.07285, relationships 6 and 15.

    Examples
    --------
    >>> output_size(28, kernel_size=2, stride=2)
    14
    >>> output_size(7, kernel_size=2, stride=2), output_size(7, 2, 2, ceil_mode=True)
    (3, 4)
    """
    who = "output_size"
    size = _checks.integer(who, "size", size, 1)
    kernel_size = _checks.integer(who, "kernel_size", kernel_size, 1)
    stride = _checks.integer(who, "stride", stride, 1)
    padding = _checks.integer(who, "padding", padding, 0)
    dilation = _checks.integer(who, "dilation", dilation, 1)
    positions = window_positions(size, kernel_size, stride, padding, dilation, ceil_mode)
    if positions < 1:
        reach = dilation * (kernel_size - 1) + 1
        raise ValueError(
            f"output_size: a window of {reach} pixels does not fit into {size} pixels with "
            f"padding {padding} on each side. Use a smaller window or more padding."
        )
    return positions


def window_positions(
    size: int, kernel_size: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> int:
    """Evaluate the formula of :func:`output_size` without any check: below 1 nothing fits."""
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    positions = -(-room // stride) + 1
    return positions - ((positions - 1) * stride >= size + padding)


def same_padding(kernel_size: int, dilation: int = 1) -> tuple[int, int]:
    """Pixels to add before and after, so that a stride-1 window keeps the size.

    The larger half goes *after* when the total is odd, as in torch's ``padding='same'``.

    Examples
    --------
    >>> same_padding(3), same_padding(2)
    ((1, 1), (0, 1))
    """
    kernel_size = _checks.integer("same_padding", "kernel_size", kernel_size, 1)
    dilation = _checks.integer("same_padding", "dilation", dilation, 1)
    total = dilation * (kernel_size - 1)
    return total // 2, total - total // 2


@dataclass(frozen=True)
class Window:
    """How a layer looks at its input: window, step and spread, each (vertical, horizontal).

    Parameters
    ----------
    kernel_size, stride, dilation : tuple of int
        In pixels, each at least 1. A single int counts for both axes.
    """

    kernel_size: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)

    def __post_init__(self) -> None:
        for name in ("kernel_size", "stride", "dilation"):
            pair = _checks.pair("Window", name, getattr(self, name), 1)
            object.__setattr__(self, name, pair)  # the one way to set a field of a frozen class


def receptive_field(
    layers: Iterable[tuple[IntPair, IntPair] | Window],
) -> tuple[IntPair, IntPair]:
    r"""Receptive field and jump after a stack of windowed layers.

    Walk from the input to the output with :math:`r = 1` (what one unit sees, in input pixels)
    and :math:`j = 1` (distance between neighbouring units, in input pixels). Each layer does

    .. math:: r \leftarrow r + d(k - 1)\,j, \qquad j \leftarrow j \cdot s

    Parameters
    ----------
    layers : iterable of (kernel_size, stride) or Window
        From the input upwards.

    Returns
    -------
    receptive_field, jump : int, or pair (vertical, horizontal) where the axes differ
        Both in input pixels.

    References
    ----------
    Araujo, Norris and Sim (2019), doi:10.23915/distill.00021, equations 1 and 2.

    Examples
    --------
    A 3x3 convolution sees 3 pixels. The 2x2 pool on top of it adds one jump, and so sees 4, not 6;
    what it doubles is the jump. The next 3x3 convolution therefore adds 4.

    >>> receptive_field([(3, 1)]), receptive_field([(3, 1), (2, 2)])
    ((3, 1), (4, 2))
    >>> receptive_field([(3, 1), (2, 2), (3, 1)])
    (8, 2)
    """
    field, jump = (1, 1), (1, 1)
    for layer in layers:
        field, jump = _step(field, jump, _as_window(layer))
    return _one_or_two(field), _one_or_two(jump)


def _as_window(layer: Any) -> Window:
    """Return the window that a layer of :func:`receptive_field` stands for."""
    who = "receptive_field"
    if isinstance(layer, Window):
        return layer
    if not isinstance(layer, tuple | list) or len(layer) != 2:
        raise TypeError(
            f"{who}: a layer is {layer!r}, needed (kernel_size, stride) or a Window. Leave out "
            f"layers without a window, such as a ReLU."
        )
    kernel_size, stride = layer
    return Window(
        _checks.pair(who, "kernel_size", kernel_size, 1), _checks.pair(who, "stride", stride, 1)
    )


def _step(field: Pair, jump: Pair, window: Window) -> tuple[Pair, Pair]:
    """Go one layer up: the two assignments of :func:`receptive_field`, along both axes."""
    options = window.kernel_size, window.stride, window.dilation
    vertical, horizontal = (
        (r + d * (k - 1) * j, j * s) for r, j, k, s, d in zip(field, jump, *options, strict=True)
    )
    return (vertical[0], horizontal[0]), (vertical[1], horizontal[1])


def _one_or_two(pair: Pair) -> IntPair:
    """Return one number where both axes agree."""
    return pair[0] if pair[0] == pair[1] else pair


@dataclass(frozen=True)
class LayerSummary:
    """What one layer of a network costs, for one image.

    Parameters
    ----------
    name : str
        The layer's class, for example ``Conv2d``.
    output_shape : tuple of int
        Without the batch axis: (C, H, W) or (features,).
    parameters : int
        Trainable numbers of the layer, biases included.
    macs : int
        Multiply-accumulates of one forward pass over one image; biases, comparisons and
        divisions are not counted.
    receptive_field, jump : int, pair (vertical, horizontal) where the axes differ, or None
        In input pixels; None after a layer that sees the whole image (a flatten, a dense layer).
    """

    name: str
    output_shape: tuple[int, ...]
    parameters: int
    macs: int
    receptive_field: IntPair | None
    jump: IntPair | None

    @property
    def activations(self) -> int:
        """Number of values the layer hands on for one image."""
        return math.prod(self.output_shape)


def trace(model: Any, input_shape: Sequence[int]) -> list[LayerSummary]:
    """Follow one image's *shape* through a network, layer by layer, without any arithmetic.

    Parameters
    ----------
    model : nn.Sequential or nn.Module
        A network of `cnnlab.nn` layers; a single layer counts as a network of one.
    input_shape : sequence of int
        (C, H, W) of one image.

    Returns
    -------
    list of LayerSummary
        One entry per layer, in order.

    Raises
    ------
    ValueError
        If a layer cannot take the shape that reaches it; the message names the layer.

    Examples
    --------
    >>> from cnnlab import nn
    >>> model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.MaxPool2d(2), nn.Flatten())
    >>> [(row.name, row.output_shape, row.parameters) for row in trace(model, (1, 28, 28))]
    [('Conv2d', (8, 28, 28), 80), ('MaxPool2d', (8, 14, 14), 0), ('Flatten', (1568,), 0)]
    """
    rows = []
    shape = _checks.sizes("trace", "input_shape", input_shape)
    field, jump = (1, 1), (1, 1)
    local = True  # still an image whose units see a window, not yet a vector
    for layer in _layers(model):
        macs = layer.macs(shape)
        before, shape = shape, layer.output_shape(shape)
        # a layer that changes the size without a fixed window (adaptive pooling) ends the count
        resized = layer.window is None and shape[1:] != before[1:]
        local = local and len(shape) == 3 and not resized
        if local and layer.window is not None:
            field, jump = _step(field, jump, layer.window)
        seen = (_one_or_two(field), _one_or_two(jump)) if local else (None, None)
        parameters = sum(parameter.size for parameter in layer.parameters())
        rows.append(LayerSummary(type(layer).__name__, shape, parameters, macs, *seen))
    return rows


def _layers(model: Any) -> Iterator[Any]:
    """The layers of a network in order, those of chains within chains included."""
    if not hasattr(model, "layers"):
        yield model
        return
    for layer in model.layers:
        yield from _layers(layer)
