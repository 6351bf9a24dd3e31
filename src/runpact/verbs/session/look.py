"""Look at sessions: the records, the lifecycle document, the life of the process.

Knows: what of each is read, and that the answer is taken from the directories themselves, never from a cache.
Does not know: what any of it means.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping

from runpact.disk.reader import read_run
from runpact.host.clock import utc_now
from runpact.model.contract.language import Contract, Kind, LoadedContract
from runpact.model.errors import CannotStartError, RunpactError
from runpact.model.judge.subject import Subject
from runpact.model.run import Standing, State
from runpact.model.session.promotion import Readiness, readiness
from runpact.model.session.seen import Health, SeenSession, seen_session
from runpact.model.summary import RunSummary
from runpact.verbs.finding.find import summarise
from runpact.verbs.finding.gather import gather
from runpact.verbs.judging.check import CheckedRun
from runpact.verbs.judging.verify import verify_run
from runpact.verbs.life.lifecycle import lifecycle_document

STALE_MINUTES = 60.0
"""A session on another host that was not heard of for so long counts as stale."""
_FAULTS_TOLD = 3


def session_kinds(contract: Contract) -> dict[str, Kind]:
    """Return the kinds whose runs are sessions.

    Raises:
        CannotStartError: There is none.
    """
    found = {name: kind for name, kind in contract.kinds.items() if kind.session is not None}
    if not found:
        raise CannotStartError(
            f"no kind of contract `{contract.contract}` is a session",
            expected="a kind with `session`",
            got=", ".join(contract.kinds),
            hint="docs/sessions.md shows what a kind needs to be one",
        )
    return found


def look_at_sessions(
    root: str, kinds: Mapping[str, Kind], runs: Iterable[RunSummary], *, stale_minutes: float
) -> tuple[SeenSession, ...]:
    """Return what is seen of the sessions among some runs, in their order.

    Args:
        root: Absolute data root.
        kinds: Those whose runs are sessions.
        runs: Of any kind.
        stale_minutes: When one counts as stale of which nobody here can tell whether it lives.
    """
    return tuple(
        look_at(root, kind, run, stale_minutes=stale_minutes)
        for run in runs
        if (kind := kinds.get(run.kind or "")) is not None and run.state is not State.ABANDONED
    )


def look_at(root: str, kind: Kind, run: RunSummary, *, stale_minutes: float = STALE_MINUTES) -> SeenSession:
    """Return what is seen of one session.

    The document is read after the records: of a session that is sealed, it no longer changes.
    """
    directory = posixpath.normpath(posixpath.join(root, run.path))
    fresh = summarise(root, run.path)
    document = lifecycle_document(directory, kind)
    named = fresh if fresh.kind is not None else _as_named(fresh, run)
    return seen_session(named, kind, document, now=utc_now(), stale_seconds=stale_minutes * 60)


def _as_named(fresh: RunSummary, run: RunSummary) -> RunSummary:
    """Return what is known of a directory that only its place tells the kind of."""
    from msgspec.structs import replace  # noqa: PLC0415 - only for directories that runpact did not make

    return replace(fresh, kind=run.kind)


def broken_in(
    check: Callable[[list[str]], Iterable[CheckedRun]], root: str, sessions: Iterable[SeenSession]
) -> dict[str, str]:
    """Return why the runs of sessions that succeeded do not keep their contract, by the path of each.

    Args:
        check: Judges runs by their absolute directories.
        root: Absolute data root.
        sessions: Of any health; the others have alerts of their own.
    """
    ended = [each.path for each in sessions if each.health is Health.ENDED]
    judged = check([posixpath.join(root, each) for each in ended]) if ended else ()
    return {path: checked.fault for path, checked in zip(ended, judged, strict=True) if checked.fault}


def judge_readiness(
    root: str, loaded: LoadedContract, kind: Kind, session: SeenSession, *, broken: str = ""
) -> Readiness:
    """Return whether a session is ready for promotion: it verifies, and each condition of its kind holds.

    Args:
        root: Absolute data root.
        loaded: The workspace's contract.
        kind: Of the session.
        session: As it is seen.
        broken: Why its run does not keep its contract; empty where it does.
    """
    directory = posixpath.normpath(posixpath.join(root, session.path))
    ready = kind.session.ready if kind.session is not None else {}
    try:
        subject = _subject(root, loaded, session, directory)
        conditions = {name: subject.decide(text) for name, text in ready.items()}
    except RunpactError as error:
        return readiness(session, {}, (error.message,))
    faults = _faults(directory) if session.uid is not None else ()
    if broken:
        faults = (f"its contract is broken: {broken}", *faults)
    return readiness(session, conditions, faults)


def _subject(root: str, loaded: LoadedContract, session: SeenSession, directory: str) -> Subject:
    gathered = gather(read_run(directory), Standing(session.state), loaded, path=session.path, root=root)
    return Subject(gathered.kind, loaded, gathered.tree)


def _faults(directory: str) -> tuple[str, ...]:
    """Return what keeps the records of a session from being true."""
    _standing, report = verify_run(directory)
    faults = [finding.message for finding in report.findings if not report.is_ok]
    more = len(faults) - _FAULTS_TOLD
    return (*faults[:_FAULTS_TOLD], *([f"and {more} more faults of its records"] if more > 0 else ()))
