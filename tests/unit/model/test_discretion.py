"""What may be recorded of a machine, its files and its owner."""

from __future__ import annotations

import time

import pytest

from runpact.model.discretion import (
    MAX_VALUE,
    RECORDED_VARIABLES,
    has_secret_name,
    is_inside,
    is_source,
    shown_command,
    shown_url,
    shown_value,
    without_credentials,
)

ROOT, HOME = "/home/ann/work", "/home/ann"


@pytest.mark.parametrize(
    "path",
    [
        *(".env", "x/.env.local", "prod.env", ".netrc", "id_rsa", "a/id_ed25519", "server.pem", "tls.KEY"),
        *("credentials.json", "client_secret.json", "secrets.yaml", "kaggle.json", ".git-credentials"),
    ],
)
def test_names_that_secrets_have_are_known(path: str) -> None:
    assert has_secret_name(path)


@pytest.mark.parametrize("path", [".env.example", "environment.yml", "keys.py", "secret/a.py", "id_rsa.pub"])
def test_other_names_are_not_those_of_secrets(path: str) -> None:
    assert not has_secret_name(path)


def test_programs_configurations_and_texts_are_sources_and_data_is_not() -> None:
    assert all(map(is_source, ["a.py", "x/b.ipynb", "Makefile", "conf.yaml", "README.md", "notes.txt"]))
    assert not any(map(is_source, ["a.npz", "x/b.csv", "model.pt", "photo.jpg", "core"]))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (b"https://ann:pw@example.org/x", b"https://example.org/x"),
        (b"git+https://token@example.org/x.git", b"git+https://example.org/x.git"),
        (b"ssh://git@example.org/x", b"ssh://git@example.org/x"),
        (b"ssh://git:pw@example.org/x", b"ssh://example.org/x"),
        (b"https://example.org/x?token=abc&b=1", b"https://example.org/x?token=[redacted]&b=1"),
        (
            b"https://example.org/x?a=1&X-Amz-Signature=abc",
            b"https://example.org/x?a=1&X-Amz-Signature=[redacted]",
        ),
        (b'a = "https://u:p@h/x" # mail@example.org', b'a = "https://h/x" # mail@example.org'),
    ],
)
def test_addresses_lose_who_and_keep_where(text: bytes, plain: bytes) -> None:
    assert without_credentials(text) == plain


def test_a_long_text_without_addresses_is_read_in_a_moment() -> None:
    for text in (b"a" * 300_000, b"a://" * 100_000, b"&x-amz-" * 50_000):
        began = time.process_time()
        assert without_credentials(text) == text
        assert time.process_time() - began < 5  # seconds; square in the length it would be hours


def test_an_address_that_is_a_path_of_the_machine_is_not_shown() -> None:
    assert [shown_url(url) for url in ("", "/srv/x.git", "../x", "~/x", "file:///srv/x")] == [None] * 5
    assert shown_url("https://a:b@example.org/x") == "https://example.org/x"
    assert shown_url("git@example.org:x.git") == "git@example.org:x.git"


def test_a_value_is_shown_without_paths_and_credentials_and_not_at_any_length() -> None:
    assert shown_value("0,1") == "0,1"
    assert shown_value("--xla_dump_to=/home/ann/x --a=1") == "--xla_dump_to=[path] --a=1"
    assert shown_value("https://a:b@example.org/x") == "https://example.org/x"
    assert len(shown_value("x" * 5000)) == MAX_VALUE


def test_the_allow_list_names_nothing_that_holds_a_secret_or_a_persons_name() -> None:
    assert len(set(RECORDED_VARIABLES)) == len(RECORDED_VARIABLES)
    words = ("TOKEN", "SECRET", "PASSWORD", "KEY", "CREDENTIAL", "USER", "HOME", "PATH", "HOSTNAME")
    found = [name for name in RECORDED_VARIABLES if any(word in name.split("_") for word in words)]
    assert found == []


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ((), ()),
        (("python", "a.py"), ("python", "a.py")),
        (("/usr/bin/python3.11", "-m", "a"), ("python3.11", "-m", "a")),
        ((f"{ROOT}/.venv/bin/python", f"{ROOT}/sub/a.py"), ("python", "a.py")),
        ((f"{ROOT}/sub/run.sh",), ("./run.sh",)),
        ((f"{ROOT}/bin/run.sh",), ("../bin/run.sh",)),
        (("/opt/tool/bin/tool", "/data/x.csv"), ("tool", "/data/x.csv")),
        (("a", f"--out={HOME}/x", f"{HOME}"), ("a", "--out=~/x", "~")),
        (("a", f"--in={ROOT}/x", "b=/c"), ("a", "--in=../x", "b=/c")),
        (("a", f"hydra.run.dir={ROOT}/x", f"+x/y@z={HOME}/x"), ("a", "hydra.run.dir=../x", "+x/y@z=~/x")),
        (("sh", "-c", f"x =={ROOT}/x"), ("sh", "-c", f"x =={ROOT}/x")),
        (("sh", "-c", "/bin/true\n/bin/false"), ("sh", "-c", "/bin/true\n/bin/false")),
        (("curl", "https://a:b@example.org"), ("curl", "https://example.org")),
        (("a", "\udcff"), ("a", "\\xff")),
    ],
)
def test_a_command_means_the_same_and_names_no_folder_of_a_person(
    command: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    assert shown_command(command, cwd=f"{ROOT}/sub", root=ROOT, home=HOME) == shown


def test_without_a_home_or_outside_the_workspace_a_path_stays() -> None:
    assert shown_command(("a", f"{ROOT}/x"), cwd="/tmp", root=ROOT, home="") == ("a", f"{ROOT}/x")


def test_a_folder_is_inside_itself_and_not_beside_its_like() -> None:
    assert is_inside("/a", "/a")
    assert is_inside("/a/b", "/a/")
    assert not is_inside("/ab", "/a")
