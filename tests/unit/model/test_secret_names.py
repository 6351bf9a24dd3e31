"""Which names are those of secrets, and what stands behind them."""

import pytest

from runpact.model.secretnames import (
    argument_secrets,
    is_reference,
    names_secret,
    secret_settings,
    secret_variables,
)

SECRET = [
    "DB_PASSWORD",
    "password",
    "Passwd",
    "passphrase",
    "SECRET_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "HF_TOKEN",
    "token",
    "hub-token",
    "accessToken",
    "api_key",
    "apiKey",
    "OPENAI_API_KEY",
    "private-key",
    "credentials",
    "DB_PASS",
    "MYSQL_PWD",
    "pass",
    "npm_auth",
    "sentry_dsn",
    "GH_PAT",
    "vault_secret_id",
    "wandb.api_key",
]
PLAIN = [
    "PATH",
    "PWD",
    "OLDPWD",
    "HOME",
    "tokens",
    "max_tokens",
    "TOKENIZERS_PARALLELISM",
    "pad_token",
    "eos_token",
    "mask-token",
    "tokenizer",
    "key",
    "primary_key",
    "monkey",
    "keyboard",
    "password_file",
    "SECRET_NAME",
    "credentials_path",
    "token_type",
    "token_url",
    "AUTH_TYPE",
    "compass",
    "bypass",
    "lr",
]


@pytest.mark.parametrize("name", SECRET)
def test_names_of_secrets_are_known(name):
    assert names_secret(name)


@pytest.mark.parametrize("name", PLAIN)
def test_other_names_are_not_taken_for_those_of_secrets(name):
    assert not names_secret(name)


def test_variables_are_secret_by_name_and_as_somebody_said():
    environ = {
        "DB_PASSWORD": "a",
        "ACME_ONE": "b",
        "ACME_TWO": "c",
        "API_TOKEN": "d",
        "USE_PASSWORD": "True",
        "NO_SECRET": " ",
        "LANG": "C",
    }
    assert secret_variables(environ, []) == {"DB_PASSWORD": "a", "API_TOKEN": "d"}
    patterns = ["ACME_*", "!ACME_TWO", "!API_*"]
    assert secret_variables(environ, patterns) == {"DB_PASSWORD": "a", "ACME_ONE": "b"}


def test_settings_below_a_secret_name_are_secrets():
    config = {
        "lr": 0.1,
        "model": "large",
        "password": 12345678,
        "token": 5,
        "api_key": "one",
        "credentials": [{"user": "ada", "pin": 7, "ok": True}, "two"],
        "secret": {"at": "${env:NAME}", "gone": "[redacted]", "none": "None"},
        "secret_count": 3,
        "other": ["three"],
    }
    assert list(secret_settings(config)) == ["12345678", "one", "ada", "two"]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--token", "one"], ["--token", "|one"]),
        (["--token", "--verbose"], ["--token", "--verbose"]),
        (["--token=", "one"], ["--token=", "one"]),
        (["--db-password=one"], ["--db-password=|one"]),
        (
            ["+wandb.api_key=one", "lr=0.1", "++db/password=two"],
            ["+wandb.api_key=|one", "lr=0.1", "++db/password=|two"],
        ),
        (["curl", "-u", "ada:one", "--user", "ada"], ["curl", "-u", "ada:|one", "--user", "ada"]),
        (["--token-type", "one", "token", "two"], ["--token-type", "one", "token", "two"]),
        (["--secret", ""], ["--secret", ""]),
    ],
)
def test_arguments_are_secret_when_their_option_says_so(arguments, shown):
    places = argument_secrets(arguments)
    marked = [
        text if start is None else f"{text[:start]}|{text[start:]}"
        for text, start in zip(arguments, places, strict=True)
    ]
    assert marked == shown


def test_references_are_no_secrets():
    assert is_reference("${env:NAME}")
    assert is_reference("[redacted]")
    assert not is_reference("${env:NAME} and more")
