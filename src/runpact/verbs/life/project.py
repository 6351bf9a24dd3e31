"""Write the files that a layout derives from the run record.

Knows: which entries are due when, and what their expressions come to.
Does not know: the record's own format.
"""

from __future__ import annotations

import posixpath

from runpact.formats.encode import encode_value
from runpact.model.contract.language import Entry, Kind
from runpact.model.expression import Scope, Undecided
from runpact.model.run import Outcome, RunRecord, State
from runpact.model.variables import run_variables
from runpact.verbs.life.opened import OpenRun


def write_projections(
    run: OpenRun, moments: set[str], *, state: State = State.RUNNING, outcome: Outcome | None = None
) -> None:
    """Write every entry with `fields` that is due now; the manifest's own fields come with it."""
    for entry in run.kind.entries:
        path = entry.single
        if entry.fields is None or path is None or entry.written not in moments:
            continue
        if path != run.kind.records.manifest:
            value = projected(run, entry, state=state, outcome=outcome)
            data, _suffix = encode_value(value, posixpath.splitext(path)[1])
            run.writer.replace(path, data)


def birth_files(record: RunRecord, kind: Kind) -> dict[str, bytes]:
    """Return the files with `fields` that a run is born with; a field that cannot be decided is left out."""
    known = run_variables(record, State.RUNNING, word_for(kind, State.RUNNING))
    scope = Scope({"run": known})
    files: dict[str, bytes] = {}
    for entry in kind.entries:
        path = entry.single
        if entry.fields is None or path is None or entry.written == "seal" or path == kind.records.manifest:
            continue
        value = _value(entry, scope)
        files[path] = encode_value(value, posixpath.splitext(path)[1])[0]
    return files


def _value(entry: Entry, scope: Scope) -> object:
    if isinstance(entry.fields, str):
        value = scope.written(entry.fields)
        return None if isinstance(value, Undecided) else value
    values = {key: scope.written(text) for key, text in (entry.fields or {}).items()}
    return {key: value for key, value in values.items() if not isinstance(value, Undecided)}


def make_folders(run: OpenRun) -> None:
    """Create the directories that every run of the kind has."""
    for entry in run.kind.entries:
        is_certain = (
            entry.required is True and entry.present is None and entry.when is None and not entry.foreach
        )
        if entry.dir is not None and is_certain and entry.forbidden is False:
            for path in entry.paths:
                run.writer.make_folder(path.rstrip("/"))


def projected(run: OpenRun, entry: Entry, *, state: State, outcome: Outcome | None) -> object:
    """Return the value of an entry's `fields`; a field that cannot be decided is left out and logged."""
    known = run_variables(run.record, state, word_for(run.kind, state), outcome, run.provenance)
    scope = Scope({**run.names, "run": known})
    if isinstance(entry.fields, str):
        return _decided(run, entry, "", scope.written(entry.fields))
    values = {key: scope.written(text) for key, text in (entry.fields or {}).items()}
    return {
        key: value
        for key, value in values.items()
        if _decided(run, entry, key, value) is not None or value is None
    }


def manifest_projection(run: OpenRun, *, state: State, outcome: Outcome | None) -> dict[str, object]:
    """Return the fields that the layout wants at the top level of a placed manifest."""
    for entry in run.kind.entries:
        if entry.fields is not None and entry.file == run.kind.records.manifest:
            value = projected(run, entry, state=state, outcome=outcome)
            return value if isinstance(value, dict) else {}
    return {}


def word_for(kind: Kind, state: State) -> str:
    """Return the layout's own word for a state."""
    return kind.state_words.get(state.value, state.value)


def _decided(run: OpenRun, entry: Entry, key: str, value: object) -> object:
    if isinstance(value, Undecided):
        run.note("field.undecided", path=entry.file, field=key, reason=value.reason)
        return None
    return value
