"""The front door to the examination of a workspace.

Knows: which contract says where its runs stand, whose index is kept.
Does not know: what is examined.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from runpact.model.doctor.diagnosis import remedy_name, remedy_text
from runpact.verbs.doctor.examinations import Consultation, consult
from runpact.verbs.doctor.patient import Patient
from runpact.verbs.doctor.remedies import Treated

if TYPE_CHECKING:
    from runpact.workspace import Workspace

__all__ = ["Consultation", "Treated", "consult_doctor", "remedy_name", "remedy_text"]


def _nothing(_name: str) -> None:
    """Tell nobody."""


def consult_doctor(
    place: Workspace, *, is_fixed: bool = False, tell: Callable[[str], None] = _nothing
) -> Consultation:
    """Examine a workspace, and put right what can be when that is wanted.

    Args:
        place: The workspace.
        is_fixed: Carry out the remedies; nothing is removed, and no sealed run is touched.
        tell: Is told what is looked at.

    Raises:
        MalformedContractError: The contract has faults, so it is not known where runs stand.
    """
    contract = place.working_contract.contract

    def make() -> Patient:
        return Patient(
            place.data_root,
            contract,
            is_kept=not place.is_named,
            is_mended=is_fixed,
            environ=os.environ,
        )

    return consult(make, is_fixed=is_fixed, tell=tell)
