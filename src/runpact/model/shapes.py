"""Shapes of secrets that are known without being told: tokens, keys, passwords in URLs.

Knows: how each shape begins, where its secret part starts and how far it goes.
Does not know: what takes its place, and where the text comes from.

A shape is found by an anchor and decided by a *trigger*, which looks at a bounded number of bytes from
there; its *rest* then takes every further byte of a class, however many. That lets a stream be masked
piece by piece: while a trigger is undecided, the pattern of what has *begun* matches to the end of the piece.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

LOOK_BEHIND = 64
"""Bytes before an anchor that any pattern here may look at."""
LONGEST = 1400
"""Bytes from its anchor within which every trigger is decided."""
SHORTEST_RUN = 20
"""Every token has at least so many letters, digits, `_` and `-` in a row."""


class Shape(NamedTuple):
    """One sort of secret."""

    trigger: re.Pattern[bytes]
    """Matched at the anchor; the last of its groups begins the secret."""
    rests: dict[str, re.Pattern[bytes]]
    """By that group's name: what else belongs to the secret."""
    before: re.Pattern[bytes] | None = None
    """Must match up to the anchor."""


RUNS = re.sub(rb"[^x]", b" ", re.sub(rb"[\w-]", b"x", bytes(range(256))))
"""Translation: what tokens consist of becomes an `x`, everything else a blank."""
ADDRESS, PRIVATE_KEY, WEB_TOKEN = b"://", b"-----BEGIN ", b"eyJ"
"""Anchors."""
NAMES = (b"token", b"secret", b"passw", b"passphrase", b"credential", b"key")
WORDS = (*NAMES, b"authorization", b"bearer", b"sig=", b"signature=")
"""Anchors of named values, in lower case."""

_WORD_START = rb"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
_TOKENS = (  # prefixes, what follows them, how much of it at least
    ("AKIA ASIA", rb"[A-Z0-9]", 16),  # AWS
    ("ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", rb"[A-Za-z0-9_]", 20),
    ("glpat- gldt- glrt- glptt- glcbt- glsoat-", rb"[\w-]", 20),  # GitLab
    ("hf_ sk-", rb"[A-Za-z0-9]", 20),  # Hugging Face, OpenAI
    ("sk-proj- sk-svcacct- sk-admin- sk-ant- sk-or-", rb"[\w-]", 20),
    ("xoxa- xoxb- xoxe- xoxp- xoxr- xoxs-", rb"[A-Za-z0-9-]", 15),  # Slack
    ("AIza GOCSPX-", rb"[\w-]", 24),  # Google
    ("npm_ sk_live_ rk_live_", rb"[A-Za-z0-9]", 16),
    ("pypi-", rb"[\w-]", 30),
)
_HOST = rb"[^\s/?#\"'<>\\]"
_USER = rb"[^\s/?#\"'<>\\:@]"
_BODY = rb"[A-Za-z0-9+/=\s\\:,.-]"
_NAME = rb"(?:(?:secret|passw|passphrase|credential)[\w-]{0,26}|(?P<short>%b|%b))"
NO_SECRETS = (
    "pad eos bos unk cls sep mask start end stop image video audio special extra additional prefix next per"
)
"""Before `token` they say that it is no secret."""
KEYS = "api access private signing encryption account master"
"""Before `key` they say that it is a secret."""
_BLANKS = rb"[ \t]{0,3}"
_VALUE = rb"[a-z0-9+/_=~!@#%^*:.-]"
_UNKNOWN = rb"(?!\[redac|\$\{env:)"
"""Neither masked already nor a reference."""


@functools.cache
def tokens() -> Shape:
    """Return the shape of tokens that betray themselves by a prefix."""
    kinds = (
        rb"%b%b{%d}" % (prefix.encode(), follows, least)
        for prefixes, follows, least in _TOKENS
        for prefix in prefixes.split()
    )
    trigger = rb"%b(?P<token>%b)" % (_WORD_START, rb"|".join(kinds))
    return Shape(re.compile(trigger), {"token": re.compile(rb"[\w-]*+")})


@functools.cache
def web_tokens() -> Shape:
    """Return the shape of a JSON web token: two documents in base64 and a signature."""
    return Shape(re.compile(rb"(?P<web>eyJ[\w-]{17,500}\.eyJ)"), {"web": re.compile(rb"[\w.-]*+")})


@functools.cache
def private_keys() -> Shape:
    """Return the shape of a private key in PEM, to its last line or to what cannot belong to it."""
    trigger = rb"(?P<key>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----%b)" % _BODY
    rest = rb"(?:(?<!KEY-----)(?<!BLOCK-----)%b)*+" % _BODY
    return Shape(re.compile(trigger), {"key": re.compile(rest)})


@functools.cache
def passwords_in_addresses() -> Shape:
    """Return the shape of `user:password@`, or of a user long enough to be a token, behind `://`."""
    password = rb"%b{0,256}:(?P<password>%b%b{1,1024})(?=@)" % (_USER, _UNKNOWN, _HOST)
    trigger = rb"://(?:%b|(?P<user>%b{20,256})(?=@))" % (password, _USER)
    return Shape(re.compile(trigger), {"password": re.compile(rb""), "user": re.compile(rb"")})


@functools.cache
def named_values(word: bytes) -> tuple[Shape, ...]:
    """Return the shapes of a value whose name has this one of `WORDS` in it."""
    if word == b"authorization":
        return (_header(),)
    if word == b"bearer":
        return (_bearer(),)
    if word.startswith(b"sig"):
        return (_signed(),)
    return (_quoted(), _plain(), _flag())


def _name() -> bytes:
    token = b"".join(rb"(?<!%b)(?<!%b[_-])" % (name, name) for name in NO_SECRETS.encode().split())
    key = b"|".join(rb"(?<=%b)|(?<=%b[_-])" % (name, name) for name in KEYS.encode().split())
    return _NAME % (token + b"token", rb"(?:%b)key" % key)


@functools.cache
def _quoted() -> Shape:
    """`name: "value"`, as documents and programs write it, also within a quoted text."""
    trigger = rb"%b\\?[\"']?%b[:=][>=]?%b(?:" % (_name(), _BLANKS, _BLANKS)
    trigger += rb"\\[\"'](?P<inner>%b(?=[^\"'\r\n\\]{6}))" % _UNKNOWN
    trigger += rb"|\"(?P<double>%b(?=(?:[^\"\r\n]|(?<=\\)\"){6}))" % _UNKNOWN
    trigger += rb"|'(?P<single>%b(?=(?:[^'\r\n]|(?<=\\)'){6})))" % _UNKNOWN
    return Shape(
        re.compile(trigger),
        {
            "inner": re.compile(rb"[^\"'\r\n\\]*+"),
            "double": re.compile(rb"(?:[^\"\r\n]|(?<=\\)\")*+"),
            "single": re.compile(rb"(?:[^'\r\n]|(?<=\\)')*+"),
        },
    )


@functools.cache
def _plain() -> Shape:
    """`NAME=value` and `name: value`, unless the value is a word or, for tokens and keys, a number."""
    number = rb"(?(short)(?![0-9.e+-]{1,64}(?!%b)))" % _VALUE
    trigger = rb"%b\\?[\"']?(?:=|%b:%b)(?P<plain>%b%b(?=%b{6})(?=%b{0,63}[0-9+/~!@#%%^*]))" % (
        _name(),
        _BLANKS,
        _BLANKS,
        _UNKNOWN,
        number,
        _VALUE,
        _VALUE,
    )
    return Shape(re.compile(trigger), {"plain": re.compile(rb"[^\s\"'&,;)\]}<>\\]*+")})


@functools.cache
def _flag() -> Shape:
    """`--name value`, as in a command line."""
    trigger = rb"%b {1,3}[\"']?(?P<flag>%b(?![\s\"'-])(?=[^\s\"']{6}))" % (_name(), _UNKNOWN)
    return Shape(
        re.compile(trigger), {"flag": re.compile(rb"[^\s\"']*+")}, before=re.compile(rb"--[\w-]{0,30}\Z")
    )


@functools.cache
def _header() -> Shape:
    trigger = rb"authorization\\?[\"']?%b[:=]%b\\?[\"']?(?P<header>%b(?=[^\"'\r\n\\]{6}))" % (
        _BLANKS,
        _BLANKS,
        _UNKNOWN,
    )
    return Shape(re.compile(trigger), {"header": re.compile(rb"[^\"'\r\n\\]*+")})


@functools.cache
def _bearer() -> Shape:
    value = rb"[a-z0-9._~+/=-]"
    trigger = rb"bearer {1,3}(?P<bearer>%b{16})" % value
    return Shape(re.compile(trigger), {"bearer": re.compile(rb"[A-Za-z0-9._~+/=-]*+")})


@functools.cache
def _signed() -> Shape:
    """`&X-Amz-Signature=value`: what gives anybody access who has the address."""
    trigger = rb"sig(?:nature)?=(?P<signed>%b[^\s\"'&#]{16})" % _UNKNOWN
    return Shape(
        re.compile(trigger),
        {"signed": re.compile(rb"[^\s\"'&#]*+")},
        before=re.compile(rb"[?&;][\w-]{0,30}\Z"),
    )


@functools.cache
def begun() -> re.Pattern[bytes]:
    """Return the pattern of undecided tokens, keys and addresses that go to the end of a text."""
    kinds = [
        _begun(prefix.encode(), rb"%b{0,%d}" % (follows, least - 1))
        for prefixes, follows, least in _TOKENS
        for prefix in prefixes.split()
    ]
    kinds += [
        _begun(WEB_TOKEN, rb"[\w-]{0,500}", rb"\.", b"e", b"y"),
        _begun(PRIVATE_KEY, rb"[A-Z0-9 ]{0,60}", rb"-{0,5}"),
        _begun(ADDRESS, rb"%b{0,1300}" % _HOST),
    ]
    return re.compile(rb"(?:%b)\Z" % rb"|".join(kinds))


@functools.cache
def begun_words() -> re.Pattern[bytes]:
    """Return the pattern of undecided named values, in lower case, that go to the end of a text."""
    quote, blanks = (rb"\\?", rb"[\"']?"), _BLANKS
    kinds = []
    for word in NAMES:
        more = () if word in {b"token", b"key"} else (rb"[\w-]{0,26}",)
        name = (*more, *quote, blanks, rb"[:=]")
        kinds += [
            _begun(word, *name, rb"[>=]?", blanks, *quote, rb"[^\r\n]{0,5}"),
            _begun(word, *name, blanks, rb"%b{0,64}" % _VALUE),
            _begun(word, *more, rb" {1,3}", rb"[\"']?", rb"[^\s\"']{0,5}"),
        ]
    kinds.append(_begun(b"authorization", *quote, blanks, rb"[:=]", blanks, *quote, rb"[^\"'\r\n\\]{0,5}"))
    kinds.append(_begun(b"bearer", rb" {1,3}", rb"[a-z0-9._~+/=-]{0,15}"))
    kinds += [_begun(word, rb"[^\s\"'&#]{0,15}") for word in (b"sig=", b"signature=")]
    return re.compile(rb"(?:%b)\Z" % rb"|".join(kinds))


def _begun(anchor: bytes, *parts: bytes) -> bytes:
    """Return the pattern of any beginning of an anchor and of what follows it."""
    pattern = b""
    letters: Iterable[bytes] = (re.escape(anchor[i : i + 1]) for i in range(len(anchor)))
    for part in reversed([*letters, *parts]):
        pattern = rb"%b(?:%b)?" % (part, pattern) if pattern else part
    return pattern
