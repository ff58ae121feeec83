"""Write the repository's address and branch, which _config.yml states, wherever readers need them.

    python tools/launch_urls.py
    python tools/launch_urls.py https://github.com/you/your-book --branch main

With an address it is written into _config.yml first, which is all that a fork needs. The address is
part of: the first cell of each chapter (which installs cnnlab in Colab), badges and the clone
command in README.md and CONTRIBUTING.md, links to files and to the published pages, CITATION.cff,
pyproject.toml. A test checks that they agree.
"""

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import yaml

ROOT = Path(__file__).resolve().parents[1]
PLACES = (
    "README.md",
    "CONTRIBUTING.md",
    "CITATION.cff",
    "pyproject.toml",
    "book/*.ipynb",
    "book/*.md",
)

# Addresses that lead to this repository and never to another; the name is without .git at its end.
REPOSITORY = r"(?P<repository>[\w.-]+/(?:(?!\.git(?![\w.-]))[\w.-])*[\w-])"
ADDRESSES = [
    re.compile(before + REPOSITORY + behind)
    for before, behind in {
        r"git\+https://github\.com/": r"(?:(?:\.git)?@(?P<branch>[^\s\"'\\]+))?",
        r"git clone https://github\.com/": "",
        r"https://mybinder\.org/v2/gh/": r"(?:/(?P<quoted>[^\s\"'\\?)]+))?",
        r"https://colab\.research\.google\.com/github/": r"(?:/blob/(?P<branch>\S+?)(?=/book/))?",
        r"repository-code: \"?https://github\.com/": "",
        r"Source = \"https://github\.com/": "",
    }.items()
]
END = r"(?=\.git(?![\w.-])|(?![\w-]|\.\w))"  # behind a whole name, as at the end of a sentence


class Place(NamedTuple):
    """A repository, as OWNER/NAME, and the branch that readers get."""

    repository: str
    branch: str


def main() -> None:
    """Set the address if one is given, and put it into every file that has another one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("address", nargs="?", help="https://github.com/you/your-book")
    parser.add_argument("--branch", help="the branch that readers get; without it, as it was")
    arguments = parser.parse_args()
    if arguments.address:
        check_address(arguments.address)
    if arguments.branch:
        check_branch(arguments.branch)
    ours = repositories()  # with the one that _config.yml still has
    configure("url", arguments.address)
    configure("branch", arguments.branch)
    wanted = place()
    for path in files():
        text, others = corrected(path.read_text("utf-8"), wanted, ours)
        if others:
            path.write_text(text, "utf-8", newline="\n")
            print(f"{path.relative_to(ROOT)}: set to {wanted.repository}, {wanted.branch}")


def check_address(address: str) -> None:
    """Stop at anything but the address of a repository at GitHub."""
    if not re.fullmatch(r"https://github\.com/[A-Za-z0-9-]+/(?!\.+/?$)[\w.-]+/?", address):
        raise SystemExit(
            f"URL={address} is no address of a repository at GitHub. Needed is one such as: "
            "make launch-urls URL=https://github.com/you/your-book"
        )


def check_branch(branch: str) -> None:
    """Stop at a name that Git refuses, or that would not survive in an address."""
    if not re.fullmatch(r"(?!.*(?:\.\.|//|/\.|\.lock$|[./]$))\w[\w./-]*", branch, re.ASCII):
        raise SystemExit(
            f"BRANCH={branch} is no name of a branch made of letters, digits, '.', '_', '-' and "
            "'/'. Needed is one such as: make launch-urls BRANCH=main"
        )


def configure(key: str, value: str | None) -> None:
    """Write a value below `repository:` in _config.yml, if there is one to write."""
    if value is None:
        return
    path = ROOT / "_config.yml"
    pattern = rf"(?m)(^repository:\n(?:[ ]+.*\n)*?[ ]+{key}: *)\S+"
    text, count = re.subn(pattern, lambda match: match[1] + value, path.read_text("utf-8"))
    if count != 1:
        raise SystemExit(f"_config.yml has no {key} below repository: write it there, as it was.")
    path.write_text(text, "utf-8", newline="\n")


def place() -> Place:
    """Repository and branch that _config.yml states."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    return Place(owner_and_name(str(config["url"])), str(config["branch"]))


def owner_and_name(address: str) -> str:
    """OWNER/NAME from the address of a repository.

    >>> owner_and_name("https://github.com/reader/book.of.pools.git")
    'reader/book.of.pools'
    """
    return address.removeprefix("https://github.com/").rstrip("/").removesuffix(".git")


def pages_address(repository: str) -> str:
    """Address under which GitHub publishes a repository's pages, without a slash at its end.

    >>> pages_address("Reader/book"), pages_address("reader/reader.github.io")
    ('https://reader.github.io/book', 'https://reader.github.io')
    """
    owner, name = repository.split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}" if name.lower() == host else f"https://{host}/{name}"


def files() -> list[Path]:
    """Files in which the address may stand."""
    return sorted(path for place in PLACES for path in ROOT.glob(place))


def repositories() -> set[str]:
    """All that are, or were, this repository: _config.yml's, and those of the addresses."""
    texts = [path.read_text("utf-8") for path in files()]
    found = {
        match["repository"]
        for text in texts
        for address in ADDRESSES
        for match in address.finditer(text)
    }
    return found | {place().repository}


def corrected(text: str, wanted: Place, ours: Iterable[str]) -> tuple[str, list[str]]:
    """Return a text with the wanted place in every address, and the addresses that had another.

    >>> corrected("git+https://github.com/a/b@main", Place("you/book", "next"), ["a/b"])
    ('git+https://github.com/you/book@next', ['git+https://github.com/a/b@main'])
    """
    others: list[str] = []
    parts = {
        "repository": wanted.repository,
        "branch": wanted.branch,
        "quoted": quote(wanted.branch, safe=""),
        "pages": pages_address(wanted.repository),
    }

    def correct(match: re.Match[str]) -> str:
        new, end = "", match.start()
        for name in sorted((name for name in match.groupdict() if match[name]), key=match.start):
            new += match.string[end : match.start(name)] + parts[name]
            end = match.end(name)
        new += match.string[end : match.end()]
        if new != match[0]:
            others.append(match[0])
        return new

    for address in [*ADDRESSES, *links_to(ours)]:
        text = address.sub(correct, text)
    return text, others


def links_to(ours: Iterable[str]) -> list[re.Pattern[str]]:
    """Patterns of links to these repositories, to files on a branch of them, to their pages."""
    names = "|".join(re.escape(name) for name in sorted(ours))
    published = "|".join(re.escape(pages_address(name)) for name in sorted(ours))
    commit = r"(?![0-9a-f]{40}/)"
    file = rf"(?:/(?:blob|tree|raw|edit)/{commit}(?P<branch>[^\s\"'\\)]+?)(?=/(?:{own_names()})))?"
    return [
        re.compile(rf"https://github\.com/(?P<repository>{names}){END}{file}"),
        re.compile(rf"(?P<pages>{published}){END}"),
    ]


def own_names() -> str:
    """Pattern of what lies at the top of the repository; a branch's name ends before it."""
    names = sorted(path.name for path in ROOT.iterdir() if path.name != ".git")
    return "|".join(rf"{re.escape(name)}(?![\w.-])" for name in names)


def other_addresses() -> list[str]:
    """Addresses in those files that lead elsewhere, each with its file."""
    ours, wanted = repositories(), place()
    return [
        f"{path.relative_to(ROOT)}: {other}"
        for path in files()
        for other in corrected(path.read_text("utf-8"), wanted, ours)[1]
    ]


if __name__ == "__main__":
    main()
