"""What the experiments' tests share: a few small pictures stand in for CIFAR-10."""

import numpy as np
import pytest
from PIL import Image

from cnnlab.datasets.cifar import CLASSES

SMALL = {"train": 40, "test": 50}  # pictures of each class


@pytest.fixture(scope="session")
def small_cifar(tmp_path_factory):
    """Folder for ``CNNLAB_DATA`` with 400 and 500 noisy pictures; each class has a brightness."""
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("data")
    for part, count in SMALL.items():
        for number, name in enumerate(CLASSES):
            folder = root / "cifar10" / part / name
            folder.mkdir(parents=True)
            for index in range(count):
                pixels = rng.integers(20 * number, 20 * number + 60, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{index:04}.png", compress_level=0)
    return root


@pytest.fixture(autouse=True)
def _small_data(small_cifar, tmp_path_factory, monkeypatch):
    """No test of an experiment needs the real data, or leaves anything in the user's cache."""
    monkeypatch.setenv("CNNLAB_DATA", str(small_cifar))
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path_factory.getbasetemp() / "cnnlab"))
