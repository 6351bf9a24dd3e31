import os
import socket
import threading
from pathlib import Path

import pytest

from runpact.disk import tree
from runpact.disk.tree import digest_file, list_tree, read_file
from runpact.model.digest import digest_bytes
from runpact.model.errors import StorageError
from runpact.model.facts import FileFact


def _open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _by_path(root) -> dict[str, FileFact]:
    return {fact.path: fact for fact in list_tree(str(root))}


def test_list_tree_is_sorted_and_relative(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.txt").write_bytes(b"12345")
    (tmp_path / "a.txt").write_bytes(b"")
    facts = list_tree(str(tmp_path))
    assert [fact.path for fact in facts] == ["a.txt", "b", "b/x.txt"]
    assert [fact.kind for fact in facts] == ["file", "dir", "file"]
    assert facts[2].size == 5


def test_list_tree_never_opens_pipes_sockets_or_links(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        (tmp_path / "inside").symlink_to("file.txt")
        (tmp_path / "loop").symlink_to("loop")
        facts = _by_path(tmp_path)
    assert facts["pipe"].kind == "other"
    assert facts["socket"].kind == "other"
    assert facts["inside"] == FileFact("inside", "symlink", 0, 0o777, "file.txt")
    assert not facts["loop"].escapes


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "a/b/c/../../x", "/proc/self/root"])
def test_list_tree_flags_links_that_lead_out(tmp_path, target):
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "top").mkdir()
    (root / "a" / "b" / "c").symlink_to("../../top")
    (root / "link").symlink_to(target)
    facts = _by_path(root)
    assert facts["link"].escapes
    assert not facts["a/b/c"].escapes


def test_list_tree_does_not_follow_a_linked_directory(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x").write_bytes(b"")
    (tmp_path / "alias").symlink_to("real")
    assert [fact.path for fact in list_tree(str(tmp_path))] == ["alias", "real", "real/x"]


def test_list_tree_reports_a_directory_it_cannot_enter(tmp_path, monkeypatch):
    (tmp_path / "shut").mkdir()
    real_open = os.open

    def refuse(path, flags, *args, **kwargs):
        if path == "shut":
            raise PermissionError(13, "denied")
        return real_open(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    (fact,) = list_tree(str(tmp_path))
    assert fact.kind == "dir"
    assert fact.fault == "Permission denied"


def test_list_tree_stops_at_its_limits(tmp_path, monkeypatch):
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    monkeypatch.setattr(tree, "MAX_LEVELS", 2)
    facts = _by_path(tmp_path)
    assert facts["a/b/c"].fault.startswith("more than 2 levels")
    monkeypatch.setattr(tree, "MAX_NAMES", 2)
    with pytest.raises(StorageError, match="too many names"):
        list_tree(str(tmp_path))


def test_list_tree_of_nothing_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for name in ("file", "missing"):
        with pytest.raises(StorageError):
            list_tree(str(tmp_path / name))


def test_list_tree_keeps_names_that_are_not_unicode(tmp_path):
    os.close(os.open(os.fsencode(tmp_path) + b"/\xff", os.O_CREAT))
    assert list_tree(str(tmp_path))[0].path == "\udcff"


def test_read_file_returns_the_bytes_up_to_a_limit(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"abc")
    assert read_file(str(tmp_path), "d/f", 3) == b"abc"
    with pytest.raises(StorageError, match="too large"):
        read_file(str(tmp_path), "d/f", 2)


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a//b", "", ".", "d/../d/f", "a\0b"])
def test_read_file_stays_below_the_root(tmp_path, path):
    with pytest.raises(StorageError):
        read_file(str(tmp_path), path, 10)


def test_read_file_follows_no_link_and_opens_no_pipe(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("d/f")
    (tmp_path / "dlink").symlink_to("d")
    os.mkfifo(tmp_path / "pipe")
    for path in ("link", "dlink/f", "pipe", "d", "missing"):
        with pytest.raises(StorageError):
            read_file(str(tmp_path), path, 10)
        with pytest.raises(StorageError):
            digest_file(str(tmp_path), path)


@pytest.mark.parametrize("size", [0, 1, 10_000, (1 << 20) - 1, 1 << 20, (3 << 20) + 7])
def test_digest_file_is_that_of_the_bytes(tmp_path, size):
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "f").write_bytes(data)
    assert digest_file(str(tmp_path), "f") == (digest_bytes(data), size)


def test_digest_file_never_mixes_two_contents(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"a" * (8 << 20))
    stop = threading.Event()

    def append() -> None:
        while not stop.is_set():
            with path.open("ab") as stream:
                stream.write(b"b")

    writer = threading.Thread(target=append)
    writer.start()
    try:
        with pytest.raises(StorageError, match="changed while hashing"):
            _digest_often(str(tmp_path), "f")
    finally:
        stop.set()
        writer.join()


def _digest_often(root: str, path: str) -> None:
    for _ in range(200):
        digest_file(root, path)


def test_a_read_error_is_a_storage_error(tmp_path, monkeypatch):
    (tmp_path / "f").write_bytes(b"abc")

    def fail(*_args):
        raise OSError(5, "I/O error")

    monkeypatch.setattr(os, "read", fail)
    with pytest.raises(StorageError, match="Input/output error"):
        digest_file(str(tmp_path), "f")
    with pytest.raises(StorageError, match="Input/output error"):
        read_file(str(tmp_path), "f", 10)


def test_no_descriptor_is_left_open(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"abc")
    before = _open_descriptors()
    for path in ("d/f", "d/missing", "missing/f", "d"):
        try:
            digest_file(str(tmp_path), path)
        except StorageError:
            continue
    list_tree(str(tmp_path))
    assert _open_descriptors() == before
