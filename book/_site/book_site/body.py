"""Changes to the HTML of an article: pure functions on a parsed document."""

import re
from collections.abc import Callable

from bs4 import BeautifulSoup, Tag

Size = tuple[int, int]

PHONE = 480  # CSS pixels; wider pictures keep this width on a phone (.site-scroll in site.css)
SCROLLING_BOXES = {"pst-scrollable-table-container", "text_html"}

TALL = re.compile(r"\\(?:d?frac|sum|prod|int|binom|underset|overset|max|min|lim)\b")


def size_images(article: BeautifulSoup, size: Callable[[str], Size | None]) -> None:
    """Give each image its width and height, and load all but the first when they come near.

    Parameters
    ----------
    article : BeautifulSoup
        The article, changed in place.
    size : callable
        Width and height in CSS pixels of an image, by its ``src``; None where it is not known.
    """
    for number, image in enumerate(article.select("img[src]")):
        if not image.has_attr("width") and (known := size(str(image["src"]))):
            image["width"], image["height"] = map(str, known)
        image["decoding"] = "async"
        if number:
            image["loading"] = "lazy"


def mark_drawings(article: BeautifulSoup, is_drawing: Callable[[str], bool]) -> None:
    """Give drawings a class of their own, by which a dark page turns them light on dark.

    Parameters
    ----------
    article : BeautifulSoup
        The article, changed in place.
    is_drawing : callable
        Whether an image is one, by its ``src``.
    """
    for image in article.select("img[src]"):
        if is_drawing(str(image["src"])):
            image["class"] = [*image.get_attribute_list("class", []), "is-drawing"]


def name_summaries_by_their_text(article: BeautifulSoup) -> None:
    """Let a screen reader say what is written on a button that opens hidden content."""
    for summary in article.select("summary[aria-label]"):
        del summary["aria-label"]


def fold_dropdowns(article: BeautifulSoup) -> None:
    """Turn each box of class ``dropdown`` into ``<details>``, which opens without a script."""
    for box in article.select("div.admonition.dropdown"):
        title = box.find(class_="admonition-title", recursive=False)
        if title is None:
            continue
        box.name = "details"
        title.name = "summary"
        for link in title.find_all("a"):  # a click has to open the box
            link.unwrap()


def plain_details(article: BeautifulSoup) -> None:
    """Give the boxes of sphinx-design's ``dropdown`` the look of all others that open."""
    for box in article.select("details.sd-dropdown"):
        for marker in box.select("summary .sd-summary-state-marker"):
            marker.decompose()
        for text in box.select(".sd-summary-text"):
            text.unwrap()
        box["class"] = "dropdown"
        for part in box.find_all(recursive=False):
            del part["class"]


def drop_repeated_ids(article: BeautifulSoup) -> None:
    """Remove the wrappers in exercises and solutions: they have the same ``id`` in each of them."""
    for section in article.select(".exercise > section, .solution > section"):
        if section.get("id") in {"exercise-content", "solution-content"}:
            section.unwrap()


def reserve_formula_height(article: BeautifulSoup) -> None:
    """Keep the space of each displayed formula free until MathJax has drawn it.

    The estimate, in heights of the text: one line, or two where something stands above something
    else, for each line of the formula, and the margins above and below.
    """
    for formula in article.select("div.math"):
        lines = re.split(r"\\\\(?![a-zA-Z])", formula.get_text())
        height = 2.0 + sum(2.8 if TALL.search(line) else 1.5 for line in lines)
        formula["style"] = f"min-height: {height:.1f}em"


def frame_what_may_scroll(article: BeautifulSoup) -> None:
    """Let what is wider than a phone scroll inside a frame that has a name and takes the focus.

    Tables scroll in the box that Sphinx put around them; a wide picture gets a box of its own
    inside its figure. A script takes the frames that have nothing to scroll out of the tab order.
    """
    for table in article.select("table"):
        box = table.parent
        if box is not None and SCROLLING_BOXES & {*box.get_attribute_list("class")}:
            _name_frame(box, table.caption, "Table")
    for image in article.select("figure img[width]"):
        figure = image.find_parent("figure")
        if figure is not None and int(str(image["width"])) > PHONE:
            frame = image.wrap(article.new_tag("div"))
            _name_frame(frame, figure.find(class_="caption-number"), "Figure")


def _name_frame(frame: Tag, title: Tag | None, otherwise: str) -> None:
    name = title.get_text().strip() if title else ""
    frame["class"] = [*filter(None, frame.get_attribute_list("class")), "site-scroll"]
    frame["role"], frame["aria-label"], frame["tabindex"] = "group", name or otherwise, "0"


def empty_headers_are_no_headers(article: BeautifulSoup) -> None:
    """Turn the corner of a table, a heading of nothing, into a plain cell."""
    for cell in article.select("th:empty"):
        cell.name = "td"
        del cell["scope"]


def repair_bibliography(article: BeautifulSoup) -> None:
    """Let a screen reader see the bibliography as a list: its entries have a role no list takes."""
    for entry in article.select('[role="list"] > [role="doc-biblioentry"]'):
        entry["role"] = "listitem"


def has_design(article: BeautifulSoup) -> bool:
    """Whether a card, a tab or a grid of sphinx-design stands in the article."""
    return article.select_one("[class^='sd-'], [class*=' sd-']") is not None


def has_formula(article: BeautifulSoup) -> bool:
    """Whether the article has something for MathJax to draw."""
    return article.select_one(".math, .amsmath") is not None


def widgets(article: BeautifulSoup) -> list[str]:
    """JavaScript modules of the widgets that stand in the article, sorted, none twice."""
    return sorted({str(place["data-esm"]) for place in article.select(".cnnlab-widget[data-esm]")})
