"""Whose command would be run: what speaks against a run having been made here."""

from __future__ import annotations

import msgspec

from runpact.model.contract.kind import Kind
from runpact.model.contract.language import Contract
from runpact.model.reproduce.trust import why_foreign
from runpact.model.run import ContractRef, Owner, RunRecord

CONTRACT = Contract(contract="a.b", version="1.0.0", kinds={"run": Kind(at="runs/{name}")})
RECORD = RunRecord(
    uid="u",
    id="one",
    kind="run",
    started="",
    records={},
    contract=ContractRef("a.b", "1.0.0", ""),
    owner=Owner(pid=1, start_ticks=1, boot_id="", host_id="here"),
)


def why(record: RunRecord = RECORD, shown: str = "runs/one", host_id: str = "here") -> str:
    return why_foreign(record, CONTRACT, shown=shown, host_id=host_id)


def test_a_run_of_this_contract_place_and_machine_is_no_foreign_one() -> None:
    assert why() == ""


def test_another_contract_kind_place_or_machine_is_told() -> None:
    other = msgspec.structs.replace(RECORD, contract=ContractRef("c.d", "1.0.0", ""))
    assert why(other) == "it was made under another contract, `c.d`"
    assert "another contract" in why(msgspec.structs.replace(RECORD, kind="study"))
    assert why(shown="/elsewhere/one") == "it does not stand where runs of this workspace stand"
    assert why(host_id="there") == "it was made on another machine"
