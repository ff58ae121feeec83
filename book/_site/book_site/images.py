"""Size at which a page shows an image: the browser keeps this space free while it loads."""

import re
import struct
from pathlib import Path

CSS_PIXELS_PER_METRE = 96 / 0.0254

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def display_size(path: Path) -> tuple[int, int] | None:
    """Width and height of an image in CSS pixels, or None for formats other than PNG and SVG.

    A PNG that states its resolution is shown at its physical size, 96 CSS pixels an inch: a figure
    7 inches wide has the same width on the page, and letters of the same size, at 100 and at 200
    dots an inch; only its sharpness differs.
    """
    data = path.read_bytes()
    if data.startswith(_PNG_SIGNATURE):
        return _png_size(data)
    if path.suffix == ".svg":
        return _svg_size(data.decode("utf-8"))
    return None


def _png_size(data: bytes) -> tuple[int, int]:
    """Read the chunks IHDR (pixels) and pHYs (pixels a metre)."""
    width, height = struct.unpack(">II", data[16:24])
    at = len(_PNG_SIGNATURE)
    while (kind := data[at + 4 : at + 8]) not in (b"pHYs", b"IDAT", b""):
        at += 12 + struct.unpack(">I", data[at : at + 4])[0]
    if kind == b"pHYs":
        per_metre_x, per_metre_y, unit = struct.unpack(">IIB", data[at + 8 : at + 17])
        if unit == 1 and per_metre_x and per_metre_y:
            width = round(width * CSS_PIXELS_PER_METRE / per_metre_x)
            height = round(height * CSS_PIXELS_PER_METRE / per_metre_y)
    return width, height


def _svg_size(text: str) -> tuple[int, int] | None:
    """Read the view box of the drawing."""
    box = re.search(r'viewBox="\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)', text)
    return (round(float(box[1])), round(float(box[2]))) if box else None
