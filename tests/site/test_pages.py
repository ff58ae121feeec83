"""The built pages in a browser: complete, light, readable, usable by everyone."""

import re

import browser
import built
import pytest
from axe_playwright_python.sync_playwright import Axe

CHAPTERS = built.chapter_names()
PAGES = [*CHAPTERS, "search"]
THEMES = ("light", "dark")

KB = 1000
LIMIT = 300 * KB
LIMIT_WITH_FORMULAS = 600 * KB

# By default axe leaves signs such as a tick undecided, and always the letters of an SVG, since it
# cannot know what is drawn below them. Those are measured here, against the paper they stand on.
AXE = """async () => {
  const { options } = axe._audit.checks["color-contrast"];
  axe.configure({
    checks: [{
      id: "color-contrast",
      options: { ...options, ignoreLength: true, ignoreUnicode: false },
    }],
  });
  const found = await axe.run({ resultTypes: ["violations", "incomplete"] });
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const readable = (node) => {
    const letters = document.querySelector(node.target.at(-1));
    if (letters?.localName !== "text") return false;
    let paper = letters.closest("svg").parentElement;
    while (rgba(getComputedStyle(paper).backgroundColor)[3] < 255) paper = paper.parentElement;
    const colours = [getComputedStyle(letters).fill, getComputedStyle(paper).backgroundColor];
    const [dark, light] = colours.map(rgba).map(luminance).sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05) >= 4.5;
  };
  const undecided = found.incomplete.filter((rule) => rule.id === "color-contrast");
  for (const rule of undecided) rule.nodes = rule.nodes.filter((node) => !readable(node));
  return { ...found, undecided: undecided.filter((rule) => rule.nodes.length) };
}"""

LAYOUT_SHIFT = """() => new Promise((resolve) => {
  let total = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) total += shift.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(total), 100);
})"""


# Of the whole module, so that the tests of one page follow one another and it is opened once.
@pytest.fixture(params=CHAPTERS, scope="module")
def chapter(request):
    return request.param


@pytest.fixture(params=PAGES, scope="module")
def name(request):
    return request.param


@pytest.mark.parametrize("theme", THEMES)
def test_no_request_leaves_the_site(look, name, theme):
    assert look(name, theme=theme).foreign == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_file_that_a_page_asks_for_is_there(look, name, theme):
    assert look(name, theme=theme).missing == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_console_shows_no_error(look, name, theme):
    assert look(name, theme=theme).errors == []


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_no_violation_and_no_undecided_contrast(look, name, theme):
    page = look(name, theme=theme).page
    size = page.viewport_size
    page.set_viewport_size({**size, "height": 3000})  # axe cannot judge what is half scrolled away
    page.evaluate(Axe().axe_script)
    found = page.evaluate(AXE)
    page.set_viewport_size(size)
    assert [_finding(rule) for rule in [*found["violations"], *found["undecided"]]] == []


def test_axe_finds_no_violation_on_a_phone(look, name):
    page = look(name, width=375).page
    page.evaluate(Axe().axe_script)
    assert [_finding(rule) for rule in page.evaluate(AXE)["violations"]] == []


def _finding(rule):
    return rule["id"], [node["html"][:150] for node in rule["nodes"]]


@pytest.mark.parametrize("theme", THEMES)
def test_the_page_follows_the_colours_of_the_system(look, name, theme):
    page = look(name, theme=theme).page
    assert page.evaluate("() => document.documentElement.dataset.theme") == theme


def test_a_phone_needs_no_sideways_scroll(look, name):
    page = look(name, width=375).page
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 375


FRAMES = """frames => frames.map((frame) => ({
  name: frame.getAttribute("aria-label"),
  hides: frame.scrollWidth > frame.clientWidth,
  focusable: frame.tabIndex === 0,
  fades: getComputedStyle(frame).getPropertyValue("--site-fade-right") !== "0px",
}))"""


@pytest.mark.parametrize("width", [375, 1280])
def test_a_frame_fades_and_takes_the_focus_where_it_hides_something(look, chapter, width):
    frames = look(chapter, width=width).page.locator(".site-scroll").evaluate_all(FRAMES)
    assert [frame for frame in frames if not frame["name"]] == []
    for frame in frames:
        assert {frame["hides"], frame["focusable"], frame["fades"]} == {frame["hides"]}, frame


def test_a_figure_keeps_letters_of_a_readable_size_on_a_phone(look, chapter):
    frames = look(chapter, width=375).page.locator("figure .site-scroll > img")
    widths = frames.evaluate_all("images => images.map((image) => image.clientWidth)")
    assert set(widths) <= {480}


def test_what_opens_shows_a_triangle_that_turns(look, chapter):
    page = look(chapter).page
    for box in page.locator("article details").all():
        signs = []
        for _ in range(2):
            signs.append(box.evaluate(SIGN))
            box.evaluate("details => { details.open = !details.open; }")
        assert [sign["turned"] for sign in signs] == ["none", "90deg"]
        assert all(sign["width"] > 4 and sign["cursor"] == "pointer" for sign in signs)


SIGN = """details => {
  const summary = details.querySelector("summary");
  const sign = getComputedStyle(summary, "::before");
  return {
    width: sign.display === "none" ? 0 : parseFloat(sign.width),
    turned: sign.rotate,
    cursor: getComputedStyle(summary).cursor,
  };
}"""


def test_code_of_eighty_characters_fits_beside_both_sidebars(look, chapter):
    codes = (
        look(chapter)
        .page.locator("article .cell_input pre:visible")
        .evaluate_all(
            "codes => codes.map((code) => [code.innerText, code.scrollWidth - code.clientWidth])"
        )
    )
    short = [text for text, cut in codes if cut > 0 and max(map(len, text.splitlines())) <= 80]
    assert short == []


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_moves_while_a_page_loads(look, name, width):
    assert look(name, width=width).page.evaluate(LAYOUT_SHIFT) < 0.05


def attributes(page, *names):
    """List these attributes of each picture of the article; None where one is missing."""
    return page.locator("article img").evaluate_all(
        "(images, names) => images.map((i) => names.map((name) => i.getAttribute(name)))", names
    )


def test_every_picture_is_described_in_words(look, chapter):
    for src, alt in attributes(look(chapter).page, "src", "alt"):
        assert len((alt or "").strip()) > 10, src
        assert not re.search(r"\.(png|svg|jpe?g)$", alt), alt


def test_every_picture_states_its_size(look, chapter):
    for src, width, height in attributes(look(chapter).page, "src", "width", "height"):
        assert width, src
        assert height, src


def test_a_page_weighs_no_more_than_it_may(look, site, name):
    visit = look(name)
    formulas = visit.page.locator("mjx-container").count()
    limit = LIMIT_WITH_FORMULAS if formulas else LIMIT
    assert browser.transferred_bytes(site, visit.files) <= limit


def test_a_page_describes_itself_to_search_engines(look, name):
    page = look(name).page
    description = page.locator('meta[name="description"]').get_attribute("content")
    assert 20 < len(description) <= 160


def test_a_chapter_names_its_public_address(look, chapter):
    link = look(chapter).page.locator('link[rel="canonical"]')
    assert link.get_attribute("href").endswith(f"/{chapter}.html")


def test_a_chapter_works_from_a_disk_without_a_server(visit, site, chapter):
    opened = visit(chapter, base=site.as_uri())
    drawn = opened.page.locator(".cnnlab-widget[data-esm]").evaluate_all(
        "places => places.map((place) => place.dataset.drawn)"
    )
    assert (opened.errors, opened.missing, opened.foreign) == ([], [], [])
    assert set(drawn) <= {"true"}


def test_every_widget_is_drawn(look, chapter):
    page = look(chapter).page
    drawn = page.locator(".cnnlab-widget[data-esm]").evaluate_all(
        "places => places.map((place) => place.dataset.drawn)"
    )
    assert set(drawn) <= {"true"}


def test_without_scripts_a_widget_shows_its_state(visit, chapter):
    page = visit(chapter, javascript=False).page
    for place in page.locator(".cnnlab-widget[data-esm]").all():
        assert place.inner_text().strip()


def test_no_identifier_stands_twice_on_a_page(look, chapter):
    identifiers = (
        look(chapter)
        .page.locator("[id]")
        .evaluate_all(
            "elements => elements.filter((e) => !e.closest('svg, mjx-container')).map((e) => e.id)"
        )
    )
    assert [i for i in identifiers if identifiers.count(i) > 1] == []


def test_every_icon_of_a_page_is_drawn_without_a_font(look, name):
    visit = look(name)
    masks = visit.page.locator(":is(.fa-solid, .fas, .fab)").evaluate_all(
        "icons => icons.map((i) => [i.className, getComputedStyle(i, '::before').maskImage])"
    )
    assert [icon for icon, mask in masks if not mask.startswith("url(")] == []
    assert [file for file in visit.files if "fontawesome" in file] == []


def test_a_folded_box_opens_and_closes_with_the_keyboard(look, chapter):
    for box in look(chapter).page.locator("article details").all():
        box.locator("> summary").press("Enter")
        assert box.get_attribute("open") is not None
        box.locator("> summary").press("Enter")
        assert box.get_attribute("open") is None


def test_paper_shows_the_text_alone(on_paper):
    for part in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article"):
        assert not on_paper.locator(part).first.is_visible(), part
    assert on_paper.locator("article h1").is_visible()


def test_paper_is_light_even_for_readers_in_the_dark(on_paper):
    assert on_paper.evaluate("() => document.documentElement.dataset.theme") == "light"
    background = on_paper.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"


def test_paper_shows_what_is_folded_away_on_the_screen(on_paper):
    folded = "article details:not([open], .tag_hide-cell *, .cnn-numbers)"
    assert on_paper.locator(folded).count() == 0


def test_after_a_print_the_page_is_as_before(look, chapter):
    page = look(chapter, theme="dark").page
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    assert page.locator("article details[open]").count() == 0


@pytest.fixture
def on_paper(look, chapter):
    page = look(chapter, theme="dark").page
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    yield page
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")


def test_what_unfolds_on_paper_can_be_seen(on_paper):
    shown = on_paper.locator("article details[open] > :not(summary)").filter(visible=True)
    assert all(box.evaluate("e => getComputedStyle(e).opacity === '1'") for box in shown.all())


def test_a_printed_exercise_comes_without_hints_and_solutions(on_paper):
    for box in on_paper.locator("article .tag_hide-cell").all():
        assert not box.is_visible()


def test_the_search_finds_a_chapter(visit):
    page = visit("search").page
    page.goto(page.url + "?q=pooling")
    page.locator("#search-results li a[href*='book/intro.html']").first.wait_for()
    titles = page.locator("#search-results li a").all_inner_texts()
    assert any("Why do we pool after convolution?" in title for title in titles)


def test_the_first_address_leads_to_the_book(visit):
    page = visit("search").page
    page.goto(page.url.replace("search.html", ""))
    page.wait_for_url("**/book/intro.html")
    assert page.locator("article h1").is_visible()
