"""CIFAR-10: 60 000 colour photographs of 32x32 pixels in ten classes."""

import io
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.datasets import sources
from cnnlab.datasets.core import Split, balanced, from_bytes
from cnnlab.datasets.sources import Source

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
SIDE = 32
ROW = 1 + 3 * SIDE**2  # bytes of an image and its class in the binary version
BATCH_FILES = {
    "train": [f"data_batch_{number}.bin" for number in (1, 2, 3, 4, 5)],
    "test": ["test_batch.bin"],
}
BINARY = Source(
    folder="cifar10",
    name="cifar-10-binary.tar.gz",
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
)
PICKLES = ("cifar-10-python.tar.gz", "cifar-10-batches-py")

__all__ = ["CLASSES", "cifar10"]


def cifar10(train: int = 5000, subset: int = 0, test: int | None = None) -> Split:
    """Load CIFAR-10, small colour photographs of ten classes, as one of several disjoint subsets.

    Looked for in the folder ``cifar10`` inside the one that the environment variable
    ``CNNLAB_DATA`` names, in this order: ``cifar-10-binary.tar.gz`` (the official binary version),
    ``cifar-10-batches-bin`` (the same, unpacked), ``cifar10-jpeg.tar.xz`` or ``cifar10-jpeg.tar``,
    and two folders ``train`` and ``test`` (pictures as ``train/cat/0001.jpg``, JPEG or PNG). JPEG
    changes the pixels a little. Otherwise the binary version is downloaded, 170 MB, once.

    Parameters
    ----------
    train : int, default 5000
        Number of training images, a multiple of 10: as many of each class.
    subset : int, default 0
        Which of the disjoint subsets of that size; of 5000 there are ten.
    test : int, optional
        Number of test images, a multiple of 10; all of them by default.

    Returns
    -------
    Split
        Three channels, 32x32 pixels, values in [0, 1].

    Raises
    ------
    ValueError
        If there are not as many images, or the files are damaged or others than expected. The
        Python version is refused: it is a pickle, and loading one runs whatever is in it.
    ConnectionError
        If the files are not here and cannot be downloaded.

    References
    ----------
    Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images, University of Toronto.
    """
    images = _images()
    labels, test_labels = images["y_train"], images["y_test"]
    chosen = balanced("cifar10", "train", labels, train, subset)
    tested = np.arange(len(test_labels))
    if test is not None:
        tested = np.sort(balanced("cifar10", "test", test_labels, test))
    return Split(
        from_bytes(images["x_train"][chosen]),
        labels[chosen],
        from_bytes(images["x_test"][tested]),
        test_labels[tested],
        CLASSES,
    )


def _images() -> Mapping[str, Array]:
    """All images, from the first place that has them."""
    own = sources.own_folder()
    if own is not None:
        folder = own / "cifar10"
        for name, decode in READERS.items():
            if (folder / name).exists():
                return sources.decoded(folder / name, decode)
        if (folder / "train").exists():
            return sources.decoded(folder, _from_pictures)
        for name in PICKLES:
            if (folder / name).exists():
                raise ValueError(
                    f"cifar10: {name} is the Python version, a pickle, and loading a pickle runs "
                    f"whatever is in it. Put the binary version, {BINARY.name}, into {folder}."
                )
    return sources.decoded(sources.fetch("cifar10", BINARY), _from_batches)


def _from_batches(path: Path) -> dict[str, Array]:
    """Decode the binary version: one byte for the class, then red, green and blue, row by row."""
    found = {name.name: content for name, content in sources.contents("cifar10", path)}
    arrays = {}
    for part, names in BATCH_FILES.items():
        if missing := [name for name in names if name not in found]:
            raise sources.refused("cifar10", path, f"does not hold {missing[0]}")
        content = b"".join(found[name] for name in names)
        if not content or len(content) % ROW:
            raise sources.refused(
                "cifar10",
                path,
                f"holds {len(content)} bytes of {part} images, needed a multiple of {ROW}",
            )
        rows = np.frombuffer(content, np.uint8).reshape(-1, ROW)
        arrays[f"x_{part}"] = rows[:, 1:].reshape(-1, 3, SIDE, SIDE)
        arrays[f"y_{part}"] = rows[:, 0].astype(np.int64)
    return _checked(path, arrays)


def _from_pictures(path: Path) -> dict[str, Array]:
    """Decode pictures in files ``train/CLASS/NAME`` and ``test/CLASS/NAME``, sorted by these."""
    found: dict[str, dict[tuple[str, str], Array]] = {"train": {}, "test": {}}
    for name, content in sources.contents("cifar10", path):
        if name.suffix.lower() in (".jpg", ".jpeg", ".png"):
            part, kind, file = name.parts[-3:] if len(name.parts) > 2 else ("", "", "")
            if part not in found or kind not in CLASSES:
                raise sources.refused(
                    "cifar10",
                    path,
                    f"holds {name}, needed train/CLASS/NAME or test/CLASS/NAME, "
                    f"where CLASS is one of {', '.join(CLASSES)}",
                )
            found[part][kind, file] = _picture(path, name, content)
    arrays = {}
    for part, pictures in found.items():
        keys = sorted(pictures)
        empty = np.empty((0, 3, SIDE, SIDE), np.uint8)
        arrays[f"x_{part}"] = np.stack([pictures[key] for key in keys]) if keys else empty
        arrays[f"y_{part}"] = np.array([CLASSES.index(kind) for kind, _ in keys], dtype=np.int64)
    return _checked(path, arrays)


def _picture(path: Path, name: PurePosixPath, content: bytes) -> Array:
    """Decode one picture into (3, height, width)."""
    with needed("data", by="cifar10 from pictures"):
        from PIL import Image
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.size != (SIDE, SIDE):
                width, height = picture.size
                raise sources.refused(
                    "cifar10",
                    path,
                    f"holds {name} of {width}x{height} pixels, needed {SIDE}x{SIDE}",
                )
            return np.asarray(picture.convert("RGB")).transpose(2, 0, 1)
    except (OSError, SyntaxError):  # what Pillow says of files that are no pictures
        raise sources.refused("cifar10", path, f"holds {name}, which is no picture") from None


def _checked(path: Path, arrays: dict[str, Array]) -> dict[str, Array]:
    """Refuse images of unknown classes, and a class without images."""
    for part in ("train", "test"):
        count = np.bincount(arrays[f"y_{part}"], minlength=len(CLASSES))
        if len(count) > len(CLASSES):
            raise sources.refused(
                "cifar10", path, f"holds the class {len(count) - 1}, needed 0 to 9"
            )
        if not count.all():
            lacking = CLASSES[int(count.argmin())]
            raise sources.refused("cifar10", path, f"has no {part} image of class {lacking!r}")
    return arrays


READERS = {
    "cifar-10-binary.tar.gz": _from_batches,
    "cifar-10-batches-bin": _from_batches,
    "cifar10-jpeg.tar.xz": _from_pictures,
    "cifar10-jpeg.tar": _from_pictures,
}
