"""Draw the book's cover and the card that messengers show, from a photograph and our own pooling.

    python tools/art.py

Both show one dahlia, pooled over ever larger windows: above by max, below by average. The
photograph comes with scikit-learn ("flower.jpg", by dany13, CC BY 2.0).
"""

from pathlib import Path

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_sample_image

from cnnlab.nn import functional as F

STATIC = Path(__file__).parents[1] / "book" / "_site" / "static"
WINDOWS = (1, 8, 16, 32, 64)  # side of a window in pixels of the photograph
SIDE = 256  # of the square cut from the photograph, in pixels
TOP, LEFT = 91, 182  # its corner
GAP = 8  # pixels between two squares
PAPER, INK, QUIET = "#fbfaf7", "#16202c", "#52606f"
MAX, AVERAGE = "#d55e00", "#0072b2"


def cover() -> Image.Image:
    """Give the cover: a square for each window, max above and average below, on nothing."""
    photo = load_sample_image("flower.jpg")[TOP : TOP + SIDE, LEFT : LEFT + SIDE] / 255
    maps = np.ascontiguousarray(photo.transpose(2, 0, 1))[None]  # (1, 3, 256, 256)
    step = SIDE + GAP
    picture = Image.new("RGBA", (len(WINDOWS) * step - GAP, 2 * step - GAP))
    for row, pool in enumerate((F.max_pool2d, F.avg_pool2d)):
        for column, window in enumerate(WINDOWS):
            pooled = pool(maps, window)[0].transpose(1, 2, 0).repeat(window, 0).repeat(window, 1)
            square = Image.fromarray(np.round(255 * pooled).astype(np.uint8))
            picture.paste(square, (column * step, row * step))
    return picture


def card() -> Image.Image:
    """Give the card, 1200x630 pixels: the title, what the book does, and the cover."""
    picture = Image.new("RGB", (1200, 630), PAPER)
    squares = cover()
    squares = squares.resize((840, round(840 * squares.height / squares.width)))
    picture.paste(squares, (64, 262), squares)
    draw = ImageDraw.Draw(picture)
    draw.text((60, 52), "Why do we pool?", INK, font("DejaVu Serif", 84, "bold"))
    draw.text(
        (64, 172),
        "An executable textbook in which every claim is measured.",
        QUIET,
        font("DejaVu Sans", 34),
    )
    below = 262 + squares.height
    draw.polygon([(945, 368), (975, 368), (960, 342)], MAX)
    draw.text((990, 336), "max", INK, font("DejaVu Sans", 30))
    draw.ellipse((945, below - 104, 975, below - 74), AVERAGE)
    draw.text((990, below - 108), "average", INK, font("DejaVu Sans", 30))
    return picture


def font(family: str, size: int, weight: str = "normal") -> ImageFont.FreeTypeFont:
    """Give a font that comes with Matplotlib, the same on every computer."""
    folder = Path(font_manager.__file__).parent / "mpl-data" / "fonts" / "ttf"
    name = family.replace(" ", "") + ("-Bold" if weight == "bold" else "")
    return ImageFont.truetype(str(folder / f"{name}.ttf"), size)


if __name__ == "__main__":
    cover().save(STATIC / "cover.webp", quality=80, method=6)
    card().save(STATIC / "card.png", optimize=True)
