"""The site's Sphinx extension: the parts that need no Sphinx."""

import re
import struct
import zlib
from pathlib import Path

import built
import numpy as np
import pytest
from book_site import assets, body, images, page, settings
from bs4 import BeautifulSoup
from PIL import Image


def parse(text):
    return BeautifulSoup(text, "html.parser")


def png(width, height, dots_per_metre=None, kind="picture"):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    text = chunk(b"tEXt", b"Kind\0" + kind.encode())
    size = chunk(b"pHYs", struct.pack(">IIB", *[dots_per_metre] * 2, 1)) if dots_per_metre else b""
    return b"\x89PNG\r\n\x1a\n" + header + text + size + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_a_small_script_says_what_the_long_one_says(chromium):
    script = "globalThis.say = (n) => `moved ${n} pixel${n === 1 ? ' once' : `s, ${n} times`}`;"
    browser_page = chromium.new_page()
    said = [
        browser_page.evaluate(f"() => {{ {text}; return [say(1), say(2)]; }}")
        for text in (script, assets.small("script", f"// a comment\n{script}"))
    ]
    browser_page.close()
    assert said[0] == said[1] == ["moved 1 pixel once", "moved 2 pixels, 2 times"]


def test_a_png_without_resolution_is_shown_pixel_by_pixel(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(640, 480))
    assert images.display_size(path) == (640, 480)


def test_a_png_with_resolution_is_shown_at_its_physical_size(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(1400, 700, dots_per_metre=round(200 / 0.0254)))  # 7 inches wide
    assert images.display_size(path) == (672, 336)


def test_a_drawing_is_told_from_a_picture(tmp_path):
    for kind in ("drawing", "picture"):
        (tmp_path / f"{kind}.png").write_bytes(png(640, 480, kind=kind))
    assert images.is_drawing(tmp_path / "drawing.png")
    assert not images.is_drawing(tmp_path / "picture.png")


def test_what_is_no_png_is_no_drawing(tmp_path):
    (tmp_path / "a.svg").write_text("<svg/>")
    assert not images.is_drawing(tmp_path / "a.svg")
    assert not images.is_drawing(None)


def test_drawings_are_marked_on_the_page():
    article = parse('<img src="a.png"><img class="wide" src="b.png">')
    body.mark_drawings(article, lambda src: src == "b.png")
    assert [image.get("class") for image in article.select("img")] == [None, ["wide", "is-drawing"]]


def test_a_figure_is_shown_as_webp_with_the_same_pixels(tmp_path, rng):
    pixels = rng.integers(0, 256, size=(20, 30, 3), dtype=np.uint8)
    source = tmp_path / "source.png"
    Image.fromarray(pixels).save(source)
    article = parse('<img src="../_images/a.png"><img src="elsewhere.png">')
    page.lighten(article, lambda src: source if src.endswith("a.png") else None, tmp_path)
    assert [image["src"] for image in article.select("img")] == [
        "../_images/a.webp",
        "elsewhere.png",
    ]
    with Image.open(tmp_path / "_images" / "a.webp") as shown:
        np.testing.assert_array_equal(np.asarray(shown.convert("RGB")), pixels)


def test_an_svg_is_shown_at_the_size_of_its_view_box(tmp_path):
    path = tmp_path / "a.svg"
    path.write_text('<svg viewBox="0 0 300 150.4"></svg>', encoding="utf-8")
    assert images.display_size(path) == (300, 150)


def test_other_pictures_have_no_known_size(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(b"GIF89a")
    assert images.display_size(path) is None


def test_a_picture_of_another_format_is_shown_pixel_by_pixel(tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "a.webp")
    assert images.display_size(tmp_path / "a.webp") == (30, 20)


def test_pictures_get_their_size_and_all_but_the_first_wait():
    article = parse('<img src="a.png"/><img src="b.png"/>')
    body.size_images(article, {"a.png": (4, 3), "b.png": (8, 6)}.get)
    first, second = article.select("img")
    assert (first["width"], first["height"], first.get("loading")) == ("4", "3", None)
    assert (second["width"], second["height"], second.get("loading")) == ("8", "6", "lazy")


def test_a_stated_size_is_kept():
    article = parse('<img src="a.png" width="10"/>')
    body.size_images(article, lambda _: (4, 3))
    assert article.img["width"] == "10"


def test_a_dropdown_becomes_details_without_a_link_in_its_summary():
    article = parse(
        '<div class="admonition dropdown"><p class="admonition-title">To <a href="#x">1</a></p>'
        "<p>Text</p></div>"
    )
    body.fold_dropdowns(article)
    assert str(article) == (
        '<details class="admonition dropdown"><summary class="admonition-title">To 1</summary>'
        "<p>Text</p></details>"
    )


def test_a_dropdown_of_sphinx_design_looks_like_the_others_that_open():
    article = parse(
        '<details class="sd-dropdown sd-card"><summary class="sd-card-header">More'
        '<span class="sd-summary-state-marker"><svg></svg></span></summary>'
        '<div class="sd-card-body"><p class="a">Text</p></div></details>'
    )
    body.plain_details(article)
    assert str(article) == (
        '<details class="dropdown"><summary>More</summary><div><p class="a">Text</p></div>'
        "</details>"
    )


def test_other_boxes_stay_boxes():
    text = '<div class="admonition"><p class="admonition-title">Note</p></div>'
    article = parse(text)
    body.fold_dropdowns(article)
    assert str(article) == text


def test_wrappers_with_a_repeated_id_are_removed():
    article = parse('<div class="exercise"><section id="exercise-content"><p>A</p></section></div>')
    body.drop_repeated_ids(article)
    assert str(article) == '<div class="exercise"><p>A</p></div>'


def test_a_summary_is_named_by_its_text():
    article = parse('<summary aria-label="Toggle hidden content">Show</summary>')
    body.name_summaries_by_their_text(article)
    assert str(article) == "<summary>Show</summary>"


def test_a_formula_keeps_more_space_the_more_lines_it_has():
    flat, tall, two = heights(r"o = i", r"o = \frac{i}{s}", r"o &= i \\ p &= k")
    assert flat < tall
    assert flat < two


def heights(*formulas):
    article = parse("".join(f'<div class="math">{formula}</div>' for formula in formulas))
    body.reserve_formula_height(article)
    return [float(div["style"].removeprefix("min-height: ")[:-2]) for div in article.select("div")]


@pytest.mark.parametrize("box", ["output text_html", "pst-scrollable-table-container"])
def test_a_table_scrolls_in_a_named_frame_that_takes_the_focus(box):
    article = parse(f'<div class="{box}"><table><caption>Work</caption></table></div>')
    body.frame_what_may_scroll(article)
    assert article.div["class"] == [*box.split(), "site-scroll"]
    frame = [article.div[name] for name in ("role", "aria-label", "tabindex")]
    assert frame == ["group", "Work", "0"]


def test_a_table_inside_a_widget_keeps_its_place():
    text = '<div class="output text_html"><div class="cnnlab-widget"><table></table></div></div>'
    article = parse(text)
    body.frame_what_may_scroll(article)
    assert str(article) == text


def test_a_wide_figure_scrolls_in_a_frame_and_its_caption_does_not():
    article = parse(
        '<figure><a href="x.png"><img src="x.png" width="600"/></a><figcaption>'
        '<span class="caption-number">Fig. 3 </span>Words</figcaption></figure>'
    )
    body.frame_what_may_scroll(article)
    assert str(article.a) == (
        '<a href="x.png"><div aria-label="Fig. 3" class="site-scroll" role="group" tabindex="0">'
        '<img src="x.png" width="600"/></div></a>'
    )


def test_a_figure_that_fits_on_a_phone_has_no_frame():
    text = '<figure><img src="x.png" width="480"/></figure>'
    article = parse(text)
    body.frame_what_may_scroll(article)
    assert str(article) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [('<div class="sd-card">', True), ('<div class="a sd-tab-set">', True), ("<b>", False)],
)
def test_pages_with_cards_and_tabs_are_told_from_others(text, found):
    assert body.has_design(parse(text)) == found


def test_the_empty_corner_of_a_table_is_no_heading():
    article = parse('<tr><th scope="col"></th><th scope="col">a</th></tr>')
    body.empty_headers_are_no_headers(article)
    assert str(article) == '<tr><td></td><th scope="col">a</th></tr>'


def test_entries_of_a_bibliography_are_items_of_a_list():
    article = parse('<div role="list"><div role="doc-biblioentry">A</div></div>')
    body.repair_bibliography(article)
    assert article.div.div["role"] == "listitem"


def test_a_description_is_cut_at_a_word():
    assert page.shortened("one two three", 9) == "one two…"


def test_a_short_description_stays_as_it_is():
    assert page.shortened("one two", 7) == "one two"


def test_preview_tags_escape_what_the_page_says():
    tags = page.meta_tags(
        description='a "b" <c>', title="T", book="B", base="https://a/", address=None
    )
    assert 'name="description" content="a &quot;b&quot; &lt;c&gt;"' in tags


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_the_pages_address_follows_from_the_repository(end):
    assert settings.pages_address(f"https://github.com/a/b{end}") == "https://a.github.io/b/"


@pytest.mark.parametrize(
    ("value", "wanted"), [("1", True), ("true", True), ("0", False), ("", False)]
)
def test_execute_decides_whether_notebooks_run(value, wanted):
    assert settings.execution_wanted({"EXECUTE": value}) is wanted


def test_a_misspelt_execute_is_refused():
    with pytest.raises(ValueError, match="EXECUTE='yes': needed 0 or 1"):
        settings.execution_wanted({"EXECUTE": "yes"})


@pytest.mark.parametrize("name", [".ruff_cache/0.1/1", "book_site/__pycache__/a.pyc", ".DS_Store"])
def test_what_a_tool_leaves_behind_is_no_source_of_the_site(tmp_path, monkeypatch, name):
    for file in ("static/site.css", f"{name}"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("", encoding="utf-8")
    monkeypatch.setattr(settings, "SITE", tmp_path)
    assert settings.site_files() == [tmp_path / "static" / "site.css"]
    assert built.is_cache(Path("book/_site", name))
    assert not built.is_cache(Path("book/_site/static/site.css"))


def test_a_page_is_made_anew_when_code_that_it_shows_has_changed():
    shown = set()
    for path in built.ROOT.glob("book/*.ipynb"):
        shown |= set(re.findall(r"{literalinclude} \.\./(\S+?)\\n", path.read_text("utf-8")))
    assert shown
    assert shown <= {path.relative_to(built.ROOT).as_posix() for path in built.sources()}


def test_the_digest_changes_with_a_file(tmp_path):
    path = tmp_path / "site.css"
    path.write_text("a", encoding="utf-8")
    before = settings.digest([path])
    path.write_text("b", encoding="utf-8")
    assert settings.digest([path]) != before
