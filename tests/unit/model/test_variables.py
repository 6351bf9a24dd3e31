"""The variable `run` of expressions."""

from __future__ import annotations

import msgspec
import pytest

from runpact.model.manifest import Manifest
from runpact.model.provenance import AskedBy, Code, Composition, Config, Environment, Provenance
from runpact.model.run import ContractRef, Outcome, Owner, RunRecord, State
from runpact.model.variables import RUN, foreign_variables, outcome_of, run_variables

CONTRACT = ContractRef("c", "1.0.0", "sha256:d")
OUTCOME = Outcome(
    state=State.FAILED, ended="t2", duration_seconds=2.5, exit_code=7, signal=None, error="E: x"
)


def record(captures: dict[str, str] | None = None, **said: object) -> RunRecord:
    return RunRecord(
        uid="u",
        id="r1",
        kind="run",
        name="n",
        started="t1",
        captures=captures or {},
        records={},
        contract=CONTRACT,
        owner=Owner(1, 2, "b", "h"),
        provenance=Provenance(**said),  # type: ignore[arg-type]
    )


def test_run_tells_identity_origin_and_end() -> None:
    origin = {
        "command": ("python", "x.py"),
        "code": Code("0123456789" * 4, "main", dirty=True),
        "environment": Environment(python="3.12", packages={"a": "1"}, packages_digest="p"),
        "config": Config({"lr": 0.1}, "c", "config.yaml"),
        "seeds": {"python": 3},
    }
    found = run_variables(record({"stage": "04b"}, **origin), State.FAILED, "BROKEN", OUTCOME)
    expected = {
        "id": "r1",
        "uid": "u",
        "kind": "run",
        "name": "n",
        "started": "t1",
        "parent": None,
        "contract": {"id": "c", "version": "1.0.0", "digest": "sha256:d"},
        "stage": "04b",
        "command": ["python", "x.py"],
        "commit": "0123456789" * 4,
        "git": "0123456",
        "branch": "main",
        "dirty": True,
        "packages": {"a": "1"},
        "packages_digest": "p",
        "seeds": {"python": 3},
        "config": {"lr": 0.1},
        "config_composed": {"lr": 0.1},
        "config_resolved": {"lr": 0.1},
        "config_digest": "c",
        "config_source": "config.yaml",
        "request": None,
        "state": "failed",
        "word": "BROKEN",
        "ended": "t2",
        "duration_seconds": 2.5,
        "exit_code": 7,
        "signal": None,
        "error": "E: x",
    }
    assert expected == {name: found[name] for name in expected}


@pytest.mark.requirement("E4.9")
def test_the_request_that_a_run_was_made_for_is_known() -> None:
    origin = Provenance(request=AskedBy(id="r-1", command="run"))
    asked = run_variables(record(), State.RUNNING, "running", provenance=origin)
    assert asked["request"] == {"id": "r-1", "command": "run"}


def test_every_fact_of_a_run_has_a_name_that_contracts_may_use() -> None:
    assert run_variables(record({"stage": "1"}), State.FAILED, "x", OUTCOME).keys() - {"stage"} == RUN


def test_without_an_end_its_fields_are_null() -> None:
    found = run_variables(record(), State.RUNNING, "running")
    assert {found[name] for name in ("ended", "duration_seconds", "exit_code", "signal", "error")} == {None}
    assert (found["git"], found["dirty"], found["commit"]) == ("nogit", None, "unknown")


def test_a_capture_named_git_is_what_the_path_says_and_none_hides_a_fact() -> None:
    found = run_variables(record({"git": "abcdef0", "state": "x"}), State.RUNNING, "running")
    assert (found["git"], found["state"]) == ("abcdef0", "running")


def test_of_a_foreign_directory_only_its_path_speaks() -> None:
    found = foreign_variables({"stage": "1", "id": "x"}, "run", "dir", State.UNKNOWN)
    assert found == {"stage": "1", "id": "dir", "kind": "run", "state": "unknown", "word": "unknown"}


def test_only_a_sealed_manifest_says_how_a_run_ended() -> None:
    def manifest(*, sealed: bool) -> Manifest:
        return Manifest(
            sealed=sealed, uid="u", id="r", kind="run", started="t", contract=CONTRACT, outcome=OUTCOME
        )

    found = [outcome_of(value) for value in (None, manifest(sealed=False), manifest(sealed=True))]
    assert found == [None, None, OUTCOME]


def test_packages_have_one_digest_whatever_their_order() -> None:
    digests = {Environment.digest_of(value) for value in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})}
    assert len(digests) == 1
    assert digests != {Environment.digest_of({"a": "1", "b": "3"})}


def test_a_composed_configuration_is_told_with_its_interpolations_and_without() -> None:
    resolved = {"twin": 1, "token": "${env:TOKEN}", "list": ["${env:TOKEN}", "a ${env:TOKEN}"]}
    composed = {"twin": "${lr}", "token": "${oc.env:TOKEN}"}
    config = Config(resolved, composition=Composition(composed, "hydra 1.3.8", {"model": None}))
    made = msgspec.structs.replace(record(), provenance=Provenance(config=config))
    told = run_variables(made, State.RUNNING, "running")
    assert told["config_composed"] == composed
    assert told["config_resolved"] == {
        "twin": 1,
        "token": "[redacted]",
        "list": ["[redacted]", "a ${env:TOKEN}"],
    }
