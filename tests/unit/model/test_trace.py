"""What a command was seen to do."""

from runpact.model.trace import Access, Trace


def seen(*accesses: Access) -> Trace:
    trace = Trace()
    trace.add(accesses)
    return trace


def test_what_touched_nothing_is_not_kept() -> None:
    trace = seen(
        Access("openat", "/a", is_write=False, error="ENOENT"),
        Access("mkdir", "/b", is_write=True, error="EEXIST"),
    )
    assert (trace.reads, trace.writes, trace.is_complete) == ({}, {}, True)


def test_what_was_done_once_was_not_refused() -> None:
    trace = seen(
        Access("openat", "/a", is_write=True, error="EACCES"),
        Access("openat", "/a", is_write=True),
        Access("openat", "/a", is_write=True, error="EACCES"),
        Access("unlink", "/a", is_write=True, error="EROFS"),
        Access("unlink", "/free", is_write=True),
    )
    assert trace.written(lambda path, _refused: path == "/free") == (
        ("/a", "openat", False),
        ("/a", "unlink", True),
    )


def test_a_compiled_module_stands_for_its_source() -> None:
    trace = seen(
        Access("openat", "/w/lib/__pycache__/helper.cpython-311.pyc", is_write=False),
        Access("openat", "/w/lib/helper.py", is_write=False),
        Access("openat", "/w/__pycache__/notes.txt", is_write=False, error="EACCES"),
        Access("openat", "/declared", is_write=False),
    )
    assert trace.undeclared(lambda path: path == "/declared") == (
        "/w/__pycache__/notes.txt",
        "/w/lib/helper.py",
    )


def test_a_trace_has_room_for_so_many() -> None:
    trace = Trace(most=2)
    trace.add(Access("openat", f"/{number}", is_write=False) for number in (1, 2, 1))
    assert trace.is_complete
    trace.add([Access("openat", "/3", is_write=False)])
    assert (list(trace.reads), trace.is_complete) == (["/1", "/2"], False)
