"""Contracts that an earlier process parsed save work, and never answer for the files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import runpact
from runpact.disk.keptfiles import MOST, KeptFiles
from runpact.host.caches import cache_folders, kept_folder
from runpact.host.openings import open_paths
from runpact.model.contract.kept import KeptContract, decode_kept, encode_kept
from runpact.model.errors import ContractBrokenError, MalformedContractError
from runpact.packs import pack_names
from runpact.verbs.contracts import load_contract as loading
from runpact.verbs.contracts.contract_answers import ContractAnswers
from runpact.verbs.contracts.load_contract import load_contract, load_copy
from runpact.verbs.contracts.shelf import recall_copy, recall_named, shelve

EXAMPLES = Path(__file__).parents[3] / "examples"
CONTRACT = """\
contract: acme.shelf
version: "1.0.0"
extends: runpact:basic@1
kinds:
  run:
    at: "runs/{name}"
    entries:
      - {file: metrics.json, schema: schemas/metrics.json}
      - {file: other.json, schema: {type: object}}
    rules:
      - {id: falls, check: doc.metrics.loss < 1.0}
"""


@pytest.fixture
def shelf(kept, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(kept))
    loading._memory_of.cache_clear()  # other tests of this process loaded packs
    return kept / "runpact/contracts"


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "workspace"
    (place / "schemas").mkdir(parents=True)
    (place / "schemas/metrics.json").write_text('{"type": "object"}')
    (place / "contract.yaml").write_text(CONTRACT)
    return place


def recalled(reference):
    """Return what a new process would find on the shelf."""
    if not str(reference).startswith("/"):
        from runpact.packs import read_pack

        return recall_named(reference, read_pack(reference), ContractAnswers(None))
    path = Path(reference)
    answers = ContractAnswers(str(path.parent))
    return recall_named(str(path), {"contract.yaml": answers.read(path.name)}, answers)


def copy_of(loaded, place):
    for path, data in loaded.sources.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)
    return place


def recalled_copy(place):
    return recall_copy(ContractAnswers(str(place)))


@pytest.mark.parametrize("reference", [*pack_names(), *sorted(map(str, EXAMPLES.glob("*/contract.yaml")))])
def test_what_is_on_the_shelf_equals_what_was_parsed(shelf, reference, tmp_path):
    parsed = load_contract(reference)
    (only,) = shelf.iterdir()
    assert recalled(reference) == parsed
    assert msgspec.json.encode(recalled(reference).contract) == msgspec.json.encode(parsed.contract)
    again = recalled_copy(copy_of(parsed, tmp_path))
    assert msgspec.structs.replace(again, origin=reference) == parsed
    only.unlink()
    assert recalled(reference) is None


def test_an_edited_contract_is_not_recalled(shelf, folder):
    path = folder / "contract.yaml"
    load_contract(str(path))
    path.write_text(CONTRACT.replace("1.0.0", "1.1.0"))
    assert recalled(path) is None


@pytest.mark.parametrize("change", ["edited", "removed", "joined", "left"])
def test_a_contract_whose_schemas_changed_is_not_recalled(shelf, folder, change):
    path, schema, beside = (
        folder / name for name in ("contract.yaml", "schemas/metrics.json", "schemas/b.json")
    )
    if change == "left":
        beside.write_text("{}")
    load_contract(str(path))
    assert recalled(path) is not None
    match change:
        case "edited":
            schema.write_text('{"type": "string"}')
        case "removed":
            schema.unlink()
        case "joined":
            beside.write_text("{}")
        case "left":
            beside.unlink()
    assert recalled(path) is None


def test_a_parent_beside_the_contract_is_read_again(shelf, folder):
    (folder / "parent.yaml").write_text('contract: acme.parent\nversion: "1.0.0"\nkinds: {}\n')
    path = folder / "contract.yaml"
    path.write_text(CONTRACT.replace("runpact:basic@1", "parent.yaml"))
    parsed = load_contract(str(path))
    assert recalled(path) == parsed
    (folder / "parent.yaml").write_text('contract: acme.parent\nversion: "1.0.1"\nkinds: {}\n')
    assert recalled(path) is None


@pytest.mark.parametrize("change", ["edited", "removed", "joined", "empty"])
def test_a_copy_that_is_not_exactly_those_files_is_not_recalled(shelf, folder, tmp_path, change):
    place = copy_of(load_contract(str(folder / "contract.yaml")), tmp_path / "copy")
    assert recalled_copy(place) is not None
    schema = place / "schemas/metrics.json"
    match change:
        case "edited":
            schema.write_text('{"type": "string"}')
        case "removed":
            schema.unlink()
        case "joined":
            (place / "schemas/b.json").write_text("{}")
        case "empty":
            schema.unlink()
            schema.mkdir()
            schema.with_name("metrics.json").joinpath("x").write_text("")
    assert recalled_copy(place) is None


def test_a_copy_with_a_file_that_cannot_be_read_is_not_recalled(shelf, folder, tmp_path):
    place = copy_of(load_contract(str(folder / "contract.yaml")), tmp_path / "copy")
    (place / "schemas/metrics.json").write_bytes(b" " * (2 << 20))
    assert recalled_copy(place) is None


def test_a_pack_and_a_file_with_its_bytes_are_told_apart(shelf, tmp_path):
    from runpact.packs import pack_folder

    load_contract("runpact:basic@1")
    shutil.copy(Path(pack_folder("runpact:basic@1")) / "contract.yaml", tmp_path)
    assert recalled(tmp_path / "contract.yaml") is None


def test_another_contract_under_the_name_of_this_one_is_not_recalled(shelf, folder, tmp_path):
    path, lax = folder / "contract.yaml", tmp_path / "lax/contract.yaml"
    load_contract(str(path))
    (only,) = shelf.iterdir()
    lax.parent.mkdir()
    lax.write_text(
        CONTRACT.replace("schema: schemas/metrics.json", "").replace("falls", "lax").replace(", }", "}")
    )
    load_contract(str(lax))
    (other,) = set(shelf.iterdir()) - {only}
    other.replace(only)
    assert recalled(path) is None


def test_a_pack_that_is_not_the_same_any_more_is_not_recalled(shelf, folder):
    path = folder / "contract.yaml"
    load_contract(str(path))
    (only,) = shelf.iterdir()
    found = decode_kept(only.read_bytes())
    other = msgspec.structs.replace(found, packs={"runpact:basic@1": "sha256:" + "0" * 64})
    only.write_bytes(encode_kept(other))
    assert recalled(path) is None


def test_sources_that_nothing_provides_are_not_recalled(shelf, folder):
    path = folder / "contract.yaml"
    load_contract(str(path))
    (only,) = shelf.iterdir()
    found = decode_kept(only.read_bytes())
    other = msgspec.structs.replace(found, sources={**found.sources, "schemas/x.json": "sha256:" + "0" * 64})
    only.write_bytes(encode_kept(other))
    assert recalled(path) is None


def test_no_damage_of_the_file_changes_an_answer(shelf, folder):
    path = folder / "contract.yaml"
    load_contract(str(path))
    (only,) = shelf.iterdir()
    whole = only.read_bytes()
    for place in range(0, len(whole), 7):
        only.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert recalled(path) is None
        only.write_bytes(whole[:place])
        assert recalled(path) is None
    only.write_bytes(whole)
    assert recalled(path) is not None


def test_bytes_that_are_whole_and_say_something_else_are_none():
    from runpact.model.digest import digest_bytes

    for data in (b"", b"\xc1", msgspec.msgpack.encode({"contract": 1}), b"\x91" * 100_000):
        assert decode_kept(digest_bytes(data).encode() + data) is None


def test_what_would_not_come_back_equal_is_not_written(shelf, folder):
    parsed = load_contract(str(folder / "contract.yaml"))
    shutil.rmtree(shelf)
    odd = msgspec.structs.replace(parsed.contract, description=("no", "text"))
    assert encode_kept(KeptContract(contract=odd, sources={}, digest="")) is None
    shelve(msgspec.structs.replace(parsed, contract=odd), ContractAnswers(str(folder)))
    assert not shelf.exists()


def test_loading_takes_from_the_shelf(shelf, folder, tmp_path):
    first = load_contract(str(folder / "contract.yaml"))
    second = load_contract(f"{folder}/./contract.yaml")
    third = load_copy(str(copy_of(first, tmp_path / "copy")))
    assert (second.contract, third.contract) == (first.contract, first.contract)
    assert first.contract is not second.contract
    assert first.contract is not third.contract


@pytest.mark.parametrize(
    "change", ["group writes", "others write", "a link", "open folder", "a pipe", "too large"]
)
def test_a_file_that_others_could_have_put_there_is_none(shelf, folder, change):
    path = folder / "contract.yaml"
    load_contract(str(path))
    (only,) = shelf.iterdir()
    match change:
        case "group writes":
            only.chmod(0o660)
        case "others write":
            only.chmod(0o602)
        case "a link":
            shutil.move(only, folder / "elsewhere")
            only.symlink_to(folder / "elsewhere")
        case "open folder":
            shelf.chmod(0o777)
        case "a pipe":
            only.unlink()
            os.mkfifo(only)
        case "too large":
            os.truncate(only, (8 << 20) + 1)
    assert recalled(path) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_file_that_belongs_to_somebody_else_is_none(shelf, folder):
    path = folder / "contract.yaml"
    load_contract(str(path))
    (only,) = shelf.iterdir()
    os.chown(only, 12345, -1)
    assert recalled(path) is None


def test_malformed_contracts_are_not_kept(shelf, folder):
    path = folder / "contract.yaml"
    path.write_text(CONTRACT + "wrong: true\n")
    with pytest.raises(MalformedContractError):
        load_contract(str(path))
    assert not shelf.exists()


def test_a_contract_of_very_many_files_is_not_kept(shelf, folder):
    for number in range(160):
        (folder / f"schemas/s{number}.json").write_text("{}")
    load_contract(str(folder / "contract.yaml"))
    assert not shelf.exists()


def test_the_newest_stay(shelf):
    files = KeptFiles(str(shelf))
    for number in range(MOST + 3):
        files.keep(f"{number}", b"data")
        os.utime(shelf / f"{number}", ns=(number, number))
    assert {path.name for path in shelf.iterdir()} == {str(number) for number in range(3, MOST + 3)}


def test_where_nothing_can_be_kept_everything_is_parsed(shelf, folder):
    shelf.parent.parent.mkdir(exist_ok=True)
    shelf.parent.write_text("no folder")
    assert load_contract(str(folder / "contract.yaml")).contract.contract == "acme.shelf"
    assert recalled(folder / "contract.yaml") is None


def test_nothing_is_kept_where_commands_of_runs_may_write(tmp_path):
    home = {"HOME": "/nonexistent/home"}
    assert kept_folder(home) == "/nonexistent/home/.local/state/runpact"
    assert kept_folder({**home, "XDG_STATE_HOME": "/nonexistent/state"}) == "/nonexistent/state/runpact"
    assert kept_folder({**home, "XDG_STATE_HOME": "relative"}) == "/nonexistent/home/.local/state/runpact"
    assert kept_folder({**home, "XDG_STATE_HOME": "/nonexistent/home/.cache/x"}) is None
    assert kept_folder({**home, "XDG_STATE_HOME": str(tmp_path)}) is None
    assert kept_folder({**home, "TORCH_HOME": "/nonexistent"}) is None
    assert kept_folder({}) is None
    assert kept_folder({"XDG_STATE_HOME": "/nonexistent/state"}) == "/nonexistent/state/runpact"


def test_no_fence_opens_the_shelf(kept):
    environ = {**os.environ, "XDG_STATE_HOME": str(kept)}
    opened = open_paths(
        cache_folders(environ), declared=(), closed=(), watched=(), environ=environ, is_private=False
    )
    folder = kept_folder(environ)
    assert folder is not None
    assert [path for path in opened.writable if f"{folder}/".startswith(f"{path.rstrip('/')}/")] == []


def test_a_second_process_judges_by_the_shelf_as_the_first_did(shelf, folder):
    def checked():
        command = [sys.executable, "-m", "runpact", "check", "runs/a", "--json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        return done.returncode, msgspec.json.decode(done.stdout)

    def broken():
        with runpact.run(workspace=str(folder), name="a") as run:
            run.save("metrics", {"loss": 2.0})
            run.save("other", {})

    with pytest.raises(ContractBrokenError):
        broken()
    for path in shelf.iterdir():
        path.unlink()
    first = checked()
    assert [path.suffix for path in shelf.iterdir()] == [".msgpack"]
    assert checked() == first
    assert first[0] == 3


def test_an_open_run_that_loads_a_contract_strays_nowhere(shelf, folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "contract.yaml").write_text(
        'contract: acme.other\nversion: "1.0.0"\nkinds: {run: {at: "r/{name}"}}\n'
    )
    with runpact.run(workspace=str(folder), name="a") as run:
        run.save("metrics", {"loss": 0.5})
        run.save("other", {})
        load_contract(str(other / "contract.yaml"))
    assert recalled(other / "contract.yaml") is not None
    (checked,) = runpact.check(run.dir)
    assert [finding.code for finding in checked.report.findings if "stray" in finding.code] == []


def test_copies_alone_leave_nothing_behind(shelf, folder, tmp_path, monkeypatch):
    place = copy_of(load_contract(str(folder / "contract.yaml")), tmp_path / "copy")
    shutil.rmtree(shelf)
    (place / "contract.yaml").write_bytes((place / "contract.yaml").read_bytes() + b"# another\n")
    load_copy(str(place))
    assert not shelf.exists()


def test_a_changed_line_of_the_program_is_another_edition(tmp_path):
    source = Path(runpact.__file__).parent
    shutil.copytree(source, tmp_path / "runpact", ignore=shutil.ignore_patterns("__pycache__"))

    def edition():
        program = "from runpact.host.edition import edition; print(edition().hex())"
        environ = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
        )
        return done.stdout

    first = edition()
    assert edition() == first
    with (tmp_path / "runpact/model/contract/lint/head.py").open("a") as file:
        file.write("# changed\n")
    second = edition()
    os.utime(tmp_path / "runpact/verbs/contracts/assemble.py")
    assert len({first, second, edition()}) == 3


def test_an_answer_that_cannot_be_had_again_is_another(tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text("x")
    answers = ContractAnswers(str(tmp_path))
    answers.read("contract.yaml")
    asked = answers.digests()
    assert ContractAnswers(str(tmp_path)).repeat(asked)
    (tmp_path / "contract.yaml").unlink()
    assert not ContractAnswers(str(tmp_path)).repeat(asked)
