"""The resolved configuration of a run, used alone, is that configuration again."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runpact.formats.encode import encode_value
from runpact.model.contract.language import Configuration
from runpact.model.provenance import Provenance
from runpact.verbs.capturing.configure import Asked, Surroundings, resolve_config
from runpact.verbs.capturing.mask import find_secrets, masked_provenance

SECRETS = {"STATS_KEY": 'hunter2 "quoted"\n\\ü', "PLAIN_NAME": "another-secret-value"}
HARD = [
    "",
    "a.b",
    "a b",
    "-",
    '"',
    "'",
    "\\",
    "\n",
    "\t",
    "\x00",
    "\x7f",
    "\x85",
    "\u2028",
    "\ufeff",
    "ü",
    "no",
    "1",
]
KEYS = st.sampled_from(HARD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
TEXTS = (
    st.sampled_from(
        [*HARD, "true", "null", "2025-01-01", "1e3", "0x1f", "${env:STATS_KEY", "${x}", "***", "a: b"]
    )
    | st.sampled_from([f"${{env:{name}}}" for name in SECRETS])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.booleans() | NUMBERS | TEXTS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3),
    max_leaves=8,
)
SCHEMA = {
    "type": "object",
    "properties": {
        "root": {"type": "string", "x-path": True, "x-workdir": True, "default": "./desk"},
        "store": {
            "type": "object",
            "properties": {"db": {"type": "string", "x-path": True, "default": "./desk/stats.db"}},
        },
        "rate": {"type": "number", "default": 1},
    },
}


def recorded(source: object, folder: Path, *, workdir: str | None = None) -> tuple[dict, str]:
    """Return a configuration as a run records it, with its digest."""
    around = Surroundings(
        root=str(folder),
        cwd=str(folder),
        environ=SECRETS,
        rules=Configuration(schema="schema.json"),
        schemas={"schema.json": json.dumps(SCHEMA).encode()},
    )
    resolved = resolve_config(Asked(source=source, workdir=workdir), around)  # type: ignore[arg-type]
    masker = find_secrets(SECRETS, resolved.variables, config=resolved.config.resolved, command=())
    config = masked_provenance(Provenance(config=resolved.config), masker).config
    return config.resolved, config.digest


@pytest.mark.requirement("D4.2", "D4.6", "D4.7")
@pytest.mark.parametrize("suffix", [".toml", ".yaml", ".json"])
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    values=st.dictionaries(KEYS, VALUES, max_size=4), workdir=st.sampled_from([None, "/mnt/data/vision-work"])
)
def test_the_resolved_configuration_alone_gives_the_same_digest(suffix, values, workdir):
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        first, digest = recorded(values, folder, workdir=workdir)
        copy = folder / "runs" / f"config.resolved{suffix}"
        copy.parent.mkdir()
        copy.write_bytes(encode_value(first, suffix)[0])
        assert all(secret.encode() not in copy.read_bytes() for secret in SECRETS.values())
        assert recorded(str(copy), folder) == (first, digest)
