"""Passphrases, and keys that cannot be used."""

from __future__ import annotations

import io
import sys

import click
import pytest

from runpact.cli.passphrase import from_variable, new_passphrase, passphrase_of
from runpact.host import keys
from runpact.model.errors import CannotStartError, PrivateKeyError, UsageError


class Terminal(io.StringIO):
    """Stands for a person at a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_passphrase_is_asked_for_at_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "open"

    monkeypatch.setattr(click.termui, "hidden_prompt_func", answer)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    for ask in (lambda: new_passphrase(None, is_asked=True), lambda: passphrase_of(None)("key.pem")):
        with pytest.raises(UsageError, match="no terminal"):
            ask()
    assert asked == []
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert new_passphrase(None, is_asked=True) == b"open"
    assert len(asked) == 2
    assert passphrase_of(None)("key.pem") == b"open"
    assert len(asked) == 3
    assert new_passphrase(None, is_asked=False) is None


def test_a_passphrase_comes_from_the_variable_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_WORD", "open")
    assert new_passphrase("KEY_WORD", is_asked=True) == b"open"
    assert passphrase_of("KEY_WORD")("key.pem") == b"open"
    monkeypatch.setenv("KEY_WORD", "")
    with pytest.raises(UsageError, match="not set"):
        from_variable("KEY_WORD")


@pytest.mark.parametrize("passphrase", [None, b"open"])
def test_a_key_is_opened_with_its_own_passphrase_alone(passphrase: bytes | None) -> None:
    pytest.importorskip("cryptography", reason="the extra `sign` is not installed")
    made = keys.new_key(passphrase)
    assert keys.is_encrypted(made.private) == (passphrase is not None)
    signer = keys.open_key(made.private, passphrase)
    assert signer.public == made.public
    assert len(signer.sign(b"message")) == 64
    if passphrase:
        with pytest.raises(PrivateKeyError, match="passphrase is wrong"):
            keys.open_key(made.private, b"other")


def test_another_sort_of_key_and_no_key_are_refused() -> None:
    pytest.importorskip("cryptography", reason="the extra `sign` is not installed")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    other = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(PrivateKeyError, match="another sort"):
        keys.open_key(other, None)
    with pytest.raises(PrivateKeyError, match="no private key"):
        keys.open_key(b"nothing", None)


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("hazmat.primitives", "hazmat.primitives.asymmetric.ed25519", "exceptions"):
        monkeypatch.setitem(sys.modules, f"cryptography.{name}", None)
    for use in (lambda: keys.new_key(None), lambda: keys.open_key(b"", None)):
        with pytest.raises(CannotStartError) as refused:
            use()
        assert "runpact[sign]" in refused.value.hint
