"""Find out whether an application can run here, for `--check`.

Knows: which facts and which faults there are.
Does not know: how they are told.
"""

from __future__ import annotations

import os
import sys

from runpact.disk.locate import CONTRACT_FILE
from runpact.host import interpreter
from runpact.model.errors import RunpactError
from runpact.model.machine.application import Application
from runpact.model.machine.health import Declared, Health, fields_of, health_of, import_field


def _contract_faults(root: str) -> list[str]:
    """Return why no run could be made under the contract of the project, where it has one."""
    path = os.path.join(root, CONTRACT_FILE)
    if not os.path.lexists(path):
        return []
    from runpact.verbs.contracts.load_contract import load_contract  # noqa: PLC0415 - few have one, and ask

    try:
        load_contract(path)
    except RunpactError as error:
        first = next(iter(error.faults), None)
        more = f": {first.at or first.place}: {first.message}" if first is not None else ""
        return [f"the contract `{CONTRACT_FILE}` cannot be used: {error.message}{more}"]
    return []


def examine(application: Application, declared: Declared, main: str | None) -> Health:
    """Return whether it can run; nothing of it is imported, and nothing is written there.

    Args:
        application: Which is asked about.
        declared: What it says of its place.
        main: Its program; None for that of this process.
    """
    path = os.path.abspath(main) if main is not None else interpreter.main_file()
    root = os.path.dirname(path) if path is not None else os.getcwd()
    source = os.path.normpath(os.path.join(root, declared.source or ""))
    facts: dict[str, object] = {
        "project_root": root,
        "main_path": path,
        "src_root": source,
        "interpreter": sys.executable,
        "venv_active": interpreter.in_environment(),
        "python_version": interpreter.version(),
        "version": application.version,
    }
    errors = []
    if sys.version_info[:2] < declared.oldest_python:
        wanted = ".".join(map(str, declared.oldest_python))
        errors.append(f"Python {wanted} or newer is needed")
    if path is None or not os.path.isfile(path):
        errors.append("the program's own file is missing")
    if declared.source is not None and not os.path.isdir(source):
        errors.append(f"the folder `{declared.source}` is missing")
    if declared.package is not None:
        fault = interpreter.import_fault(declared.package)
        facts[import_field(declared.package)] = fault is None
        errors += [fault] if fault is not None else []
    errors += _contract_faults(root)
    return health_of(facts, fields_of(declared), errors)
