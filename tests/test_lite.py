"""Notebooks in the browser: sums are compared, the lists are complete. Nothing is fetched here."""

import ast
import hashlib
import io
import json
import re
import tarfile
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import lite
import nbformat
import pytest
from book_site import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


LOCK = json.loads(lite.LOCK.read_text("utf-8"))
PIP = [
    re.fullmatch(r"([\w-]+)==([\w.]+) --hash=sha256:([0-9a-f]{64})", line)
    for line in lite.PIP.read_text("utf-8").splitlines()
    if not line.startswith("#")
]
PINNED = {canonicalize_name(pin[1]): pin[2] for pin in PIP}
OF_PYODIDE = {
    canonicalize_name(file.split("-")[0]): file.split("-")[1] for file in LOCK["packages"]
}
# What Pyodide has in packages of their own although it belongs to Python.
KEPT_APART = {"lzma", "sqlite3", "ssl", "_hashlib", "test", "distutils", "pydecimal"}


def wheel(folder, name, version, *, needs=(), modules=()):
    """Write a wheel with nothing in it but its metadata and empty modules."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(lines))
        for module in modules:
            archive.writestr(module, "")
    return path


def listed(file_name, data, **more):
    """An entry of Pyodide's list for a file with these bytes."""
    sha256 = hashlib.sha256(data).hexdigest()
    return {"file_name": file_name, "sha256": sha256, "version": "1.0", "depends": [], **more}


def pyodide(**packages):
    """Pyodide's list, with all that the kernel and the chapters ask for, and some packages more."""
    roots = {canonicalize_name(name) for name in [*lite.KERNEL, *lite.CHAPTERS, *lite.STANDARD]}
    known = {name: listed(f"{name}.whl", b"") for name in roots - {"cnnlab"}}
    return {"info": {"python": "3.13.2"}, "packages": known | packages}


def served(tmp_path, data, sums):
    """Lock file and list of packages for one wheel that can be fetched, by a file address."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.whl").write_bytes(data)
    lock = {"address": (tmp_path / "there").as_uri() + "/", "packages": {"a.whl": sums}}
    return lock, {"a": listed("a.whl", b"good")}


def test_a_file_with_the_right_sum_is_fetched_once(tmp_path):
    lock, packages = served(tmp_path, b"good", hashlib.sha256(b"good").hexdigest())
    (path,) = lite.fetch(lock, packages, {}, tmp_path / "here")
    assert path.read_bytes() == b"good"
    (tmp_path / "there" / "a.whl").unlink()
    assert lite.fetch(lock, packages, {}, tmp_path / "here") == [path]


def test_a_file_with_another_sum_is_refused_and_not_kept(tmp_path):
    lock, packages = served(tmp_path, b"evil", hashlib.sha256(b"good").hexdigest())
    with pytest.raises(SystemExit, match=r"a\.whl: came \w{64}, needed \w{64}\. Nothing was"):
        lite.fetch(lock, packages, {}, tmp_path / "here")
    assert list((tmp_path / "here").iterdir()) == []


def test_a_kept_file_that_was_changed_is_refused(tmp_path):
    lock, packages = served(tmp_path, b"good", hashlib.sha256(b"good").hexdigest())
    (path,) = lite.fetch(lock, packages, {}, tmp_path / "here")
    path.write_bytes(b"evil")
    with pytest.raises(SystemExit, match=r"a\.whl: came"):
        lite.fetch(lock, packages, {}, tmp_path / "here")


def test_a_sum_that_differs_from_pyodides_own_list_is_refused(tmp_path):
    lock, packages = served(tmp_path, b"good", "0" * 64)
    with pytest.raises(SystemExit, match=r"Sum of a\.whl in Pyodide's list"):
        lite.fetch(lock, packages, {}, tmp_path / "here")


def test_a_package_without_a_sum_is_refused(tmp_path):
    with pytest.raises(SystemExit, match=r"a\.whl is not in tools/lite\.json"):
        lite.fetch({"packages": {}}, {"a": listed("a.whl", b"")}, {}, tmp_path / "here")


def test_a_host_that_does_not_answer_is_said(tmp_path):
    lock, packages = served(tmp_path, b"good", hashlib.sha256(b"good").hexdigest())
    (tmp_path / "there" / "a.whl").unlink()
    with pytest.raises(SystemExit, match=r"a\.whl could not be fetched"):
        lite.fetch(lock, packages, {}, tmp_path / "here")


def npm_package():
    """An npm package with all the files that are taken from Pyodide's."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in (*lite.CORE, "pyodide-lock.json"):
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return buffer.getvalue()


def test_pyodides_core_comes_out_of_its_npm_package():
    tarball = npm_package()
    files = lite.unpack(tarball, lite.integrity(tarball))
    assert files == {name: name.encode() for name in (*lite.CORE, "pyodide-lock.json")}


def test_another_npm_package_is_refused():
    with pytest.raises(SystemExit, match="Sum of Pyodide's npm package: came sha512-"):
        lite.unpack(npm_package(), LOCK["integrity"])


def test_only_what_can_be_needed_is_listed_and_what_it_needs(tmp_path):
    cnnlab = wheel(
        tmp_path,
        "cnnlab",
        "1.0",
        needs=["numpy", "pooch; extra == 'data'", "torch; extra == 'torch'"],
    )
    spare = {"numpy": listed("numpy.whl", b""), "torch": listed("torch.whl", b"")}
    found = lite.join(pyodide(**spare), [cnnlab])
    assert "numpy" in found
    assert "torch" not in found
    assert found["cnnlab"]["depends"] == ["numpy", *lite.STANDARD]


def test_a_package_that_nobody_has_is_refused(tmp_path):
    cnnlab = wheel(tmp_path, "cnnlab", "1.0", needs=["numpy"])
    with pytest.raises(SystemExit, match="numpy is needed, but neither"):
        lite.join(pyodide(), [cnnlab])


def test_a_package_that_is_too_old_is_refused(tmp_path):
    cnnlab = wheel(tmp_path, "cnnlab", "1.0", needs=["numpy>=1.26"])
    with pytest.raises(SystemExit, match=r"cnnlab needs numpy>=1\.26, but here is version 1\.0"):
        lite.join(pyodide(numpy=listed("numpy.whl", b"")), [cnnlab])


def test_an_entry_says_what_a_wheel_holds(tmp_path):
    modules = ["widget/__init__.py", "one.py", "widget-2.0.data/scripts/run.py"]
    path = wheel(tmp_path, "widget", "2.0", modules=modules, needs=["gone; python_version < '3'"])
    entry = lite.entry_of(path, "3.13.2")
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (entry["imports"], entry["depends"], entry["version"]) == (["one", "widget"], [], "2.0")


def test_a_notebook_begins_with_what_is_different_and_is_the_chapter_otherwise():
    path = ROOT / "book" / "03-max-or-average.ipynb"
    note, *others = lite.with_note(path).cells
    assert (note.cell_type, note.source) == ("markdown", lite.NOTE)
    assert others == nbformat.read(path, as_version=4).cells


def test_the_lists_of_files_name_every_chapter(tmp_path):
    lite.add_notebooks(tmp_path)
    (folder,) = json.loads((tmp_path / "api/contents/all.json").read_text("utf-8"))["content"]
    inside = json.loads((tmp_path / "api/contents/book/all.json").read_text("utf-8"))
    assert (folder["path"], folder["type"], inside["path"]) == ("book", "directory", "book")
    paths = [entry["path"] for entry in inside["content"]]
    assert paths == sorted(f"book/{path.name}" for path in (ROOT / "book").glob("*.ipynb"))
    assert all((tmp_path / "files" / path).exists() for path in paths)


def test_every_line_for_pip_pins_a_version_and_a_sum():
    assert None not in PIP
    assert len(PINNED) == len(PIP)


def test_every_package_of_pyodide_has_a_sum():
    assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", LOCK["integrity"])
    assert [
        file for file, sum_ in LOCK["packages"].items() if not re.fullmatch("[0-9a-f]{64}", sum_)
    ] == []


def test_the_address_and_the_packages_are_those_of_one_pyodide():
    assert LOCK["address"] == lite.ADDRESS.format(version=LOCK["pyodide"])
    tags = {file.split("-", 2)[2] for file in LOCK["packages"] if file.endswith("wasm32.whl")}
    assert len(tags) == 1, tags


def test_jupyterlite_and_its_kernel_are_of_one_series():
    series = {PINNED[name].rsplit(".", 1)[0] for name in PINNED if name.startswith("jupyterlite-")}
    assert len(series) == 1, series


@pytest.mark.parametrize("extra", [extra for extra in lite.EXTRAS if extra])
def test_everything_that_chapters_need_is_there_in_a_version_that_fits(extra):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for text in [*project["dependencies"], *project["optional-dependencies"][extra]]:
        needed = Requirement(text)
        name = canonicalize_name(needed.name)
        if name not in lite.NOT_IN_A_BROWSER:
            assert needed.specifier.contains((PINNED | OF_PYODIDE)[name]), text


def test_the_extras_are_those_of_the_first_cells():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (book,) = project["optional-dependencies"]["book"]
    assert Requirement(book).extras == {extra for extra in lite.EXTRAS if extra}


@pytest.mark.parametrize("name", lite.KERNEL)
def test_what_the_kernel_loads_is_there(name):
    own = {"piplite", "ipykernel", "pyodide-kernel"}  # in the kernel's own package
    assert canonicalize_name(name) in {*own, *PINNED, *OF_PYODIDE}


def imported(path):
    """Names of the packages that a module imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_what_pyodide_keeps_apart_from_python_is_there_if_cnnlab_imports_it():
    used = {name for path in (ROOT / "cnnlab").rglob("*.py") for name in imported(path)}
    assert used & KEPT_APART == set(lite.STANDARD)
    assert set(lite.STANDARD) <= OF_PYODIDE.keys()


@pytest.mark.parametrize(
    ("value", "buttons"),
    [("1", {"jupyterlite_url": "../lite/lab/index.html"}), ("0", {}), ("", {})],
)
def test_the_pages_lead_to_the_notebooks_only_where_these_were_built(value, buttons, monkeypatch):
    monkeypatch.setenv("LITE", value)
    monkeypatch.delenv("EXECUTE", raising=False)
    options = {"repository_url": "https://github.com/a/b", "launch_buttons": {}}
    config = SimpleNamespace(html_theme_options=options)
    settings.configure(SimpleNamespace(), config)
    assert options["launch_buttons"] == buttons


def test_a_misspelt_lite_is_refused():
    with pytest.raises(ValueError, match=r"LITE='yes': needed 0 or 1\. Run: make book LITE=1"):
        settings.browser_notebooks_wanted({"LITE": "yes"})


def test_every_notebook_of_the_book_is_where_the_pages_look_for_it():
    toc = (ROOT / "_toc.yml").read_text("utf-8")
    named = re.findall(r"(?:file|root): (\S+)", toc)
    notebooks = {name for name in named if (ROOT / f"{name}.ipynb").exists()}
    assert notebooks == {f"book/{path.stem}" for path in (ROOT / "book").glob("*.ipynb")}
