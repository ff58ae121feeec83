"""What a page says of an image: its size, for which the browser keeps space, and its kind."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

CSS_PIXELS_PER_METRE = 96 / 0.0254

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def display_size(path: Path) -> tuple[int, int] | None:
    """Width and height of an image in CSS pixels, or None for a format without one.

    A PNG that states its resolution is shown at its physical size, 96 CSS pixels an inch: a figure
    7 inches wide has the same width on the page, and letters of the same size, at 100 and at 200
    dots an inch; only its sharpness differs.
    """
    data = path.read_bytes()
    if data.startswith(_PNG_SIGNATURE):
        return _png_size(data)
    if path.suffix == ".svg":
        return _svg_size(data.decode("utf-8"))
    if path.suffix in {".jpeg", ".jpg", ".webp"}:
        with Image.open(path) as image:
            return image.size
    return None


def write_webp(source: Path, target: Path) -> None:
    """Write a PNG as WebP without loss: the same picture in about three quarters of the bytes."""
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(source) as image:
            image.save(target, "webp", lossless=True, quality=100, method=4, exact=True)


def is_drawing(path: Path | None) -> bool:
    """Whether a PNG says of itself that it is a drawing, which may be turned light on dark."""
    data = path.read_bytes() if path else b""
    return data.startswith(_PNG_SIGNATURE) and (b"tEXt", b"Kind\0drawing") in _chunks(data)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give kind and content of each chunk of a PNG up to the pixels."""
    at = len(_PNG_SIGNATURE)
    while (kind := data[at + 4 : at + 8]) not in (b"IDAT", b""):
        end = at + 8 + struct.unpack(">I", data[at : at + 4])[0]
        yield kind, data[at + 8 : end]
        at = end + 4  # a checksum


def _png_size(data: bytes) -> tuple[int, int]:
    """Read the chunks IHDR (pixels) and pHYs (pixels a metre)."""
    width, height = struct.unpack(">II", data[16:24])
    for kind, content in _chunks(data):
        if kind == b"pHYs":
            per_metre_x, per_metre_y, unit = struct.unpack(">IIB", content)
            if unit == 1 and per_metre_x and per_metre_y:
                width = round(width * CSS_PIXELS_PER_METRE / per_metre_x)
                height = round(height * CSS_PIXELS_PER_METRE / per_metre_y)
    return width, height


def _svg_size(text: str) -> tuple[int, int] | None:
    """Read the view box of the drawing."""
    box = re.search(r'viewBox="\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)', text)
    return (round(float(box[1])), round(float(box[2]))) if box else None
