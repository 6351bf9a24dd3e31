"""The document of `--check`."""

from __future__ import annotations

import pytest

from runpact.model.errors import UsageError
from runpact.model.machine.health import Declared, fields_of, health_of, import_field

FACTS = {"project_root": "/p", "version": "1", "src_root": "/p/src", "status": "lies", "toy_import": True}


@pytest.mark.requirement("E9.2")
def test_the_document_has_the_declared_fields_sorted() -> None:
    health = health_of(FACTS, ["version", "status", "toy_import"], [])
    assert list(health.document.items()) == [("status", "ok"), ("toy_import", True), ("version", "1")]
    assert health.exit_code == 0


@pytest.mark.requirement("E9.3")
def test_what_is_in_the_way_is_told_and_is_an_error() -> None:
    health = health_of(FACTS, ["version", "status"], ["no package `toy`"])
    assert health.document == {"errors": ["no package `toy`"], "status": "error", "version": "1"}
    assert health.exit_code == 2


@pytest.mark.requirement("E9.2")
def test_fields_follow_from_what_the_application_declares() -> None:
    usual = ("status", "project_root", "main_path", "interpreter", "venv_active", "python_version", "version")
    assert fields_of(Declared()) == usual
    assert fields_of(Declared(package="quant.lab", source="src")) == (*usual, "src_root", "quant_lab_import")
    assert fields_of(Declared(fields=("status",))) == ("status",)
    assert import_field("a") == "a_import"
    with pytest.raises(UsageError):
        fields_of(Declared(fields=("status", "src_root")))
