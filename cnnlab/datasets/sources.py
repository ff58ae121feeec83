"""Where the files of a data set are: in a folder of your own, in the cache, at the official host.

A file is looked for in the folder that the environment variable ``CNNLAB_DATA`` names, then in the
user's cache (or the folder that ``CNNLAB_CACHE`` names). If it is in neither it is downloaded into
the cache, and its checksum is compared. No file is ever unpickled, and no archive is unpacked onto
the disk: its members are read one after the other.
"""

import hashlib
import json
import lzma
import os
import shutil
import tarfile
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array

OWN, CACHE = "CNNLAB_DATA", "CNNLAB_CACHE"  # environment variables
FORMAT = 2  # of what is kept: to be raised where a decoder gives other arrays than before
NAMES = "names.json"  # arrays of a folder in the cache, so that one that is missing is noticed
UNUSABLE = (OSError, ValueError, EOFError)  # nothing there, cut off, or not complete

__all__ = ["Source", "cache_folder", "contents", "decoded", "fetch", "own_folder", "refused"]


@dataclass(frozen=True)
class Source:
    """A file, where it belongs, and where it comes from.

    Parameters
    ----------
    folder : str
        Name of the data set's folder, inside ``CNNLAB_DATA`` or the cache.
    name : str
        Name of the file.
    url : str
        Address of the official file.
    sha256 : str
        Its checksum, 64 hexadecimal digits.
    """

    folder: str
    name: str
    url: str
    sha256: str


def own_folder() -> Path | None:
    """Give the folder that ``CNNLAB_DATA`` names, None where it names none.

    Returns
    -------
    pathlib.Path or None

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    named = os.environ.get(OWN)
    if not named:
        return None
    folder = Path(named)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{OWN} = {named!r}: there is no such folder. Make it, or unset the variable to use "
            "the cache and the download."
        )
    return folder


def cache_folder() -> Path:
    """Give the folder for what was downloaded or decoded; it need not exist yet.

    Returns
    -------
    pathlib.Path
    """
    if named := os.environ.get(CACHE):
        return Path(named)
    with needed("data", by="The cache of cnnlab.datasets"):
        import pooch
    return Path(pooch.os_cache("cnnlab"))


def fetch(who: str, source: Source) -> Path:
    """Give the path of a file, downloaded if it is not here.

    Parameters
    ----------
    who : str
        Loader that needs it, for the error.
    source : Source
        What is needed.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ConnectionError
        If the host cannot be reached, or does not give the file.
    ValueError
        If what was downloaded is not the file: its checksum differs.
    """
    own = own_folder()
    if own is not None and (path := own / source.folder / source.name).exists():
        return path
    with needed("data", by=who):
        import pooch
    advice = (
        f"Get {source.name} in another way, put it into a folder {source.folder!r}, and let the "
        f"environment variable {OWN} name the folder above it."
    )
    try:
        path = pooch.retrieve(
            source.url,
            known_hash=f"sha256:{source.sha256}",
            fname=source.name,
            path=cache_folder() / source.folder,
            progressbar=True,
        )
    except OSError as error:
        raise ConnectionError(
            f"{who}: {source.url} could not be downloaded ({type(error).__name__}). {advice}"
        ) from None
    except ValueError:
        raise ValueError(
            f"{who}: what came from {source.url} is damaged or another file: its checksum is not "
            f"the expected one. Try again later. {advice}"
        ) from None
    return Path(path)


def refused(who: str, path: Path, what: str) -> ValueError:
    """Word the error for a file that cannot be used.

    Parameters
    ----------
    who : str
        Loader that reads it.
    path : pathlib.Path
        The file or folder.
    what : str
        What is wrong with it, as the end of a sentence.

    Returns
    -------
    ValueError
        To be raised.
    """
    return ValueError(
        f"{who}: {path.name} {what}. Put a whole one into {path.parent}, or remove it."
    )


def contents(who: str, path: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Read every file of a folder or of a tar archive, without unpacking it.

    Parameters
    ----------
    who : str
        Loader that reads it, for the error.
    path : pathlib.Path
        A folder, or an archive: ``.tar``, ``.tar.gz``, ``.tar.xz``.

    Yields
    ------
    tuple of pathlib.PurePosixPath and bytes
        Path inside the folder or archive, and what is in the file. Hidden files are left out.

    Raises
    ------
    ValueError
        If the archive is damaged, or a path in it leads outside.
    """
    if path.is_dir():
        for file in sorted(path.rglob("[!.]*")):
            if file.is_file():
                yield PurePosixPath(file.relative_to(path).as_posix()), file.read_bytes()
        return
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                if name.is_absolute() or ".." in name.parts or "\\" in member.name:
                    raise refused(who, path, f"has a path that leads outside, {member.name!r}")
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None and not name.name.startswith("."):
                    yield name, content.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError):
        raise refused(who, path, "is damaged or no archive, it cannot be read") from None


def decoded(path: Path, decode: Callable[[Path], Mapping[str, Array]]) -> Mapping[str, Array]:
    """Decode a file once, keep its arrays in the cache, and give them from there ever after.

    What is kept belongs to path, size and time of change of the file, and to the decoder: another
    file, or another decoder, has arrays of its own. Several processes may do this at once: a folder
    appears when it is complete, and a complete one is never touched again.

    Parameters
    ----------
    path : pathlib.Path
        File or folder that is decoded.
    decode : callable
        ``decode(path)`` gives the arrays by name; it is called if they are not in the cache.

    Returns
    -------
    mapping of str to array
        Read-only, mapped from the disk where they could be kept.
    """
    return _decoded(path, decode, _stamp(path, decode))


@lru_cache(maxsize=4)
def _decoded(
    path: Path, decode: Callable[[Path], Mapping[str, Array]], stamp: str
) -> Mapping[str, Array]:
    folder = cache_folder() / "decoded" / f"{path.parent.name}-v{FORMAT}-{stamp}"
    with suppress(*UNUSABLE):
        return _kept(folder)
    arrays = decode(path)
    with suppress(*UNUSABLE):  # a full or a locked disk: go on from memory
        _keep(folder, arrays)
        return _kept(folder)
    return arrays


def _stamp(path: Path, decode: Callable[[Path], Mapping[str, Array]]) -> str:
    """Sixteen digits: decoder and format, and place, size and time of any file at the path."""
    digest = hashlib.sha256(str(path.resolve()).encode())
    digest.update(f" {decode.__module__}.{decode.__qualname__} {FORMAT}\n".encode())
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        state = file.stat()
        digest.update(f"{file.name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _kept(folder: Path) -> Mapping[str, Array]:
    names = json.loads((folder / NAMES).read_text(encoding="utf-8"))
    return {n: np.load(folder / f"{n}.npy", mmap_mode="r", allow_pickle=False) for n in names}


def _keep(folder: Path, arrays: Mapping[str, Array]) -> None:
    """Write the arrays beside the folder, then give them its name in one step.

    A complete folder of that name stays as it is: another process was faster, and may read it.
    """
    draft, remains = (folder.with_name(f"{kind}-{uuid.uuid4().hex}") for kind in ("draft", "old"))
    draft.mkdir(parents=True)
    try:
        for name, array in arrays.items():
            np.save(draft / f"{name}.npy", array, allow_pickle=False)
        (draft / NAMES).write_text(json.dumps(list(arrays)), encoding="utf-8")
        try:
            draft.rename(folder)
        except OSError:  # there is one already
            if not _complete(folder):
                folder.rename(remains)
                draft.rename(folder)
    finally:
        for left in (draft, remains):
            shutil.rmtree(left, ignore_errors=True)


def _complete(folder: Path) -> bool:
    with suppress(*UNUSABLE):
        _kept(folder)
        return True
    return False
