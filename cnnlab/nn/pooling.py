"""What every pooling layer shares: a window, its step, its padding, and their checks. Chapter 2.

The poolings themselves are in :mod:`cnnlab.nn.maxpool` and :mod:`cnnlab.nn.avgpool`.
"""

from operator import attrgetter
from typing import Any, ClassVar

from cnnlab import _checks, shapes, windows
from cnnlab.nn.module import Windowed, changed, short


class PoolGeometry:
    """Everything about a pooling that does not depend on the numbers in it.

    Parameters
    ----------
    who : str
        Named in errors.
    kernel_size, stride, padding, dilation : int or pair
        In pixels; ``stride=None`` means `kernel_size`.
    ceil_mode : bool
        Whether a last, partly filled window counts.
    """

    def __init__(
        self,
        who: str,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> None:
        self.who = who
        self.kernel = _checks.pair(who, "kernel_size", kernel_size, 1)
        self.stride = self.kernel if stride is None else _checks.pair(who, "stride", stride, 1)
        self.padding = _checks.pair(who, "padding", padding, 0)
        self.dilation = _checks.pair(who, "dilation", dilation, 1)
        self.ceil_mode = bool(ceil_mode)
        for k, p in zip(self.kernel, self.padding, strict=True):
            if 2 * p > k:
                raise ValueError(
                    f"{who}: padding = {p} for a window of {k} pixels, needed at most half of it "
                    f"= {k // 2}, or a window could lie in the padding alone."
                )

    def slides(self, H: int, W: int) -> tuple[windows.Slide, windows.Slide]:
        """Return the window along the vertical and along the horizontal axis."""
        slides = []
        for axis, size in enumerate((H, W)):
            k, s, p, d = (
                getattr(self, name)[axis] for name in ("kernel", "stride", "padding", "dilation")
            )
            positions = shapes.window_positions(size, k, s, p, d, self.ceil_mode)
            if size < 1 or positions < 1:
                raise ValueError(
                    f"{self.who}: the input of {H}x{W} pixels is {size + 2 * p} along axis "
                    f"{'HW'[axis]} with its padding, needed at least {d * (k - 1) + 1} for the "
                    f"window. Use a smaller window or a larger input."
                )
            slides.append(windows.Slide(size, k, s, p, d, positions))
        return slides[0], slides[1]

    def pads(self, H: int, W: int) -> windows.Pads:
        """Frame that the windows reach into, ceil mode's extra pixels included."""
        pads = []
        for slide in self.slides(H, W):
            end = (slide.positions - 1) * slide.stride + slide.dilation * (slide.kernel - 1) + 1
            pads.append((slide.padding, max(slide.padding, end - slide.size - slide.padding)))
        return pads[0], pads[1]


class Pool2d(Windowed):
    """Base of the pooling layers: no parameters, a window, and what ``repr`` shows."""

    _defaults: ClassVar[dict[str, Any]] = {"padding": 0, "dilation": 1, "ceil_mode": False}
    ceil_mode = property(
        attrgetter("_geometry.ceil_mode"), doc="Whether a last window may hang over the border."
    )

    def __init__(self, geometry: PoolGeometry) -> None:
        self._geometry = geometry

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """(C, H_out, W_out) for an image (C, H, W)."""
        C, H, W = _checks.image_shape(repr(self), input_shape)
        rows, columns = self._geometry.slides(H, W)
        return C, rows.positions, columns.positions

    def extra_repr(self) -> str:
        """Window and stride, and whatever differs from its default."""
        text = f"kernel_size={short(self.kernel_size)}, stride={short(self.stride)}"
        return text + changed(self, self._defaults)
