"""Lines of strace, as accesses."""

import pytest

from runpact.formats.stracelog import CALLS, read_accesses
from runpact.model.trace import Access


def did(call: str, path: str, error: str = "") -> Access:
    return Access(call, path, is_write=False, error=error)


def wrote(call: str, path: str, error: str = "") -> Access:
    return Access(call, path, is_write=True, error=error)


def read(*lines: str) -> list[Access]:
    return list(read_accesses([f"{line}\n" for line in lines], cwd="/desk"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            'openat(AT_FDCWD</w>, "x", O_RDONLY|O_CLOEXEC) = 3</w/x>',
            [did("openat", "/w/x")],
        ),
        ('openat(AT_FDCWD</w>, "l", O_RDONLY) = 3</real/x>', [did("openat", "/real/x")]),
        ('openat(AT_FDCWD</w>, "../x", O_RDWR) = 3</x>', [wrote("openat", "/x")]),
        (
            'open("x", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</desk/x>',
            [wrote("open", "/desk/x")],
        ),
        ('creat("x", 0666)  = 3</desk/x>', [wrote("creat", "/desk/x")]),
        ('openat(5</d>, "x", O_RDONLY|O_TRUNC) = 3</d/x>', [wrote("openat", "/d/x")]),
        (
            'openat2(5</d>, "x", {flags=O_RDONLY, resolve=0}, 24) = 3</d/x>',
            [did("openat2", "/d/x")],
        ),
        ('openat(AT_FDCWD</w>, "d", O_RDONLY|O_DIRECTORY) = 3</w/d>', []),
        ('openat(AT_FDCWD</w>, "d", O_PATH) = 3</w/d>', []),
        (
            'openat(AT_FDCWD</w>, "d", O_RDONLY|O_DIRECTORY) = -1 EACCES (Permission denied)',
            [did("openat", "/w/d", "EACCES")],
        ),
        (
            'openat(AT_FDCWD</w>, "/x", O_WRONLY) = -1 EROFS (Read-only file system)',
            [wrote("openat", "/x", "EROFS")],
        ),
        (
            'execve("./p", ["p", "/no/path"], 0x7 /* 2 vars */) = 0',
            [did("execve", "/desk/p")],
        ),
        (
            'rename("a", "/b") = -1 EXDEV (Invalid cross-device link)',
            [
                wrote("rename", "/desk/a", "EXDEV"),
                wrote("rename", "/b", "EXDEV"),
            ],
        ),
        (
            'renameat2(AT_FDCWD</w>, "a", 4</d>, "b", RENAME_NOREPLACE) = 0',
            [wrote("renameat2", "/w/a"), wrote("renameat2", "/d/b")],
        ),
        ('symlinkat("/target", AT_FDCWD</w>, "l") = 0', [wrote("symlinkat", "/w/l")]),
        ('link("a", "b") = 0', [wrote("link", "/desk/b")]),
        ('unlink("a") = 0', [wrote("unlink", "/desk/a")]),
        ('mkdirat(AT_FDCWD</w>, "d", 0777) = 0', [wrote("mkdirat", "/w/d")]),
        ('setxattr("a", "user.x", "/y", 2, 0) = 0', [wrote("setxattr", "/desk/a")]),
        ('utimensat(AT_FDCWD</w>, "a", NULL, 0) = 0', [wrote("utimensat", "/w/a")]),
        ("utimensat(3</w/a>, NULL, NULL, 0) = 0", []),
        ('stat("a", {}) = 0', []),
        ("exit_group(0) = ?", []),
        ("+++ exited with 0 +++", []),
        ('openat(AT_FDCWD</w>, "cut', []),
        ("", []),
    ],
)
def test_a_line_says_what_was_done_to_which_path(line: str, expected: list[Access]) -> None:
    assert read(f"12 {line}") == expected


def test_lines_that_are_none_are_passed_over() -> None:
    assert read("", "nonsense", "12", "12 <... openat resumed>) = 3</x>", "strace: something") == []


@pytest.mark.parametrize(
    ("told", "path"),
    [
        (r"a \"b", '/w/a "b'),
        (r"\303\244", "/w/ä"),
        (r"\t\1\x41\q", "/w/\t\x01Aq"),
        (r"\377", "/w/\udcff"),
        ("O_WRONLY", "/w/O_WRONLY"),
        ("a<b>", "/w/a<b>"),
        ("x, O_CREAT) = 3", "/w/x, O_CREAT) = 3"),
    ],
)
def test_odd_names_are_read_back(told: str, path: str) -> None:
    assert read(f'1 openat(AT_FDCWD</w>, "{told}", O_RDONLY) = -1 EACCES (Permission denied)') == [
        Access("openat", path, is_write=False, error="EACCES")
    ]


def test_a_call_that_was_interrupted_by_another_line_is_one() -> None:
    assert read(
        '1 openat(AT_FDCWD</w>, "x", O_WRONLY <unfinished ...>',
        '2 unlink("/other") = 0',
        "1 <... openat resumed>) = 3</w/x>",
    ) == [wrote("unlink", "/other"), wrote("openat", "/w/x")]


def test_each_process_has_a_directory_of_its_own() -> None:
    told = read(
        '1 chdir("sub") = 0',
        "1 vfork() = 2",
        '2 unlink("x") = 0',
        "2 fchdir(5</far>) = 0",
        '2 unlink("x") = 0',
        '1 unlink("x") = 0',
        '3 unlink("x") = 0',
        '3 openat(AT_FDCWD</w>, "y", O_PATH) = 3</w/y>',
        '3 unlink("x") = 0',
        '3 chdir("/no") = -1 ENOENT (No such file or directory)',
        '3 unlink("x") = 0',
        "3 fchdir(5) = 0",
        '3 unlink("x") = 0',
        "3 clone(child_stack=NULL) = -1 EAGAIN (Resource temporarily unavailable)",
    )
    places = ["/desk/sub", "/far", "/desk/sub", "/desk", "/w", "/w", "/w"]
    assert [access.path for access in told] == [f"{place}/x" for place in places]


def test_calls_are_named_once() -> None:
    assert len(CALLS) == len(set(CALLS))
