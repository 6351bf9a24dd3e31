"""Write the files that a layout derives from the run record.

Knows: which entries are due when, and what their expressions come to.
Does not know: the record's own format.
"""

from __future__ import annotations

import posixpath

from runpact.formats.encode import encode_value
from runpact.model.contract.language import Entry, Kind
from runpact.model.contract.sessions import lifecycle_entry
from runpact.model.derived import due_entries, texts_of
from runpact.model.digest import digest_bytes
from runpact.model.expression import Scope, Undecided
from runpact.model.run import Outcome, RunRecord, State
from runpact.model.session.lifecycle import MOVED, lifecycle, move_to
from runpact.model.variables import run_variables
from runpact.verbs.life.derive import names_for
from runpact.verbs.life.kept import note_born, without_kept
from runpact.verbs.life.moment import Moment
from runpact.verbs.life.opened import OpenRun


def write_projections(
    run: OpenRun, moments: set[str], *, state: State = State.RUNNING, outcome: Outcome | None = None
) -> None:
    """Write every entry with `fields` that is due now; the manifest's own fields come with it.

    What lists the run's files comes after them, and the lifecycle document of a session last of all.
    """
    last = lifecycle_entry(run.kind)
    due = due_entries(run.kind, moments)
    if "start" not in moments:
        due = without_kept(run, due, lifecycle=last)
    for number, (path, entry) in enumerate(due):
        if entry == last:
            if outcome is None:
                continue  # the session was born with it
            _settle(run, outcome)
        pending = frozenset(later for later, _entry in due[number:])
        value = projected(run, entry, state=state, outcome=outcome, pending=pending)
        data, _suffix = encode_value(value, posixpath.splitext(path)[1])
        run.writer.replace(path, data)
        run.derived[path] = digest_bytes(data)
    if "start" in moments:
        note_born(run, [each for each in due if each[0] in run.derived])


def beat(run: OpenRun) -> None:
    """Write the lifecycle document of a session anew, with the moment at which it was heard of last."""
    entry = lifecycle_entry(run.kind)
    if entry is not None and entry.single is not None:
        value = projected(run, entry, state=State.RUNNING, outcome=None)
        run.writer.replace(entry.single, encode_value(value, posixpath.splitext(entry.single)[1])[0])


def _settle(run: OpenRun, outcome: Outcome) -> None:
    """Log how a session ended: from then on, whoever seals it, it ended so."""
    move = move_to(run.kind, outcome.state, is_lost=run.is_lost)
    run.note(
        MOVED,
        state=outcome.state.value,
        status=move.status,
        reason=move.reason,
        duration_seconds=outcome.duration_seconds,
        error=outcome.error,
    )


def birth_files(record: RunRecord, kind: Kind) -> dict[str, bytes]:
    """Return the files with `fields` that a run is born with; a field that cannot be decided is left out."""
    known = run_variables(record, State.RUNNING, word_for(kind, State.RUNNING))
    if kind.session is not None:
        known["lifecycle"] = lifecycle(record, move_to(kind, State.RUNNING), moment=record.started)
    scope = Scope({"run": known})
    return {
        path: encode_value(_value(entry, scope), posixpath.splitext(path)[1])[0]
        for path, entry in due_entries(kind, {"start", "change"})
    }


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


def projected(
    run: OpenRun,
    entry: Entry,
    *,
    state: State,
    outcome: Outcome | None,
    pending: frozenset[str] = frozenset(),
) -> object:
    """Return the value of an entry's `fields`; a field that cannot be decided is left out and logged.

    Args:
        run: The run.
        entry: Of its kind.
        state: That the run has, or is about to have.
        outcome: How it ended; None while it lives.
        pending: Files that are written now or later, which no list of the run's files can hold.
    """
    moment = Moment(state=state, word=word_for(run.kind, state), outcome=outcome, pending=pending)
    scope = Scope(names_for(run, texts_of(entry), moment))
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
