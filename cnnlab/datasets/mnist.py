"""MNIST, handwritten digits of 28x28 pixels, and Fashion-MNIST, clothes in the same format."""

import gzip
import math
import zlib
from pathlib import Path
from typing import Literal

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.datasets import sources
from cnnlab.datasets.core import Split, balanced, from_bytes
from cnnlab.datasets.sources import Source

DIGITS = tuple("0123456789")
CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
HOSTS = {
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "fashion-mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
}
CHECKSUMS = {
    "mnist/train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "mnist/train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "mnist/t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "mnist/t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
    "fashion-mnist/train-images-idx3-ubyte.gz": (
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
    ),
    "fashion-mnist/train-labels-idx1-ubyte.gz": (
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
    ),
    "fashion-mnist/t10k-images-idx3-ubyte.gz": (
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
    ),
    "fashion-mnist/t10k-labels-idx1-ubyte.gz": (
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
    ),
}

__all__ = ["CLOTHES", "fashion_mnist", "mnist"]


def mnist(which: Literal["10k", "full"] = "10k", train: int | None = None, seed: int = 0) -> Split:
    """Load MNIST, handwritten digits: its 10 000 test images newly split, or all of it.

    The files are looked for in the folder ``mnist`` inside the one that the environment variable
    ``CNNLAB_DATA`` names, then in the cache; otherwise they are downloaded once (1.6 MB for
    ``"10k"``, 12 MB for ``"full"``).

    Parameters
    ----------
    which : {"10k", "full"}
        The official test images alone, split by chance; or the official training images to train
        on and the official test images to test on.
    train : int, optional
        Number of training images, 8 000 or 60 000 by default. Of ``"10k"`` the others are for
        testing.
    seed : int, default 0
        Which of the random splits, or of the random choices and orders of training images.

    Returns
    -------
    Split
        One channel, 28x28 pixels, values in [0, 1].

    Raises
    ------
    ValueError
        If there are not as many images, or a file is damaged or another than expected.
    ConnectionError
        If the files are not here and cannot be downloaded.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), doi:10.1109/5.726791.
    """
    if which not in ("10k", "full"):
        raise ValueError(f"mnist: which = {which!r}, needed '10k' or 'full'.")
    seed = _checks.integer("mnist", "seed", seed, at_least=0)
    x_test, y_test = _part("mnist", "mnist", "t10k")
    x, y = _part("mnist", "mnist", "train") if which == "full" else (x_test, y_test)
    keep = 0 if which == "full" else 1  # at least one for testing
    train = (len(x) if which == "full" else 8000) if train is None else train
    if not 1 <= _checks.integer("mnist", "train", train) <= len(x) - keep:
        raise ValueError(f"mnist: train = {train} of {len(x)} images, needed 1 to {len(x) - keep}.")
    order = np.random.default_rng(seed).permutation(len(x))
    chosen = order[:train]
    if which == "10k":
        left = order[train:]
        x_test, y_test = x[left], y[left]
    return Split(from_bytes(x[chosen]), y[chosen], from_bytes(x_test), y_test, DIGITS)


def fashion_mnist(train: int = 6000, subset: int = 0) -> Split:
    """Load Fashion-MNIST, pictures of clothes, as one of several disjoint subsets.

    The files are looked for in the folder ``fashion-mnist`` inside the one that the environment
    variable ``CNNLAB_DATA`` names, then in the cache; otherwise they are downloaded once, 31 MB.

    Parameters
    ----------
    train : int, default 6000
        Number of training images, a multiple of 10: as many of each class.
    subset : int, default 0
        Which of the disjoint subsets of that size; of 6000 there are ten.

    Returns
    -------
    Split
        One channel, 28x28 pixels, values in [0, 1]; always the official 10 000 test images.

    Raises
    ------
    ValueError
        If there are not as many images, or a file is damaged or another than expected.
    ConnectionError
        If the files are not here and cannot be downloaded.

    References
    ----------
    Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747.
    """
    x, y = _part("fashion_mnist", "fashion-mnist", "train")
    x_test, y_test = _part("fashion_mnist", "fashion-mnist", "t10k")
    chosen = balanced("fashion_mnist", "train", y, train, subset)
    return Split(from_bytes(x[chosen]), y[chosen], from_bytes(x_test), y_test, CLOTHES)


def _part(who: str, folder: str, part: str) -> tuple[Array, Array]:
    """Images (N, 1, 28, 28) of bytes, and their labels."""
    files = []
    for name in (f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz"):
        checksum = CHECKSUMS[f"{folder}/{name}"]
        files.append(sources.fetch(who, Source(folder, name, HOSTS[folder] + name, checksum)))
    images, labels = (read_idx(who, path, axes) for path, axes in zip(files, (3, 1), strict=True))
    if images.shape[1:] != (28, 28):
        height, width = images.shape[1:]
        raise sources.refused(who, files[0], f"has pictures of {height}x{width}, needed 28x28")
    if len(images) != len(labels):
        raise sources.refused(who, files[1], f"has {len(labels)} labels for {len(images)} images")
    if len(labels) and labels.max() > 9:
        raise sources.refused(who, files[1], f"has the label {labels.max()}, needed 0 to 9")
    return images[:, None], labels.astype(np.int64)


def read_idx(who: str, path: Path, axes: int) -> Array:
    """Read an array of bytes in the IDX format: two zeros, type, axes, sizes, then the values.

    Parameters
    ----------
    who : str
        Loader that reads it, for the error.
    path : pathlib.Path
        A gzip file.
    axes : int
        Number of axes that are expected.

    Returns
    -------
    uint8 array

    Raises
    ------
    ValueError
        If the file is damaged, or holds something else.
    """
    try:
        with gzip.open(path) as file:
            content = file.read()
    except (OSError, EOFError, zlib.error):
        raise sources.refused(who, path, "is damaged or no gzip file") from None
    magic, needed = content[:4], bytes([0, 0, 8, axes])
    if magic != needed:
        raise sources.refused(
            who,
            path,
            f"begins with {magic.hex() or 'nothing'}, needed {needed.hex()}: bytes "
            f"along {axes} axes",
        )
    begin = 4 + 4 * axes
    shape = [int.from_bytes(content[at : at + 4], "big") for at in range(4, begin, 4)]
    if len(content) - begin != math.prod(shape):
        raise sources.refused(
            who,
            path,
            f"says {shape} and holds {len(content) - begin} values, needed {math.prod(shape)}",
        )
    return np.frombuffer(content, np.uint8, offset=begin).reshape(shape)
