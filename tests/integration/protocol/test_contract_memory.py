"""A contract is parsed once per process, yet always the one that stands on disk."""

from __future__ import annotations

import shutil

import pytest

from runpact.model.errors import CannotStartError, MalformedContractError
from runpact.verbs.contracts.load_contract import load_contract, load_copy

CONTRACT = """\
contract: acme.memory
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries:
      - {file: metrics.json, schema: schemas/metrics.json}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/metrics.json").write_text('{"type": "object"}')
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    return tmp_path


def test_the_same_files_are_not_parsed_again(folder):
    path = str(folder / "contract.yaml")
    assert load_contract(path) is load_contract(path)


def test_an_edited_contract_is_read_anew(folder):
    path = folder / "contract.yaml"
    load_contract(str(path))
    path.write_text(CONTRACT.replace("1.0.0", "1.1.0"))
    assert load_contract(str(path)).contract.version == "1.1.0"


def test_an_edited_schema_is_read_anew_although_its_size_and_times_are_equal(folder):
    import os

    schema, path = folder / "schemas/metrics.json", str(folder / "contract.yaml")
    before, times = load_contract(path), schema.stat()
    schema.write_text('{"type": "string"}')
    os.utime(schema, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = load_contract(path)
    assert schema.stat().st_size == times.st_size
    assert (before.digest == after.digest, after.schemas) == (
        False,
        {"schemas/metrics.json": b'{"type": "string"}'},
    )


def test_a_schema_that_appears_beside_the_others_is_read(folder):
    path = str(folder / "contract.yaml")
    load_contract(path)
    (folder / "schemas/part.json").write_text("{}")
    assert "schemas/part.json" in load_contract(path).schemas


def test_a_contract_that_became_malformed_is_refused(folder):
    path = folder / "contract.yaml"
    load_contract(str(path))
    path.write_text(CONTRACT + "wrong: true\n")
    with pytest.raises(MalformedContractError):
        load_contract(str(path))


def test_a_contract_that_vanished_is_missed(folder):
    path = folder / "contract.yaml"
    load_contract(str(path))
    path.unlink()
    with pytest.raises(CannotStartError):
        load_contract(str(path))


def test_equal_copies_share_what_was_parsed_and_each_names_its_own_place(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "other")
    first, second = load_copy(str(folder)), load_copy(str(other))
    assert first.contract is second.contract
    assert (first.origin, second.origin) == (f"{folder}/contract.yaml", f"{other}/contract.yaml")


def test_copies_that_differ_in_a_schema_alone_are_told_apart(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "other")
    (other / "schemas/metrics.json").write_text('{"type": "array"}')
    assert load_copy(str(folder)).schemas != load_copy(str(other)).schemas


def test_packs_are_kept_too():
    assert load_contract("runpact:basic@1") is load_contract("runpact:basic@1")
