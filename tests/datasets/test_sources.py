"""Files: one's own folder first, then the cache, then a download whose checksum is compared."""

import hashlib
import http.server
import re
import sys
import threading
from functools import partial

import numpy as np
import pytest

from cnnlab.datasets import sources
from cnnlab.datasets.sources import Source

CONTENT = b"all the images in the world\n"


@pytest.fixture
def asked():
    """Paths that the host was asked for."""
    return []


@pytest.fixture
def host(tmp_path, asked):
    """Address of a host on this machine that has one file."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)

    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "images.gz").write_bytes(CONTENT)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Handler, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def images(host, name="images.gz", content=CONTENT):
    return Source("toys", name, host + name, hashlib.sha256(content).hexdigest())


def test_ones_own_file_is_taken_and_nothing_is_downloaded(own, host, asked):
    path = own / "toys" / "images.gz"
    path.parent.mkdir()
    path.write_bytes(b"my own")
    assert sources.fetch("toys", images(host)) == path
    assert asked == []


def test_a_download_goes_into_the_cache_and_happens_once(own, host, asked):
    path = sources.fetch("toys", images(host))
    assert path == sources.cache_folder() / "toys" / "images.gz"
    assert path.read_bytes() == CONTENT
    assert sources.fetch("toys", images(host)) == path
    assert asked == ["/images.gz"]


def test_a_file_that_was_damaged_in_the_cache_is_downloaded_anew(own, host, asked):
    sources.fetch("toys", images(host)).write_bytes(CONTENT[:5])
    assert sources.fetch("toys", images(host)).read_bytes() == CONTENT
    assert len(asked) == 2


def test_a_download_with_another_checksum_is_refused_and_not_kept(own, host):
    with pytest.raises(ValueError, match="its checksum is not the expected one") as raised:
        sources.fetch("toys", images(host, content=b"something else"))
    assert "put it into a folder 'toys', and let the environment" in str(raised.value)
    assert not (sources.cache_folder() / "toys" / "images.gz").exists()


def test_a_file_that_the_host_does_not_have_is_named(own, host):
    with pytest.raises(ConnectionError, match=r"labels.gz could not be downloaded \(HTTPError\)"):
        sources.fetch("toys", images(host, "labels.gz"))


def test_an_unreachable_host_says_which_file_to_put_where(own):
    source = images("http://127.0.0.1:9/")
    with pytest.raises(ConnectionError, match=re.escape("http://127.0.0.1:9/images.gz")) as raised:
        sources.fetch("toys", source)
    assert (
        "Get images.gz in another way, put it into a folder 'toys', and let the environment "
        "variable CNNLAB_DATA name the folder above it."
    ) in str(raised.value)


def test_a_folder_of_ones_own_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNLAB_DATA", str(tmp_path / "typo"))
    with pytest.raises(FileNotFoundError, match=r"typo'?: there is no such folder"):
        sources.own_folder()


def test_an_empty_variable_names_no_folder(monkeypatch):
    monkeypatch.setenv("CNNLAB_DATA", "")
    assert sources.own_folder() is None


def test_without_a_name_the_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("CNNLAB_CACHE", raising=False)
    assert "cnnlab" in sources.cache_folder().parts


def test_without_pooch_the_error_says_how_to_install_it(own, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r'toys needs pooch.*pip install "cnnlab\[data\]"'):
        sources.fetch("toys", images("http://127.0.0.1:9/"))


# --- decoded arrays ------------------------------------------------------------------------------


@pytest.fixture
def source(own):
    path = own / "toys" / "images.txt"
    path.parent.mkdir()
    path.write_text("1 2 3")
    return path


@pytest.fixture
def calls():
    return []


@pytest.fixture
def decode(calls):
    def decoded(path):
        calls.append(path)
        return {"x": np.array(path.read_text().split(), dtype=np.int64)}

    return decoded


def afresh(path, decode):
    """As another process would see it: with nothing in memory."""
    sources._decoded.cache_clear()
    x = sources.decoded(path, decode)["x"].tolist()
    sources._decoded.cache_clear()
    return x


def test_a_file_is_decoded_once(source, decode, calls):
    assert [afresh(source, decode) for _ in range(3)] == [[1, 2, 3]] * 3
    assert calls == [source]


def test_a_file_that_has_changed_is_decoded_again(source, decode, calls):
    afresh(source, decode)
    source.write_text("4 5 6 7")
    assert sources.decoded(source, decode)["x"].tolist() == [4, 5, 6, 7]
    assert len(calls) == 2


def test_the_same_file_elsewhere_has_arrays_of_its_own(source, decode, calls):
    other = source.with_name("others.txt")
    other.write_text("7 8 9")
    assert [afresh(path, decode) for path in (source, other)] == [[1, 2, 3], [7, 8, 9]]
    assert len(calls) == 2


def test_a_folder_is_decoded_again_when_a_file_in_it_changes(source, calls):
    def count(path):
        calls.append(path)
        return {"x": np.array(sum(len(file.read_text()) for file in path.iterdir()))}

    assert afresh(source.parent, count) == 5
    source.write_text("12345678")
    assert afresh(source.parent, count) == 8


def test_kept_arrays_that_were_cut_off_are_made_anew(source, decode, calls):
    afresh(source, decode)
    [kept] = sources.cache_folder().rglob("*.npy")
    kept.write_bytes(kept.read_bytes()[:-4])
    assert afresh(source, decode) == [1, 2, 3]
    assert afresh(source, decode) == [1, 2, 3]
    assert len(calls) == 2


def test_where_nothing_can_be_kept_the_arrays_come_from_memory(source, decode, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert afresh(source, decode) == [1, 2, 3]


def test_a_complete_folder_of_a_faster_process_stays(tmp_path):
    folder = tmp_path / "decoded" / "toys"
    sources._keep(folder, {"x": np.array([1, 2, 3])})
    sources._keep(folder, {"x": np.array([4, 5])})
    assert sources._kept(folder)["x"].tolist() == [1, 2, 3]
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("lost", ["x.npy", "y.npy", sources.NAMES])
def test_a_folder_that_is_not_complete_makes_room(tmp_path, lost):
    folder = tmp_path / "decoded" / "toys"
    sources._keep(folder, {"x": np.array([1, 2, 3]), "y": np.array([0])})
    (folder / lost).unlink()
    sources._keep(folder, {"x": np.array([4, 5]), "y": np.array([1])})
    assert sources._kept(folder)["x"].tolist() == [4, 5]
    assert list(folder.parent.iterdir()) == [folder]


def test_a_faster_process_that_comes_while_decoding_is_not_disturbed(source, decode):
    def overtaken(path):
        afresh(path, overtaken_too)
        return decode(path)

    def overtaken_too(path):
        return {"x": np.array([7])}

    overtaken_too.__qualname__ = overtaken.__qualname__  # the same decoder, in another process
    assert afresh(source, overtaken) == [7]


def test_a_folder_without_one_of_its_arrays_is_decoded_anew(source, calls):
    def two(path):
        calls.append(path)
        return {"x": np.array([1, 2]), "y": np.array([0])}

    afresh(source, two)
    [kept] = sources.cache_folder().rglob("y.npy")
    kept.unlink()
    assert afresh(source, two) == [1, 2]
    assert sources.decoded(source, two)["y"].tolist() == [0]
    assert len(calls) == 2


def test_another_decoder_has_arrays_of_its_own(source, decode):
    def backwards(path):
        return {"x": decode(path)["x"][::-1]}

    assert [afresh(source, one) for one in (decode, backwards)] == [[1, 2, 3], [3, 2, 1]]


def test_a_raised_format_decodes_anew(source, decode, calls, monkeypatch):
    afresh(source, decode)
    monkeypatch.setattr(sources, "FORMAT", sources.FORMAT + 1)
    afresh(source, decode)
    assert len(calls) == 2


def test_kept_arrays_are_never_unpickled(source, decode, calls):
    afresh(source, decode)
    [kept] = sources.cache_folder().rglob("*.npy")
    np.save(kept, np.array([{"a": "pickle"}], dtype=object), allow_pickle=True)
    assert afresh(source, decode) == [1, 2, 3]
    assert len(calls) == 2
