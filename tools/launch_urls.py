"""Write the repository's address, which stands in _config.yml, wherever a reader needs it.

    python tools/launch_urls.py

The address is part of: the first cell of each chapter (which installs cnnlab in Colab), badges
and the clone command in README.md and CONTRIBUTING.md, CITATION.cff. A test checks that they agree.
"""

import re
from pathlib import Path

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

# What comes before OWNER/NAME in an address that leads to this repository, and never to another.
ADDRESS = re.compile(
    r"(?P<before>git\+https://github\.com/"
    r"|git clone https://github\.com/"
    r"|https://mybinder\.org/v2/gh/"
    r"|https://colab\.research\.google\.com/github/"
    r"|repository-code: \"?https://github\.com/"
    r"|Source = \"https://github\.com/)"
    r"(?P<repository>[\w.-]+/(?:(?!\.git(?![\w.-]))[\w.-])*[\w-])"  # without .git at its end
)


def main() -> None:
    """Put the address into every file that has another one."""
    for path in files():
        text = path.read_text("utf-8")
        changed = ADDRESS.sub(lambda match: match["before"] + repository(), text)
        if changed != text:
            path.write_text(changed, "utf-8")
            print(f"{path.relative_to(ROOT)}: address set to {repository()}")


def repository() -> str:
    """OWNER/NAME, from the address in _config.yml."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    return owner_and_name(str(config["repository"]["url"]))


def owner_and_name(address: str) -> str:
    """OWNER/NAME from the address of a repository.

    >>> owner_and_name("https://github.com/reader/book.of.pools.git")
    'reader/book.of.pools'
    """
    return address.removeprefix("https://github.com/").rstrip("/").removesuffix(".git")


def files() -> list[Path]:
    """Files in which the address may stand."""
    return sorted(path for place in PLACES for path in ROOT.glob(place))


def other_addresses() -> list[str]:
    """Addresses in those files that lead elsewhere, each with its file."""
    return [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files()
        for match in ADDRESS.finditer(path.read_text("utf-8"))
        if match["repository"] != repository()
    ]


if __name__ == "__main__":
    main()
