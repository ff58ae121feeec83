"""A chapter as its reader sees it, for tests: its prose, its figures, what its cells printed."""

from functools import cached_property
from pathlib import Path

import nbformat
import numpy as np

BOOK = Path(__file__).parents[2] / "book"


class Chapter:
    """A stored notebook, ``Chapter("01-convolution")``, opened when a test first looks into it."""

    def __init__(self, name):
        self.name = name

    @cached_property
    def cells(self):
        return nbformat.read(BOOK / f"{self.name}.ipynb", as_version=4).cells

    @cached_property
    def prose(self):
        """Text and captions as one line, in the order in which they are read."""
        return in_one_line(
            cell.source if cell.cell_type == "markdown" else figure(cell).get("caption", "")
            for cell in self.cells
        )

    @cached_property
    def everything(self):
        """Text, code, captions and alternative texts as one line, in this order in each cell."""
        return in_one_line(
            part
            for cell in self.cells
            for part in (cell.source, figure(cell).get("caption", ""), alternative_text(cell))
        )

    @cached_property
    def alternative_texts(self):
        """What stands for each figure where it is not seen, by the name of the figure."""
        return {figure(cell)["name"]: alternative_text(cell) for cell in self.cells if figure(cell)}

    def printed(self, beginning):
        """The one text that a cell has printed and that begins like this."""
        texts = [
            output.get("data", {}).get("text/plain", "")
            for cell in self.cells
            for output in cell.get("outputs", [])
        ]
        [text] = [text for text in texts if text.startswith(beginning)]
        return text

    def must_say(self, words, is_true):
        """Fail unless the prose says these words, and they are true."""
        assert words in self.prose, (
            f"{self.name} no longer says {words!r}: change the words in the test as well"
        )
        verdict = is_true()
        assert isinstance(verdict, bool | np.bool_), f"neither true nor false: {verdict!r}"
        assert verdict, f"{self.name} says {words!r}, and the numbers do not"

    def must_ask_before(self, question, answer):
        """Fail unless a question is asked, and its answer stands behind it and not before."""
        asked, answered = (self.everything.find(words) for words in (question, answer))
        assert asked >= 0, f"{self.name} no longer asks {question!r}: change it in the test as well"
        assert answered >= 0, f"{self.name} no longer answers {answer!r}: change it in the test"
        assert asked < answered, f"{self.name} answers {question!r} before it is asked"


def figure(cell):
    return cell.metadata.get("mystnb", {}).get("figure", {})


def alternative_text(cell):
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")


def in_one_line(texts):
    return " ".join(" ".join(texts).split())
