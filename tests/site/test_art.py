"""The cover and the card are what tools/art.py draws with our own pooling."""

import art
import built
import numpy as np
from PIL import Image

STATIC = built.ROOT / "book" / "_site" / "static"


def pixels(picture):
    return np.asarray(picture.convert("RGB"), dtype=float)


def test_the_cover_is_drawn_by_the_tool():
    with Image.open(STATIC / "cover.webp") as stored:
        drawn = art.cover()
        assert stored.size == drawn.size
        seen = np.asarray(drawn)[..., 3] > 0
        difference = np.abs(pixels(stored) - pixels(drawn))[seen]
    assert difference.mean() < 5  # of 255: what the compression costs


def test_the_card_is_drawn_by_the_tool():
    with Image.open(STATIC / "card.png") as stored:
        assert stored.size == (1200, 630)
        assert np.abs(pixels(stored) - pixels(art.card())).mean() < 2  # letters differ a little


def test_max_pooling_makes_the_picture_paler_and_average_pooling_does_not():
    step = art.SIDE + art.GAP
    squares = [
        [
            pixels(art.cover().crop((x, y, x + art.SIDE, y + art.SIDE))).mean()
            for x in range(0, 5 * step, step)
        ]
        for y in (0, step)
    ]
    above, below = squares
    assert np.all(np.diff(above) > 0)
    assert np.allclose(below, below[0], atol=0.6)
