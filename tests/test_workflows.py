"""The workflows are safe and call what exists: actions by their hash, no rights to spare."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(path.name for path in FOLDER.glob("*.yml"))

# What a stranger chooses: a title, a branch's name. In a script it would be run as code.
CHOSEN_BY_STRANGERS = re.compile(r"\$\{\{[^}]*\b(?:github\.(?:event|head_ref|ref_name)|inputs)\b")
PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
OUR_FILE = re.compile(
    r"(?<![\w./-])((?:\.ci|tools|book|tests)/[\w./-]+|[\w-]+\.(?:txt|toml))(?![\w/*])"
)
MADE_THERE = {"oldest.txt", "os.txt", "os-info.txt", "all.txt", "pip-freeze.txt", "colab.txt"}


def text(name):
    return (FOLDER / name).read_text("utf-8")


def workflow(name):
    return yaml.safe_load(text(name))


def scripts(parsed):
    """Every script of a workflow."""
    return [
        step["run"]
        for job in parsed["jobs"].values()
        for step in job.get("steps", [])
        if "run" in step
    ]


def problems(text):
    """What is unsafe in a workflow, each as a sentence."""
    parsed = yaml.safe_load(text)
    for line in text.splitlines():
        used = line.strip().removeprefix("- ")
        if used.startswith("uses: ") and not (used.startswith("uses: ./") or PINNED.match(used)):
            yield f"no hash and version: {used}"
    if parsed.get("permissions", None) not in ({}, {"contents": "read"}):
        yield "the workflow does not start without permissions"
    for name, job in parsed["jobs"].items():
        if "permissions" not in job:
            yield f"{name} does not say which permissions it needs"
        if "timeout-minutes" not in job and "uses" not in job:
            yield f"{name} may run for hours"
        for step in job.get("steps", []):
            checkout = step.get("uses", "").startswith("actions/checkout@")
            if checkout and step.get("with", {}).get("persist-credentials") is not False:
                yield f"{name} keeps its credentials beside the files"
    for script in scripts(parsed):
        if found := CHOSEN_BY_STRANGERS.search(script):
            yield f"a script with what a stranger may choose: {found[0]}"


def missing(scripts, targets):
    """Make targets and files of this repository that scripts name, and that do not exist."""
    for script in scripts:
        for target in re.findall(r"^\s*make ([a-z-]+)", script, re.MULTILINE):
            if target not in targets:
                yield f"make {target}"
        for name in OUR_FILE.findall(script):
            if name not in MADE_THERE and not (ROOT / name).exists():
                yield name


def make_targets():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_there_are_workflows():
    assert {"test.yml", "site.yml", "weekly.yml", "release.yml"} <= {*WORKFLOWS}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_safe(name):
    assert list(problems(text(name))) == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_everything_that_a_workflow_calls_exists(name):
    assert list(missing(scripts(workflow(name)), make_targets())) == []


SAFE = """
permissions: {{}}
jobs:
  one:
    permissions: {{contents: read}}
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@{hash} # v7.0.1
        with: {{persist-credentials: false}}
      - run: echo "$TITLE"
""".format(hash="0" * 40)


@pytest.mark.parametrize(
    ("there", "instead", "wrong"),
    [
        ("permissions: {}", "", "the workflow does not start without permissions"),
        ("permissions: {}", "permissions: write-all", "the workflow does not start without"),
        ("    permissions: {contents: read}\n", "", "one does not say which permissions it needs"),
        ("    timeout-minutes: 5\n", "", "one may run for hours"),
        ("0" * 40, "v7", "no hash and version: uses: actions/checkout@v7"),
        (" # v7.0.1", "", "no hash and version: uses: actions/checkout@0"),
        ("        with: {persist-credentials: false}\n", "", "one keeps its credentials"),
        ('"$TITLE"', "${{ github.event.issue.title }}", "a script with what a stranger may choose"),
        ('"$TITLE"', "${{ github.head_ref }}", "a script with what a stranger may choose"),
        ('"$TITLE"', "${{ inputs.title }}", "a script with what a stranger may choose"),
    ],
)
def test_an_unsafe_workflow_is_refused(there, instead, wrong):
    assert list(problems(SAFE)) == []
    (found,) = problems(SAFE.replace(there, instead, 1))
    assert found.startswith(wrong)


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("make nothing", "make nothing"),
        ("python tools/nothing.py notes", "tools/nothing.py"),
        ("pip install -r nothing.txt", "nothing.txt"),
    ],
)
def test_a_call_of_what_does_not_exist_is_found(script, name):
    assert list(missing([script], make_targets())) == [name]


def test_the_python_versions_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    prefix = "Programming Language :: Python :: "
    told = [kind.removeprefix(prefix) for kind in project["classifiers"] if kind.startswith(prefix)]
    tested = workflow("test.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert tested == [version for version in told if "." in version]
    assert project["requires-python"] == f">={tested[0]}"


def test_windows_runs_what_make_runs():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipes = "".join(
        re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)[1]
        for target in ("check", "book", "test")
    )
    made = recipes.replace("$(BIN)/", "").replace("$(WORKERS)", '"$WORKERS"')
    steps = workflow("test.yml")["jobs"]["test"]["steps"]
    on_windows = [step for step in steps if step.get("if") == "runner.os == 'Windows'"]
    install, *runs = (step["run"] for step in on_windows)
    assert commands("\n".join(runs)) == commands(made.replace("@", ""))
    assert "-r requirements.txt" in install


def commands(script):
    """Commands of a script, each on one line, without what only LITE=1 asks for."""
    lines = script.replace("\\\n", "").replace("\t", "").splitlines()
    return [line.strip() for line in lines if line.strip() and "/lite" not in line]
