"""Make notebooks that run in the reader's browser: JupyterLite with Pyodide, beside the pages.

    python tools/lite.py                 into _build/html/lite, as `make book LITE=1` does
    python tools/lite.py renew 0.29.3    write tools/lite.json for another Pyodide

What a browser will load is fetched here and compared with the sums in `lite.json` and `lite.txt`;
the notebooks ask no other host for anything. Pyodide's core comes from its npm package, its
packages from the address in `lite.json`, everything else through pip.
"""

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "tools" / "lite.json"
PIP = ROOT / "tools" / "lite.txt"
ADDRESS = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
CORE = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")

# What the kernel loads when it starts, by the names it uses, and what chapters import.
KERNEL = [
    "micropip",
    "piplite",
    "sqlite3",
    "ipykernel",
    "comm",
    "pyodide_kernel",
    "jedi",
    "ipython",
]
CHAPTERS = ("cnnlab", "scipy")
EXTRAS = ("", "plots", "widgets", "data", "experiments")
NOT_IN_A_BROWSER = {"pooch"}  # downloads data sets
STANDARD = ("lzma",)  # of what cnnlab imports, what Pyodide keeps apart from Python's own library

NOTE = """\
**This copy runs in your browser**, with nothing installed and nothing sent anywhere. Run its cells
one by one: the first takes a minute, because Python is loaded. PyTorch is not here, so cells that
import it stop with an error; go on with the next. Data sets cannot be downloaded, and times are
those of a browser. What you change stays in this browser."""


def main(arguments: list[str]) -> None:
    """Build everything from scratch but what was fetched before."""
    folder = ROOT / "_build" / "lite"
    folder.mkdir(parents=True, exist_ok=True)
    lock = json.loads(LOCK.read_text("utf-8"))
    renewed = arguments[1] if arguments[:1] == ["renew"] else None
    if renewed:
        lock = {"pyodide": renewed, "address": ADDRESS.format(version=renewed)}
    core = unpack(npm_tarball(lock["pyodide"], folder), lock.get("integrity"))
    pyodide = json.loads(core.pop("pyodide-lock.json"))
    wheels = {path.name: path for path in local_wheels(folder, lock["pyodide"])}
    packages = join(pyodide, [*wheels.values()])
    if renewed:
        lock["integrity"] = integrity(npm_tarball(renewed, folder))
        sums = {entry["file_name"]: entry["sha256"] for entry in packages.values()}
        lock["packages"] = {name: sums[name] for name in sorted(sums.keys() - wheels.keys())}
        LOCK.write_text(json.dumps(lock, indent=1) + "\n", "utf-8")
        return
    fetched = fetch(lock, packages, wheels, folder / "fetched")
    build(
        folder, ROOT / "_build" / "html" / "lite", core, pyodide | {"packages": packages}, fetched
    )


def npm_tarball(version: str, folder: Path) -> bytes:
    """The npm package of Pyodide, fetched if it is not there yet."""
    path = folder / f"pyodide-{version}.tgz"
    if not path.exists():
        if shutil.which("npm") is None:
            sys.exit("npm is needed to fetch Pyodide: install Node.js, or build without LITE=1.")
        subprocess.run(["npm", "pack", "--silent", f"pyodide@{version}"], cwd=folder, check=True)
    return path.read_bytes()


def integrity(data: bytes) -> str:
    """Sum of an npm package as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def verify(what: str, found: str, wanted: str) -> None:
    """Refuse what is not as it was written down."""
    if found != wanted:
        sys.exit(f"{what}: came {found}, needed {wanted}. Nothing was built: see tools/lite.json.")


def unpack(tarball: bytes, wanted: str | None) -> dict[str, bytes]:
    """Files of Pyodide's npm package that a browser needs, and its list of packages."""
    if wanted:
        verify("Sum of Pyodide's npm package", integrity(tarball), wanted)
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        return {
            name: archive.extractfile(f"package/{name}").read()
            for name in (*CORE, "pyodide-lock.json")
        }


def local_wheels(folder: Path, version: str) -> list[Path]:
    """Wheels that Pyodide does not have: from pip (with their sums), the kernel's own, cnnlab's."""
    env, wheels = folder / "env", folder / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    pip = [str(env / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    exact = ["--no-deps", "--require-hashes", "--only-binary=:all:", "-r", str(PIP)]
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(env)], check=True)
    subprocess.run([*pip, "download", "--platform=any", *exact, "-d", str(wheels)], check=True)
    subprocess.run([*pip, "install", *exact, "--no-index", "-f", str(wheels)], check=True)
    constants = "from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION as version"
    made_for = [str(env / "bin" / "python"), "-c", f"{constants}; print(version, end='')"]
    wanted = subprocess.run(made_for, check=True, capture_output=True, text=True).stdout
    verify("Pyodide's version", version, wanted)
    own = [sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--no-build-isolation"]
    subprocess.run([*own, str(ROOT), "-w", str(wheels)], check=True)
    return [*sorted(env.glob("share/jupyter/labextensions/**/pypi/*.whl")), *wheels.glob("*.whl")]


def join(pyodide: dict[str, Any], wheels: list[Path]) -> dict[str, Any]:
    """Entries of all packages that can be needed; refuses if one is missing or too old."""
    version = pyodide["info"]["python"]
    known = dict(pyodide["packages"])
    ours = {canonicalize_name(path.name.split("-")[0]): path for path in sorted(wheels)}
    ours = {name: path for name, path in ours.items() if name not in known}
    known |= {name: entry_of(path, version) for name, path in ours.items()}
    found: dict[str, Any] = {}
    waiting = [*KERNEL, *CHAPTERS]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            if name not in known:
                sys.exit(f"{name} is needed, but neither Pyodide nor tools/lite.txt has it.")
            found[name] = known[name]
            waiting += known[name]["depends"]
    for name in found.keys() & ours.keys():
        for needed in requirements(ours[name], version):
            have = found[canonicalize_name(needed.name)]["version"]
            if not needed.specifier.contains(have, prereleases=True):
                sys.exit(f"{name} needs {needed}, but here is version {have}.")
    return found


def requirements(wheel: Path, version: str) -> list[Requirement]:
    """What a wheel needs in a browser."""
    major_minor = ".".join(version.split(".")[:2])
    here = {"sys_platform": "emscripten", "platform_system": "Emscripten", "os_name": "posix"}
    here |= {"python_version": major_minor, "python_full_version": version}
    extras = EXTRAS if wheel.name.startswith("cnnlab-") else ("",)
    all_of_them = [Requirement(text) for text in metadata(wheel).get_all("Requires-Dist", [])]
    return [
        needed
        for needed in all_of_them
        if canonicalize_name(needed.name) not in {"cnnlab", *NOT_IN_A_BROWSER}
        and any(not needed.marker or needed.marker.evaluate(here | {"extra": e}) for e in extras)
    ]


def metadata(wheel: Path) -> Message:
    """Metadata of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        return message_from_bytes(archive.read(name))


def entry_of(wheel: Path, version: str) -> dict[str, Any]:
    """What Pyodide has to know about a wheel, as in its own list."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {PurePosixPath(name).parts[0] for name in archive.namelist() if name.endswith(".py")}
    return {
        "name": metadata(wheel)["Name"],
        "version": str(parse_wheel_filename(wheel.name)[1]),
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted(top.removesuffix(".py") for top in tops if not top.endswith(".data")),
        "depends": [
            *(canonicalize_name(needed.name) for needed in requirements(wheel, version)),
            *(STANDARD if wheel.name.startswith("cnnlab-") else ()),
        ],
        "unvendored_tests": False,
    }


def fetch(
    lock: dict[str, Any], packages: dict[str, Any], local: dict[str, Path], folder: Path
) -> list[Path]:
    """Fetch Pyodide's packages; both lists of sums have to agree with what comes."""
    folder.mkdir(exist_ok=True)
    paths = []
    for entry in packages.values():
        name = entry["file_name"]
        path = local.get(name, folder / name)
        paths.append(path)
        if name in local:
            continue
        if name not in lock["packages"]:
            sys.exit(f"{name} is not in tools/lite.json. Run: python tools/lite.py renew VERSION")
        verify(f"Sum of {name} in Pyodide's list", entry["sha256"], lock["packages"][name])
        try:
            address = path.as_uri() if path.exists() else lock["address"] + name
            with urllib.request.urlopen(address, timeout=60) as answer:
                data = answer.read()
        except OSError as error:
            sys.exit(f"{address} could not be fetched: {error}")
        verify(f"Sum of {address}", hashlib.sha256(data).hexdigest(), entry["sha256"])
        path.write_bytes(data)
    return paths


def build(
    folder: Path, output: Path, core: dict[str, bytes], listed: dict[str, Any], files: list[Path]
) -> None:
    """Lay out Pyodide, let JupyterLite make the site, and put the notebooks into it."""
    site = folder / "site"
    shutil.rmtree(site, ignore_errors=True)
    shutil.rmtree(output, ignore_errors=True)
    pyodide = site / "static" / "pyodide"
    pyodide.mkdir(parents=True)
    for name, data in core.items():
        (pyodide / name).write_bytes(data)
    for path in files:
        shutil.copy(path, pyodide)
    (pyodide / "pyodide-lock.json").write_text(json.dumps(listed), "utf-8")
    kernel = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": KERNEL}}
    settings = {"litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel}}
    config = {"jupyter-lite-schema-version": 0, "jupyter-config-data": settings}
    (site / "jupyter-lite.json").write_text(json.dumps(config), "utf-8")
    command = [str(folder / "env" / "bin" / "jupyter-lite"), "build", "--apps=lab"]
    command += ["--no-sourcemaps", "--lite-dir", str(site), "--output-dir", str(output)]
    subprocess.run(command, cwd=site, check=True, stdout=subprocess.DEVNULL)
    add_notebooks(output)


def add_notebooks(output: Path) -> None:
    """Put the chapters into the site, with the lists of files that JupyterLite asks for."""
    books = output / "files" / "book"
    books.mkdir(parents=True)
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        (books / path.name).write_text(json.dumps(with_note(path)), "utf-8")
    for folder in (books.parent, books):
        listing = output / "api" / "contents" / folder.relative_to(books.parent) / "all.json"
        listing.parent.mkdir(parents=True, exist_ok=True)
        content = [model(path, books.parent) for path in sorted(folder.iterdir())]
        listing.write_text(json.dumps(model(folder, books.parent) | {"content": content}), "utf-8")


def with_note(path: Path) -> nbformat.NotebookNode:
    """Read a notebook and begin it with a cell that says what is different in a browser."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(NOTE, id="in-the-browser"))
    return notebook


def model(path: Path, root: Path) -> dict[str, Any]:
    """What Jupyter says about a file or a folder."""
    kind = "directory" if path.is_dir() else "notebook"
    where = "" if path == root else path.relative_to(root).as_posix()
    times = dict.fromkeys(("created", "last_modified"), "2026-01-01T00:00:00Z")
    more = {"format": "json", "mimetype": None, "size": None, "writable": True, "content": None}
    return {"name": "" if path == root else path.name, "path": where, "type": kind} | times | more


if __name__ == "__main__":
    main(sys.argv[1:])
