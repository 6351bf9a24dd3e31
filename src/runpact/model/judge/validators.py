"""Checks written in Python.

Knows: that one which is not registered leaves its rule undecided.
Does not know: how it is found or run.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.contract.language import Validator
from runpact.model.finding import Severity
from runpact.model.judge.grade import Fault
from runpact.model.judge.subject import Subject


def judge_validator(subject: Subject, validator: Validator) -> Iterator[Fault]:
    """Yield what a registered validator found, or why it could not be asked."""
    answer = subject.tree.validate(validator.name, validator.version, validator.arguments)
    if isinstance(answer, str):
        yield Fault(
            code="undecided",
            severity=Severity.INCOMPLETE,
            path="",
            message=f"it could not be decided: {answer}",
            expected=f"validator {validator.name} {validator.version}",
        )
        return
    for fault in answer:
        yield Fault(
            code="validator",
            path=fault.path,
            message=fault.message,
            expected=fault.expected or None,
            got=fault.got or None,
        )
