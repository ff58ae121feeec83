"""What is installed elsewhere: wheel and source archive are whole, and NumPy is enough for both."""

import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import cnnlab

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
BESIDE_THE_PACKAGE = {"CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}

USE_WITH_NUMPY_ONLY = """
import numpy as np
from cnnlab import gradcheck, nn, optim, shapes, training
from cnnlab.exercises import ch02

rng = np.random.default_rng(0)
model = nn.Sequential(
    nn.Conv2d(1, 4, 3, rng=rng), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2, rng=rng)
)
x, labels = rng.normal(size=(8, 1, 8, 8)).astype("f4"), rng.integers(2, size=8)
loss = nn.CrossEntropyLoss()
loss(model(x), labels)
print(model.backward(loss.backward()).shape)
print(str(ch02.receptive_field.check(lambda layers: 1)).splitlines()[0])
"""

IMPORT_EVERYTHING = """
import importlib, pkgutil, cnnlab
for module in pkgutil.walk_packages(cnnlab.__path__, "cnnlab.", onerror=lambda name: None):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as missing:
        print(module.name, "|", missing)
"""

USE_WHAT_COMES_ALONG = """
from pathlib import Path
import cnnlab
from cnnlab import claims, experiments, widgets

RECORDED = [path.stem for path in experiments.RUNS.glob("*.jsonl")]
print(Path(cnnlab.__file__).parent)
widgets.DigitsExplorer().save("digits.html")
widgets.quiz("02-why-pool").save("quiz.html")
print(len(claims.ledger().claims), sum(len(experiments.load(n).rows) > 0 for n in RECORDED))
"""


def package_files():
    """Files of the package as the repository has them, those not committed yet included."""
    if not (ROOT / ".git").exists():
        found = {path for path in (ROOT / "cnnlab").rglob("*") if path.is_file()}
        return {str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts}
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "cnnlab"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}


def build(kind, source, folder):
    """Let the project's build backend make one archive, as pip would."""
    code = f"import hatchling.build as b; print(b.build_{kind}({str(folder)!r}))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=True)
    return folder / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def source_archive(tmp_path_factory):
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def empty(wheel, tmp_path_factory):
    """Python of a new environment, into which only NumPy was copied and the wheel installed."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    code = "import sysconfig; print(sysconfig.get_path('platlib'))"
    here, there = Path(sysconfig.get_path("platlib")), Path(run(python, code, folder))
    for part in here.glob("numpy*"):
        shutil.copytree(part, there / part.name)
    command = [python, "-m", "pip", "install", "-q", "--no-index", wheel]
    subprocess.run(command, check=True, cwd=folder)
    return python


def run(python, code, folder, **environment):
    """Print of a program that runs in a folder of its own."""
    done = subprocess.run(
        [python, "-W", "error", "-c", code],
        cwd=folder,
        env=environment or None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def members(path):
    """Content of every file in an archive by its name; of a source archive without the folder."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(path) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        return {one.name.partition("/")[2]: archive.extractfile(one).read() for one in files}


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    held = {name for name in members(wheel) if ".dist-info/" not in name}
    assert held == package_files()


def test_the_source_archive_holds_the_package_and_what_builds_it(source_archive):
    held = set(members(source_archive))
    assert held - BESIDE_THE_PACKAGE - {".gitignore"} == package_files()
    assert held >= BESIDE_THE_PACKAGE


def test_the_source_archive_builds_the_same_wheel(source_archive, wheel, tmp_path):
    with tarfile.open(source_archive) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    assert members(build("wheel", source, tmp_path)) == members(wheel)


def test_the_wheel_asks_for_numpy_only(wheel):
    (metadata,) = (text for name, text in members(wheel).items() if name.endswith("/METADATA"))
    needed = re.findall(r"^Requires-Dist: (?!.*extra ==)(.*)$", metadata.decode(), re.MULTILINE)
    assert needed == PYPROJECT["project"]["dependencies"]


def test_layers_and_exercises_need_nothing_else(empty, tmp_path):
    shape, verdict = run(empty, USE_WITH_NUMPY_ONLY, tmp_path).splitlines()
    assert (shape, verdict) == ("(8, 1, 8, 8)", "Not yet.")


def test_every_module_that_needs_more_names_the_extra(empty, tmp_path):
    lines = run(empty, IMPORT_EVERYTHING, tmp_path).splitlines()
    messages = dict(line.split(" | ") for line in lines if " | " in line)
    assert {"cnnlab.plots", "cnnlab.widgets"} <= set(messages)
    extras = "|".join(PYPROJECT["project"]["optional-dependencies"])
    for module, message in messages.items():
        assert re.search(rf'pip install "cnnlab\[({extras})\]"', message), (module, message)


def test_records_explorers_and_data_work_from_the_wheel(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    place = tmp_path / "elsewhere"
    place.mkdir()
    printed = run(
        sys.executable, USE_WHAT_COMES_ALONG, place, PYTHONPATH=str(tmp_path / "installed")
    )
    folder, counts = printed.splitlines()
    assert Path(folder) == tmp_path / "installed" / "cnnlab"
    records = [name for name in package_files() if name.endswith(".jsonl")]
    assert counts == f"{len(cnnlab.claims.ledger().claims)} {len(records)}"
    assert {path.name for path in place.iterdir()} == {"digits.html", "quiz.html"}
