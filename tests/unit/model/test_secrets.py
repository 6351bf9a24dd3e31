"""Which texts are masked, and which are left alone."""

import pytest

from runpact.model.secretforms import forms, is_too_short
from runpact.model.secrets import MASK, Masker

TOKEN = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"

MASKED = {
    "AKIAIOSFODNN7EXAMPLE and more": "[redacted] and more",
    f"clone with ghp_{TOKEN}.": "clone with [redacted].",
    f"glpat-{TOKEN}": "[redacted]",
    f"hf_{TOKEN} sk-{TOKEN}": "[redacted] [redacted]",
    f"sk-proj-{TOKEN}_{TOKEN}-x": "[redacted]",
    "xoxb-123456789012-abcdefghijkl": "[redacted]",
    f"AIza{TOKEN}": "[redacted]",
    f"first\\nsk-{TOKEN}\\n": "first\\n[redacted]\\n",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-_x done": "[redacted] done",
    f"before\n{PEM}\nafter": "before\n[redacted]\nafter",
    PEM.replace("\n", "\\n") + '", 1': '[redacted]", 1',
    "https://ada:love@lace@host:80/path": "https://ada:[redacted]@host:80/path",
    "https://abcdef0123456789abcdef@host/": "https://[redacted]@host/",
    "postgres://u:p1@h/db": "postgres://u:[redacted]@h/db",
    '{"password": "two words", "n": 1}': '{"password": "[redacted]", "n": 1}',
    r'"password": "say \"friend\" twice" x': '"password": "[redacted]" x',
    r"{\"api_key\": \"abcdefgh\"} x": r"{\"api_key\": \"[redacted]\"} x",
    "client-secret = 'a b c d'": "client-secret = '[redacted]'",
    "HF_TOKEN=abc123def next": "HF_TOKEN=[redacted] next",
    "https://host/?access_key=abc123def&page=2": "https://host/?access_key=[redacted]&page=2",
    "DB_PASSWORD: 12345678": "DB_PASSWORD: [redacted]",
    "login --token abcdef --verbose": "login --token [redacted] --verbose",
    "mysql --db-password=hunter22 x": "mysql --db-password=[redacted] x",
    "Authorization: Bearer abc.def": "Authorization: [redacted]",
    "curl -H 'authorization: Basic dXNlcg==' u": "curl -H 'authorization: [redacted]' u",
    "https://host/a?sig=abc%2Fdefghijklmnop&n=2": "https://host/a?sig=[redacted]&n=2",
    "https://host/a?n=1&X-Amz-Signature=0123456789abcdef0 x": "https://host/a?n=1&X-Amz-Signature=[redacted] x",
    f"sends Bearer {TOKEN}": "sends Bearer [redacted]",
}
LEFT = [
    "epoch 3 loss 0.1234 tokens=102400 max_tokens: 4096",
    "loss_per_token: 0.00123456, ms/token=12.345678",
    "eos_token: '<|endoftext|>', pad_token='[PADDED]'",
    "token = tokenizer.encode(text)",
    "def login(token=None, password=password): pass",
    "password = getpass.getpass()",
    "key=lambda item: item[0], primary_key='identity', monkey: 1234567a",
    "ssh://git@host/repository http://localhost:8888/tree?x=1@2",
    "sklearn task-sk-learn disk-0123456789abcdefghij",
    "sha256:9c1e44b09c1e44b09c1e44b09c1e44b09c1e44b09c1e44b09c1e44b09c1e44b0",
    "url: postgres://user:${env:DB_PASSWORD}@host/db",
    'password: "${env:DB_PASSWORD}" token=${env:HF_TOKEN}',
    "-----BEGIN CERTIFICATE-----\nMIIEowIBAAKCAQEA\n-----END CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY-----",
    "eyJhbGciOiJIUzI1NiJ9_is_no_web_token",
    "the token is not here; the secret: ab",
    "bearer of news, authorization: none",
    "def call(signature=inspect_this_signature)",
    "/a/rather/long/path/with_a_very_long_file_name_in_it.npz",
]


@pytest.mark.parametrize(("text", "masked"), MASKED.items(), ids=range(len(MASKED)))
def test_known_shapes_are_masked_and_nothing_around_them(text, masked):
    assert Masker().mask_text(text) == masked


@pytest.mark.parametrize("text", LEFT)
def test_innocent_text_is_left_alone(text):
    assert Masker().mask_text(text) == text


@pytest.mark.parametrize("text", [*MASKED, *LEFT])
def test_shapes_need_not_stand_at_the_end_of_what_is_known(text):
    stream, data = Masker().stream(), text.encode()
    masked = b"".join(stream.feed(data[i : i + 1]) for i in range(len(data))) + stream.end()
    assert masked.decode() == Masker().mask_text(text)


def test_the_masked_places_are_counted():
    stream = Masker(["hunter22"]).stream()
    stream.feed(b"hunter22 and hunter22hunter22")
    stream.end(b"again hunter22")
    assert stream.count == 3


def test_a_text_without_a_secret_is_the_same_object():
    data, text = b"nothing here", "nothing here"
    masker = Masker(["hunter22"])
    assert masker.mask(data) is data
    assert masker.mask_text(text) is text


def test_overlapping_values_leave_nothing_of_either():
    assert Masker(["abcdefgh", "efghijkl"]).mask(b"<abcdefghijkl>") == b"<[redacted]>"


def test_a_value_is_masked_across_writes():
    stream = Masker(["hunter22 hunter23"]).stream()
    assert stream.feed(b"it is hunter22 ") == b"it is "
    assert stream.feed(b"hunter24, or hunter22") == b"hunter22 hunter24, or "
    assert stream.kept == len("hunter22")
    assert stream.feed(b" hunter23\n") == MASK + b"\n"
    assert stream.end() == b""


def test_a_token_within_what_may_become_a_value_waits_for_it():
    value = f"declared_ghp_{TOKEN}_value"
    text = f"{'0' * 30}_{value}\n".encode()
    stream = Masker([value]).stream()
    assert stream.feed(text[:-4]) == b"0" * 30 + b"_"
    assert stream.feed(text[-4:]) == MASK + b"\n"


def test_lines_of_a_longer_value_are_masked_where_they_stand_alone():
    value = "first line of it\n  second line of it\nthird"
    assert Masker([value]).mask(b"| second line of it\n| third") == b"| [redacted]\n| third"


def test_short_values_have_no_forms():
    assert is_too_short(" abcde\n")
    assert forms(" abcde\n") == frozenset()
    assert not is_too_short("abcdef")


def test_a_value_that_is_no_text_is_masked_as_bytes():
    value = b"\xff\xfe-binary".decode("utf-8", "surrogateescape")
    assert Masker([value]).mask(b"=\xff\xfe-binary=%FF%FE-binary") == b"=[redacted]=[redacted]"


def test_values_beyond_ascii_are_masked_as_json_escapes_them():
    masked = Masker(["paßword-\U0001f511"]).mask_text(r'"pa\u00dfword-\ud83d\udd11"')
    assert masked == '"[redacted]"'


def test_the_secrets_in_a_text_are_found():
    assert list(Masker(["hunter22"]).found("hunter22 at db://me:hunter23@x")) == ["hunter22", "hunter23"]
