"""CIFAR-10: the same images from every kind of file, disjoint subsets, and no damaged file."""

import io
import pickle
import re
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image

from cnnlab import datasets
from cnnlab.datasets.cifar import CLASSES

BATCHES = [*(f"data_batch_{number}.bin" for number in (1, 2, 3, 4, 5)), "test_batch.bin"]


@pytest.fixture
def images(rng):
    """Five images of each class for training and two for testing, classes in turns."""
    return {
        part: (rng.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8), np.arange(count) % 10)
        for part, count in (("train", 50), ("test", 20))
    }


@pytest.fixture
def batches(images):
    """The six files of the binary version, by name."""
    rows = {
        part: np.c_[labels.astype(np.uint8), x.reshape(len(x), -1)]
        for part, (x, labels) in images.items()
    }
    parts = [*np.split(rows["train"], 5), rows["test"]]
    return {name: part.tobytes() for name, part in zip(BATCHES, parts, strict=True)}


@pytest.fixture
def pictures(images, png):
    """The same images as pictures, by their path."""
    return {
        f"{part}/{CLASSES[label]}/{number:04}.png": png(picture)
        for part, (x, labels) in images.items()
        for number, (picture, label) in enumerate(zip(x, labels, strict=True))
    }


@pytest.fixture
def put(own, write_tar):
    """Put files into CNNLAB_DATA/cifar10: ``put("cifar-10-binary.tar.gz", files)``."""

    def put(name, files):
        path = own / "cifar10" / name
        if ".tar" in name:
            write_tar(path, files)
            return
        for inside, content in files.items():
            (path / inside).parent.mkdir(parents=True, exist_ok=True)
            (path / inside).write_bytes(content)

    return put


def inside(folder, files):
    return {f"{folder}/{name}": content for name, content in files.items()}


def assert_holds(split, images):
    """Every image of the split is the one that was put there, with its label."""
    for part, x, y in (
        ("train", split.x_train, split.y_train),
        ("test", split.x_test, split.y_test),
    ):
        expected, labels = images[part]
        names = {image.tobytes(): label for image, label in zip(expected, labels, strict=True)}
        found = [names.pop(np.rint(image * 255).astype(np.uint8).tobytes()) for image in x]
        assert found == y.tolist()


# --- where the images come from ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cifar-10-binary.tar.gz", "cifar-10-batches-bin"])
def test_the_binary_version_is_read_packed_and_unpacked(name, put, batches, images):
    put(name, inside("cifar-10-batches-bin", batches) if ".tar" in name else batches)
    split = datasets.cifar10(train=50)
    assert_holds(split, images)
    assert split.x_train.dtype == np.float32
    assert split.y_train.dtype == split.y_test.dtype == np.int64
    assert split.classes == CLASSES


@pytest.mark.parametrize("name", ["cifar10-jpeg.tar.xz", "cifar10-jpeg.tar", "."])
def test_pictures_are_read_packed_and_unpacked(name, put, pictures, images):
    put(name, pictures)
    assert_holds(datasets.cifar10(train=50), images)


def test_jpeg_pictures_are_sorted_by_class_and_name(put):
    def jpeg(brightness):
        file = io.BytesIO()
        Image.new("RGB", (32, 32), (brightness,) * 3).save(file, "JPEG")
        return file.getvalue()

    files = {
        f"{part}/{name}/{number}.jpg": jpeg(20 * label + 5 * number)
        for part in ("test", "train")
        for number in (1, 0)
        for label, name in reversed(list(enumerate(CLASSES)))
    }
    put("cifar10-jpeg.tar.xz", files)
    split = datasets.cifar10(train=20)
    assert split.y_test.tolist() == [label for label in range(10) for _ in (0, 1)]
    brightness = np.rint(split.x_test[:, 0, 0, 0] * 255)
    np.testing.assert_array_equal(brightness, [20 * n + 5 * m for n in range(10) for m in (0, 1)])


def test_the_official_version_is_preferred(put, batches, pictures):
    put("cifar10-jpeg.tar", dict.fromkeys(pictures, b"not to be read"))
    put("cifar-10-binary.tar.gz", batches)
    assert len(datasets.cifar10(train=50).x_train) == 50


def test_other_files_and_hidden_ones_are_left_alone(put, pictures, images):
    put("cifar10-jpeg.tar", {**pictures, "README.md": b"?", "train/cat/._0001.png": b"?"})
    assert_holds(datasets.cifar10(train=50), images)


def test_grey_pictures_get_three_equal_channels(put, pictures):
    file = io.BytesIO()
    Image.new("L", (32, 32), 51).save(file, "PNG")
    put(".", {**pictures, "test/cat/0003.png": file.getvalue()})
    cats = datasets.cifar10(train=50)
    grey = cats.x_test[cats.y_test == 3][0]
    np.testing.assert_array_equal(grey, np.full((3, 32, 32), 0.2, np.float32))


# --- subsets -------------------------------------------------------------------------------------


def test_subsets_share_no_training_image_and_all_have_the_same_test_images(put, batches, images):
    put("cifar-10-binary.tar.gz", batches)
    splits = [datasets.cifar10(train=10, subset=number) for number in range(5)]
    together = datasets.Split(
        np.concatenate([split.x_train for split in splits]),
        np.concatenate([split.y_train for split in splits]),
        splits[0].x_test,
        splits[0].y_test,
    )
    assert_holds(together, images)
    for split in splits:
        assert sorted(split.y_train) == list(range(10))
        np.testing.assert_array_equal(split.x_test, splits[0].x_test)


def test_test_images_keep_their_order_and_fewer_have_as_many_of_each_class(put, batches, images):
    put("cifar-10-binary.tar.gz", batches)
    few, many = datasets.cifar10(train=10, test=10), datasets.cifar10(train=10)
    np.testing.assert_array_equal(many.y_test, images["test"][1])
    np.testing.assert_array_equal(few.x_test, many.x_test[:10])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"train": 55}, "cifar10: train = 55, needed a multiple of 10"),
        ({"train": 60}, "subset = 0 of train = 60 images, but there are only enough for 0"),
        ({"train": 20, "subset": 2}, "only enough for 2 disjoint subset(s), counted from 0"),
        ({"train": 10, "test": 30}, "subset = 0 of test = 30 images"),
    ],
)
def test_more_images_than_there_are_are_refused(put, batches, arguments, words):
    put("cifar-10-binary.tar.gz", batches)
    with pytest.raises(ValueError, match=re.escape(words)):
        datasets.cifar10(**arguments)


# --- files that are refused ----------------------------------------------------------------------


def without(files, *names):
    return {name: content for name, content in files.items() if name not in names}


def test_a_missing_batch_is_named(put, batches):
    put("cifar-10-binary.tar.gz", without(batches, "data_batch_3.bin"))
    with pytest.raises(ValueError, match=r"binary\.tar\.gz does not hold data_batch_3\.bin"):
        datasets.cifar10(train=10)


@pytest.mark.parametrize("kept", [0, 3072, 6145])
def test_a_batch_of_the_wrong_length_is_refused(put, batches, kept):
    name = "test_batch.bin"
    put("cifar-10-batches-bin", {**batches, name: batches[name][:kept]})
    with pytest.raises(ValueError, match=f"holds {kept} bytes of test images, needed a multiple"):
        datasets.cifar10(train=10)


def test_an_unknown_class_is_refused(put, batches):
    put("cifar-10-batches-bin", {**batches, "test_batch.bin": bytes([10]) * 3073})
    with pytest.raises(ValueError, match="holds the class 10, needed 0 to 9"):
        datasets.cifar10(train=10)


def test_a_class_without_images_is_named(put, batches, pictures):
    put(".", {name: content for name, content in pictures.items() if "test/frog" not in name})
    with pytest.raises(ValueError, match="has no test image of class 'frog'"):
        datasets.cifar10(train=10)


def test_an_archive_without_pictures_is_refused(put):
    put("cifar10-jpeg.tar", {"README.md": b"nothing here"})
    with pytest.raises(ValueError, match="has no train image of class 'airplane'"):
        datasets.cifar10(train=10)


@pytest.mark.parametrize("name", ["train/cow/1.png", "1.png", "training/cat/1.png"])
def test_a_picture_at_an_unknown_place_is_refused(put, pictures, png, name):
    put("cifar10-jpeg.tar", {**pictures, name: png(np.zeros((3, 32, 32), np.uint8))})
    with pytest.raises(ValueError, match=rf"holds {name}, needed train/CLASS/NAME or test/CLASS"):
        datasets.cifar10(train=10)


def test_a_picture_of_another_size_is_refused(put, pictures, png):
    put(".", {**pictures, "train/cat/9.png": png(np.zeros((3, 31, 28), np.uint8))})
    with pytest.raises(ValueError, match=r"holds train/cat/9.png of 28x31 pixels, needed 32x32"):
        datasets.cifar10(train=10)


@pytest.mark.parametrize("content", [b"no picture", b""])
def test_what_is_no_picture_is_refused(put, pictures, content):
    put("cifar10-jpeg.tar.xz", {**pictures, "train/cat/0003.png": content})
    with pytest.raises(ValueError, match=r"holds train/cat/0003.png, which is no picture"):
        datasets.cifar10(train=10)


def test_a_picture_that_was_cut_off_is_refused(put, pictures):
    name = "train/cat/0003.png"
    put("cifar10-jpeg.tar.xz", {**pictures, name: pictures[name][:-2000]})
    with pytest.raises(ValueError, match=r"holds train/cat/0003.png, which is no picture"):
        datasets.cifar10(train=10)


@pytest.mark.parametrize("name", ["../train/cat/1.png", "/train/cat/1.png", "a\\..\\b/cat/1.png"])
def test_a_path_that_leads_outside_is_refused(put, pictures, name):
    put("cifar10-jpeg.tar", {**pictures, name: b""})
    with pytest.raises(ValueError, match=r"cifar10-jpeg\.tar has a path that leads outside"):
        datasets.cifar10(train=10)


def test_a_link_in_an_archive_is_not_followed(own, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    (own / "cifar10").mkdir()
    with tarfile.open(own / "cifar10" / "cifar10-jpeg.tar", "w") as archive:
        link = tarfile.TarInfo("train/cat/1.png")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "secret.png")
        archive.addfile(link)
    with pytest.raises(ValueError, match="has no train image"):
        datasets.cifar10(train=10)


@pytest.mark.parametrize("name", ["cifar-10-binary.tar.gz", "cifar10-jpeg.tar.xz"])
@pytest.mark.parametrize("damage", [lambda content: content[:-500], lambda _: b"?", lambda _: b""])
def test_a_damaged_archive_is_named_with_its_place(own, put, batches, name, damage):
    put(name, batches)
    path = own / "cifar10" / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=re.escape(f"{name} is damaged or no archive")) as raised:
        datasets.cifar10(train=10)
    assert f"Put a whole one into {path.parent}" in str(raised.value)


@pytest.mark.parametrize("name", ["cifar-10-python.tar.gz", "cifar-10-batches-py"])
def test_the_python_version_is_refused_unread(own, name):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("the pickle was loaded",)

    (own / "cifar10").mkdir()
    (own / "cifar10" / name).write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match=r"a pickle, .*Put the binary version, cifar-10-binary"):
        datasets.cifar10()


def test_without_pillow_pictures_say_how_to_install_it(put, pictures, monkeypatch):
    put(".", pictures)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r'needs pillow.*pip install "cnnlab\[data\]"'):
        datasets.cifar10(train=10)
