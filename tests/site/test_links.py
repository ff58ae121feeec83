"""Links of the built site: inside of it they lead somewhere, outside of it to what is there."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import built
import pytest
import yaml

CONFIG = yaml.safe_load((built.ROOT / "_config.yml").read_text("utf-8"))
REPOSITORY = CONFIG["repository"]["url"].removeprefix("https://github.com/")
BRANCH = CONFIG["repository"]["branch"]
NOTEBOOKS = [name for name in built.chapter_names() if (built.ROOT / f"{name}.ipynb").exists()]

# Where a tag leads or what it loads.
LEADS = {"a": "href", "link": "href", "form": "action", "img": "src", "script": "src"}

# What comes before the path of a notebook.
LAUNCHERS = {
    "mybinder.org": f"https://mybinder.org/v2/gh/{REPOSITORY}/{BRANCH}?urlpath=lab/tree/",
    "colab.research.google.com": (
        f"https://colab.research.google.com/github/{REPOSITORY}/blob/{BRANCH}/"
    ),
}
GITHUB = re.compile(r"https://github\.com/(?P<repository>[^/]+/[^/]+)(?P<rest>/.*)?")


@pytest.fixture(scope="module")
def links(pages):
    """Every address on every page, with the page on which it stands."""
    return [
        (name, attributes[LEADS[tag]])
        for name, page in pages.items()
        for tag, attributes in page.tags
        if attributes.get(LEADS.get(tag))
    ]


@pytest.fixture(scope="module")
def outside(links):
    """Each address that leads out of the site, once."""
    return sorted({address for _, address in links if urlsplit(address).scheme not in {"", "data"}})


def inside(links):
    """Each address that leads to another place of the site: from which page, where, which one."""
    for name, address in links:
        parts = urlsplit(address)
        if not parts.scheme and not parts.netloc:
            yield name, address, unquote(parts.path), unquote(parts.fragment)


# -- inside of the site ---------------------------------------------------------------------------


def test_every_link_inside_of_the_site_leads_to_a_file(site, links):
    broken = {
        (name, address)
        for name, address, path, _ in inside(links)
        if path and not ((site / name).parent / path).resolve().is_file()
    }
    assert broken == set()


def test_no_link_leaves_the_folder_of_the_site(site, links):
    targets = {((site / name).parent / path).resolve() for name, _, path, _ in inside(links)}
    assert [str(path) for path in targets if not path.is_relative_to(site.resolve())] == []


def test_every_link_to_a_place_on_a_page_leads_to_it(site, pages, links):
    places = {name: page.identifiers for name, page in pages.items()}
    broken = set()
    for name, address, path, place in inside(links):
        target = ((site / name).parent / path).resolve() if path else site.resolve() / name
        target = target.relative_to(site.resolve()).as_posix()
        if place and place not in places.get(target, set()):
            broken.add((name, address))
    assert broken == set()
    assert sum(bool(place) for *_, place in inside(links)) > 1000


def test_what_a_reader_downloads_is_a_file_of_the_repository(site, links):
    downloads = {
        ((site / name).parent / path).resolve()
        for name, _, path, _ in inside(links)
        if {"_sources", "_downloads"} & {*PurePosixPath(path).parts}
    }
    assert downloads
    assert [str(path) for path in downloads if not is_of_the_repository(path)] == []


def is_of_the_repository(path):
    """Whether a file of the repository has this name and content."""
    parts = path.relative_to(built.HTML.resolve()).parts
    if parts[0] == "_sources":
        candidates = [built.ROOT.joinpath(*parts[1:])]
    else:
        candidates = [
            found
            for folder in ("book", "cnnlab", "tests")
            for found in (built.ROOT / folder).rglob(path.name)
        ]
    return any(file.is_file() and file.read_bytes() == path.read_bytes() for file in candidates)


# -- out of the site ------------------------------------------------------------------------------


@pytest.mark.parametrize("host", LAUNCHERS)
def test_every_notebook_is_launched_and_nothing_else(outside, host):
    launched = {unquote(address) for address in outside if urlsplit(address).netloc == host}
    assert launched == {f"{LAUNCHERS[host]}{name}.ipynb" for name in NOTEBOOKS}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_launches_itself(pages, name):
    links = [attributes.get("href", "") for attributes in pages[f"{name}.html"].all("a")]
    launched = {unquote(link) for link in links if urlsplit(link).netloc in LAUNCHERS}
    assert launched == {f"{before}{name}.ipynb" for before in LAUNCHERS.values()}


def test_every_link_to_the_repository_names_a_file_of_its_branch(outside):
    ours = [match for address in outside if (match := GITHUB.fullmatch(address))]
    ours = [match["rest"] for match in ours if match["repository"].lower() == REPOSITORY.lower()]
    assert ours
    assert [rest for rest in ours if rest and not names_a_file(rest)] == []


def names_a_file(rest):
    """Whether what follows the address of the repository is a file, folder or list that exists."""
    lists = {"/issues", "/issues/new", "/pulls", "/releases", "/discussions", "/actions"}
    found = re.fullmatch(r"/(?:blob|tree|edit|raw)/([^/]+)/([^?#]+)(?:[?#].*)?", rest)
    if found is None:
        return urlsplit(rest).path.rstrip("/") in lists
    return found[1] == BRANCH and (built.ROOT / unquote(found[2])).exists()


@pytest.mark.parametrize(
    ("rest", "is_there"),
    [
        (f"/blob/{BRANCH}/README.md", True),
        (f"/edit/{BRANCH}/book/intro.md", True),
        (f"/tree/{BRANCH}/cnnlab", True),
        (f"/blob/{BRANCH}/nothing.md", False),
        ("/blob/elsewhere/README.md", False),
        ("/issues/new?title=A", True),
        ("/wiki", False),
    ],
)
def test_a_link_to_a_file_that_is_not_there_is_found(rest, is_there):
    assert names_a_file(rest) is is_there


def test_every_public_address_of_a_page_is_one(outside, site):
    owner, name = REPOSITORY.split("/")
    base = f"https://{owner}.github.io/{name}/"
    published = [address for address in outside if f"//{owner}.github.io/" in address]
    assert published
    wrong = [address for address in published if not address.startswith(base)]
    missing = [a for a in published if not (site / urlsplit(a.removeprefix(base)).path).is_file()]
    assert (wrong, missing) == ([], [])


def test_every_link_out_of_the_site_is_well_formed(outside):
    assert [address for address in outside if fault(address)] == []


def fault(address):
    """What is wrong with an address, in a word; nothing where nothing is."""
    parts = urlsplit(address)
    if parts.scheme != "https":
        return "scheme"
    if not re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", parts.netloc):
        return "host"
    if not re.fullmatch(r"[\w.~:/?#\[\]@!$&'()*+,;=%-]*", address, re.ASCII):
        return "sign"
    if re.search(r"%(?![0-9A-Fa-f]{2})|[.,;:]$|https?://.*https?://|//[^/]+.*//", address):
        return "form"
    return ""


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("https://doi.org/10.1109/5.726791", ""),
        ("https://example.org/a_(b)?q=1&r=2#c", ""),
        ("http://example.org/", "scheme"),
        ("ftp://example.org/", "scheme"),
        ("https://localhost/", "host"),
        ("https://reader:secret@example.org/", "host"),
        ("https://example.org/a b", "sign"),
        ("https://example.org/\N{EN DASH}", "sign"),
        ("https://example.org/a.", "form"),
        ("https://example.org/%zz", "form"),
        ("https://doi.org/https://doi.org/10.1", "form"),
    ],
)
def test_a_malformed_address_is_found(address, wrong):
    assert fault(address) == wrong
