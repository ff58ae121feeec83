"""What the tests of the loaders share: a folder of one's own, an empty cache, small archives."""

import gzip
import io
import tarfile

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Folder that CNNLAB_DATA names; the cache is an empty folder, too."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("CNNLAB_DATA", str(folder))
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def write_idx():
    """Write an array of bytes as the MNIST files hold it: ``write_idx(path, array)``."""

    def write(path, array, change=lambda content: content):
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        content = bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(change(content)))

    return write


@pytest.fixture
def write_tar():
    """Write an archive: ``write_tar(path, {"train/cat/0001.png": bytes, ...})``."""

    def write(path, files):
        path.parent.mkdir(parents=True, exist_ok=True)
        packing = {".gz": "w:gz", ".xz": "w:xz", ".tar": "w"}[path.suffix]
        with tarfile.open(path, packing) as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))

    return write


@pytest.fixture
def png():
    """Give an array (3, H, W) of bytes as a PNG file, from which it is read without loss."""

    def encoded(array):
        file = io.BytesIO()
        Image.fromarray(array.transpose(1, 2, 0)).save(file, "PNG")
        return file.getvalue()

    return encoded
