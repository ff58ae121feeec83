"""The address of the repository: one command writes it everywhere, and everywhere is the same."""

import re
import shutil
from pathlib import Path

import launch_urls
import pytest
import yaml

ROOT = Path(__file__).parents[1]


@pytest.fixture
def fork(tmp_path, monkeypatch):
    """Run the command in a copy of all files that have the address, with these arguments."""
    (tmp_path / "book").mkdir()
    for path in [ROOT / "_config.yml", *launch_urls.files()]:
        shutil.copy(path, tmp_path / path.relative_to(ROOT))
    monkeypatch.setattr(launch_urls, "ROOT", tmp_path)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["launch_urls.py", *arguments])
        launch_urls.main()
        return {
            path.relative_to(tmp_path).as_posix(): path.read_text("utf-8")
            for path in [tmp_path / "_config.yml", *launch_urls.files()]
        }

    return run


def test_every_address_of_the_repository_is_the_one_in_the_configuration():
    assert launch_urls.other_addresses() == []


def test_a_fork_needs_one_command(fork):
    before = launch_urls.place()
    after = fork("https://github.com/one-more/copied.book", "--branch", "class/2027")
    assert launch_urls.place() == ("one-more/copied.book", "class/2027")
    assert launch_urls.other_addresses() == []
    assert [name for name, text in after.items() if f"github.com/{before.repository}" in text] == []
    assert 'repository-code: "https://github.com/one-more/copied.book"' in after["CITATION.cff"]
    assert "github.com/one-more/copied.book/blob/class/2027/CITATION.cff" in after["book/citing.md"]
    cells = [
        text
        for name, text in after.items()
        if name.endswith(".ipynb")
        and "git+https://github.com/one-more/copied.book@class/2027" in text
    ]
    assert len(cells) == len([*(ROOT / "book").glob("*.ipynb")])


def test_there_and_back_changes_nothing(fork):
    before = {path.name: path.read_bytes() for path in launch_urls.files()}
    repository, branch = launch_urls.place()
    fork("https://github.com/one-more/copied-book", "--branch", "one-more")
    assert {path.name: path.read_bytes() for path in launch_urls.files()} != before
    fork(f"https://github.com/{repository}", "--branch", branch)
    assert {path.name: path.read_bytes() for path in launch_urls.files()} == before


def test_without_an_address_the_one_in_the_configuration_is_written(fork, capsys):
    path = launch_urls.ROOT / "_config.yml"
    repository, branch = launch_urls.place()
    changed = path.read_text("utf-8").replace(repository, "one-more/copied-book")
    path.write_text(changed, "utf-8")
    assert launch_urls.other_addresses() != []
    after = fork()
    assert launch_urls.other_addresses() == []
    assert after["_config.yml"] == changed
    assert f"CITATION.cff: set to one-more/copied-book, {branch}" in capsys.readouterr().out


def test_the_configuration_keeps_all_else(fork):
    before = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    after = fork("https://github.com/you/your-book", "--branch", "next")["_config.yml"]
    expected = before | {
        "repository": {"url": "https://github.com/you/your-book", "branch": "next"}
    }
    assert yaml.safe_load(after) == expected


@pytest.mark.parametrize(
    "address",
    [
        "you/your-book",
        "github.com/you/your-book",
        "http://github.com/you/your-book",
        "https://github.com/you",
        "https://github.com/you/your-book/tree/main",
        "https://github.com/you/..",
        "https://gitlab.com/you/your-book",
        "https://github.com/you/your book",
    ],
)
def test_a_bad_address_is_refused_before_anything_is_written(fork, address):
    before = (launch_urls.ROOT / "_config.yml").read_bytes()
    with pytest.raises(SystemExit, match=re.escape(f"URL={address} is no address")):
        fork(address)
    assert (launch_urls.ROOT / "_config.yml").read_bytes() == before


@pytest.mark.parametrize("branch", ["a b", "a..b", "/a", "a/", "a.lock", "-a", "a'b", "a//b", "a."])
def test_a_bad_branch_is_refused_before_anything_is_written(fork, branch):
    before = (launch_urls.ROOT / "_config.yml").read_bytes()
    with pytest.raises(SystemExit, match=re.escape(f"BRANCH={branch} is no name of a branch")):
        fork("https://github.com/you/your-book", f"--branch={branch}")
    assert (launch_urls.ROOT / "_config.yml").read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        '%pip install "cnnlab[book] @ git+https://github.com/{repository}@{branch}"',
        '%pip install "cnnlab[book] @ git+https://github.com/{repository}.git@{branch}"',
        "git clone https://github.com/{repository}",
        "git clone https://github.com/{repository}.git",
        "(https://colab.research.google.com/github/{repository}/blob/{branch}/book/intro.ipynb)",
        'repository-code: "https://github.com/{repository}"',
    ],
)
@pytest.mark.parametrize("branch", ["main", "class/2027"])
@pytest.mark.parametrize("repository", ["another/book", "a.b/the.book-of_pools", "a/b.github.io"])
def test_what_only_this_repository_has_is_found_and_replaced(text, repository, branch):
    wanted = launch_urls.Place("x/y", "z")
    found, others = launch_urls.corrected(
        text.format(repository=repository, branch=branch), wanted, ["not/this"]
    )
    assert found == text.format(repository="x/y", branch="z")
    assert len(others) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[![Binder](badge.svg)](https://mybinder.org/v2/gh/{repository}/{quoted}?urlpath=lab)",
        "<https://github.com/{repository}>, [this](https://github.com/{repository}.git)",
        "It is at https://github.com/{repository}.",
        "(https://github.com/{repository}/blob/{branch}/CONTRIBUTING.md)",
        "(https://github.com/{repository}/tree/{branch}/cnnlab/nn)",
        "(https://github.com/{repository}/actions/workflows/test.yml)",
        "[the book]({pages}/book/intro.html)",
    ],
)
def test_links_to_it_follow(text):
    old = {
        "repository": "an/old.book",
        "branch": "a/b",
        "quoted": "a%2Fb",
        "pages": "https://an.github.io/old.book",
    }
    new = {
        "repository": "x/x.github.io",
        "branch": "c/d",
        "quoted": "c%2Fd",
        "pages": "https://x.github.io",
    }
    wanted = launch_urls.Place(new["repository"], new["branch"])
    found, _ = launch_urls.corrected(text.format(**old), wanted, [old["repository"]])
    assert found == text.format(**new)


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/an/old.book-of-others",
        "https://github.com/an/old.book.too",
        "https://github.com/pytorch/pytorch/blob/main/README.md",
        "https://an.github.io/old.book-of-others/",
    ],
)
def test_links_to_others_stay(text):
    wanted = launch_urls.Place("x/y", "z")
    assert launch_urls.corrected(text, wanted, ["an/old.book"]) == (text, [])


def test_a_link_to_one_commit_keeps_it():
    link = "https://github.com/{}/blob/" + "0123456789" * 4 + "/README.md"
    found, _ = launch_urls.corrected(link.format("a/b"), launch_urls.Place("x/y", "z"), ["a/b"])
    assert found == link.format("x/y")


@pytest.mark.parametrize("end", ["", "/", ".git", ".git/"])
def test_the_address_in_the_configuration_may_end_as_addresses_do(end):
    address = f"https://github.com/another/the.book{end}"
    assert launch_urls.owner_and_name(address) == "another/the.book"


def test_the_site_and_the_files_agree_on_where_the_pages_are():
    from book_site.settings import pages_address

    for repository in ("a/b", "Some/Book", "me/me.github.io"):
        in_files = launch_urls.pages_address(repository) + "/"
        assert in_files == pages_address(f"https://github.com/{repository}")
