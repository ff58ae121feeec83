"""The repository as a whole: its files agree with one another and speak to readers only."""

import doctest
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cnnlab

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = [
    Requirement(line)
    for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
README = (ROOT / "README.md").read_text("utf-8")

SKIPPED_FOLDERS = {".git", ".venv", "_build", "__pycache__", "node_modules", "data", "test-results"}
# Written in pieces, so that this file passes its own test.
UNFIT_FOR_READERS = {
    "a path of one machine": re.compile(r"(?<![\w.:*/-])/" + r"(?:root|work|home|Users)/\w"),
    "a path outside the repository": re.compile(r"\.\./" + r"shared\b"),
    "a package registry's address": re.compile(
        r"\b(?:pypi\.|files\.python" + r"hosted\.|registry\.npm" + r"js\.)org\b"
    ),
    "an open end": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
}


PICTURE = re.compile(r'(?<="image/png": ")[^"]*|(?<=base64,)[A-Za-z0-9+/=]+')


def tracked_files():
    """Text files of the repository, those not committed yet included."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        paths = [ROOT / name for name in listed.stdout.splitlines()]
    else:
        paths = [path for path in ROOT.rglob("*") if not SKIPPED_FOLDERS & {*path.parts}]
    for path in paths:
        if path.is_file():
            try:
                yield path, PICTURE.sub("", path.read_text("utf-8"))
            except UnicodeDecodeError:
                continue


def locked(name):
    """Pinned version of a package."""
    (found,) = (pin for pin in LOCK if canonicalize_name(pin.name) == canonicalize_name(name))
    return str(found.specifier).removeprefix("==")


@pytest.mark.parametrize("what", UNFIT_FOR_READERS)
def test_no_file_speaks_of_anything_but_the_book(what):
    found = [
        f"{path.relative_to(ROOT)}:{text[: match.start()].count(chr(10)) + 1}: {match[0]}"
        for path, text in tracked_files()
        for match in UNFIT_FOR_READERS[what].finditer(text)
    ]
    assert found == []


def test_no_file_is_too_large_for_a_clone():
    large = [str(path) for path, _ in tracked_files() if path.stat().st_size > 2_000_000]
    assert large == []


def test_numpy_is_the_only_package_that_cnnlab_needs():
    assert [Requirement(text).name for text in PROJECT["dependencies"]] == ["numpy"]


def test_requirements_pin_every_package_to_one_version():
    assert [str(pin) for pin in LOCK if not re.fullmatch(r"==[\w.]+", str(pin.specifier))] == []


def test_requirements_name_each_package_once_in_alphabetical_order():
    names = [pin.name.lower() for pin in LOCK]
    assert names == sorted(set(names))


def test_requirements_pin_what_the_outputs_depend_on_most():
    assert (locked("torch"), locked("jupyter-book")) == ("2.13.0", "1.0.4.post1")


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_requirements_hold_what_an_extra_asks_for(extra):
    for text in PROJECT["optional-dependencies"][extra]:
        needed = Requirement(text)
        if needed.name != "cnnlab":
            assert needed.specifier.contains(locked(needed.name)), text


def test_binder_installs_the_small_build_of_the_pinned_pytorch():
    lines = (ROOT / "binder" / "requirements.txt").read_text("utf-8").splitlines()
    assert f"torch=={locked('torch')}+cpu" in lines


def test_binder_s_python_is_one_that_the_package_supports():
    (python,) = (ROOT / "binder" / "runtime.txt").read_text("utf-8").split()
    version = python.removeprefix("python-")
    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]


def test_requirements_hold_what_builds_the_package():
    for text in [*build_requirements(), "editables"]:
        needed = Requirement(text)
        assert needed.specifier.contains(locked(needed.name)), text


def build_requirements():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]


def test_the_version_is_the_same_everywhere():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    newest = re.search(r"^## (\d+\.\d+\.\d+)", changelog, re.MULTILINE)[1]
    versions = {cnnlab.__version__, PROJECT["version"], citation["version"], newest}
    assert versions == {cnnlab.__version__}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_guide_links_to_exists(name):
    text = (ROOT / name).read_text("utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_a_guide_names_exists(name):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"`?\bmake ([a-z-]+)", code_in((ROOT / name).read_text("utf-8"))))
    assert named
    assert named <= targets


def code_in(markdown):
    """Everything that a Markdown text sets as code."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", markdown, re.DOTALL))


def test_the_examples_in_the_readme_are_true():
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    examples = "\n".join(blocks)
    parsed = doctest.DocTestParser().get_doctest(examples, {}, "README.md", "README.md", 0)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    said = []
    runner.run(parsed, out=said.append)
    assert parsed.examples
    assert runner.failures == 0, "".join(said)


def test_ci_runs_the_command_of_the_readme_and_nothing_else():
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands[0] == "set -euo pipefail"
    assert commands[-1] == "make test"
    assert "make test" in README


@pytest.mark.parametrize(
    ("ci", "body", "options", "passes"),
    [
        ("true", "assert True", [], True),
        ("true", "pytest.skip('no browser here')", [], False),
        ("true", "pytest.skip('no browser here')", ["-p", "xdist.plugin", "-n", "1"], False),
        ("", "pytest.skip('no browser here')", [], True),
    ],
)
def test_a_skipped_test_fails_in_ci_and_only_there(
    tmp_path, monkeypatch, ci, body, options, passes
):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    conftest = (ROOT / "tests" / "conftest.py").read_text("utf-8")
    (tmp_path / "conftest.py").write_text(conftest, "utf-8")
    (tmp_path / "test_it.py").write_text(f"import pytest\n\ndef test_it():\n    {body}\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode == 0) is passes, done.stdout
    assert ("Not run (1): no browser here" in done.stdout) is ("skip" in body)


def test_node_runs(node):
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    assert int(done.stdout.lstrip("v").split(".")[0]) >= 18
