"""What must be true of a workspace after a run in it ended, however it ended.

Knows: the facts that were acknowledged (`faults.scenario`), and which of them must survive which end.
Does not know: which fault was injected, how a run is written.

Logs, digests and birth records are read here by code of the oracle's own, so that a reader of runpact that is
too kind cannot hide what its writer lost. The invariants:

classifiable       every run has a state its end allows; never `corrupt`, nor `running` when nobody runs it
honest exit        exit code 0 or 1 if and only if the run is finished
kept               every acknowledged event, point and artifact is readable and identical
nothing invented   a log holds acknowledged entries, and at most what was asked for, in order
born               no run is visible without its birth record
whole              every document is one that was meant, never a torn one; the latest copies too
true               `verify` says OK if and only if the run was sealed
usable             another run starts, finishes and changes nothing of the leftovers
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.scenario import (
    CONFIG,
    LATEST,
    LATEST_LINK,
    LOG,
    PLACES,
    WORDS,
    Fact,
    digest,
    event_fields,
    make_run,
    point_values,
    result_of,
)
from runpact.model.finding import Verdict
from runpact.verbs.contracts.load_contract import load_contract
from runpact.verbs.finding.find import list_runs
from runpact.verbs.judging.verify import verify_run

UNSEALED = frozenset({"interrupted", "abandoned"})
"""States of a run whose process ended without sealing it."""


@dataclass(frozen=True)
class End:
    """How the process of the run ended."""

    how: str
    """`exit`, `killed` (nothing written is lost) or `power` (what was not flushed may be lost)."""
    code: int | None = None
    """Exit code, when it exited."""
    is_interrupt: bool = False
    """A signal ended it: when the seal was in place already the run is finished all the same."""
    is_durable: bool = True
    """What was acknowledged as durable must survive a power cut; nothing was, with durability `none`."""
    is_tidy: bool = False
    """The fault came once, so nothing half-made may be left of a creation that failed."""


@dataclass(frozen=True)
class Found:
    """One run as `runpact ls` and `runpact verify` tell it."""

    folder: Path
    path: str
    state: str
    reason: str
    verdict: Verdict

    @property
    def is_sealed(self) -> bool:
        """Whether its manifest says that it was sealed; read without runpact."""
        try:
            return json.loads((self.folder / self.records["manifest"]).read_bytes())["sealed"] is True
        except (OSError, ValueError, KeyError):
            return False

    @property
    def records(self) -> dict[str, str]:
        """Where its layout puts manifest, events and metrics; read without runpact, empty when unreadable."""
        try:
            return json.loads((self.folder / ".runpact/run.json").read_bytes())["records"]
        except (OSError, ValueError, KeyError):
            return {}


def violations(folder: Path, facts: Sequence[Fact], end: End, *, rerun: bool = True) -> list[str]:
    """Return what is wrong in the workspace, one line each; empty when every invariant holds."""
    try:
        found = runs_of(folder)
    except Exception as error:  # noqa: BLE001 - whatever the listing raises is the violation
        return [f"classifiable: the runs cannot be listed: {type(error).__name__}: {error}"]
    wrong = list((_judge if end.is_durable else _judge_promising_nothing)(folder, found, facts, end))
    if rerun:
        wrong += _usable(folder, found, facts)
    return wrong


def runs_of(folder: Path) -> list[Found]:
    """Return every run of the workspace."""
    contract = load_contract(str(folder / "contract.yaml")).contract
    runs = []
    for run in list_runs(str(folder), contract):
        _standing, report = verify_run(str(folder / run.path))
        runs.append(Found(folder / run.path, run.path, run.state.value, run.reason, report.verdict))
    return runs


def _judge(folder: Path, found: list[Found], facts: Sequence[Fact], end: End) -> Iterator[str]:
    yield from _born(folder)
    if end.how != "power":
        yield from _logged(folder)
    yield from _classified(found, facts, end)
    yield from _honest(found, facts, end)
    for run in found:
        yield from _true(run)
    begun = next((fact for fact in facts if fact["fact"] == "begun"), None)
    if begun is None:
        yield from _latest(folder, found, is_sealed=False)
        return
    run = _the_run(found, begun)
    if run is None:
        yield f"kept: the acknowledged run {begun['id']} is gone; there are {[run.path for run in found]}"
        return
    is_sealed = any(fact["fact"] == "sealed" for fact in facts)
    if is_sealed and run.state != "finished":
        yield f"kept: {run.path} was told to be sealed, and is {run.state}"
    yield from _kept(run, facts, end, is_sealed=is_sealed)
    yield from _whole(run)
    yield from _latest(folder, found, is_sealed=is_sealed)


def _judge_promising_nothing(
    _folder: Path, found: list[Found], facts: Sequence[Fact], end: End
) -> Iterator[str]:
    """After a power cut without durability anything may be gone, but nothing wrong may verify."""
    for run in found:
        if run.verdict is Verdict.OK:
            yield from _kept(run, facts, end, is_sealed=True)


def _the_run(found: list[Found], begun: Fact) -> Found | None:
    path = f"{PLACES[str(begun['kind'])]}/{begun['id']}"
    return next((run for run in found if run.path == path), None)


def _born(folder: Path) -> Iterator[str]:
    for place in PLACES.values():
        for run in sorted(folder.glob(f"{place}/*")):
            if run.name.startswith(".new-") or not run.is_dir():
                continue
            try:
                record = json.loads((run / ".runpact/run.json").read_bytes())
            except (OSError, ValueError) as error:
                yield f"born: {run.name} is visible without its birth record: {error}"
                continue
            if record["id"] != run.name:
                yield f"born: {run.name} was born as {record['id']}"


def _classified(found: list[Found], facts: Sequence[Fact], end: End) -> Iterator[str]:
    for run in found:
        allowed = UNSEALED | {"finished", "failed"}
        if run.state not in allowed:
            yield f"classifiable: {run.path} is {run.state}: {run.reason}"
        if run.state == "abandoned" and end.is_tidy and end.how == "exit":
            yield f"classifiable: a creation that failed once left {run.path} behind"
        if (run.state == "abandoned") != run.folder.name.startswith(".new-"):
            yield f"classifiable: {run.path} is {run.state}"
    if len(found) > 1:
        yield f"classifiable: one run was made, {[run.path for run in found]} are there"


def _honest(found: list[Found], facts: Sequence[Fact], end: End) -> Iterator[str]:
    is_broken = any(fact["fact"] == "sealed" and "broken" in fact for fact in facts)
    states = [run.state for run in found]
    if end.how != "exit":
        return
    if end.code in {0, 1} and states != ["finished"]:
        yield f"honest exit: exit code {end.code}, but the runs are {states}"
    if end.code not in {0, 1} and "finished" in states and not (end.is_interrupt or is_broken):
        yield f"honest exit: exit code {end.code}, but the run is finished"


def _true(run: Found) -> Iterator[str]:
    sealed = run.state == "finished" or (run.is_sealed and run.state in {"failed", "interrupted"})
    if (run.verdict is Verdict.OK) != sealed:
        yield f"true: {run.path} is {run.state}, sealed {run.is_sealed}, and verify says {run.verdict.value}"
    if run.is_sealed:
        manifest = json.loads((run.folder / run.records["manifest"]).read_bytes())
        for log in manifest["logs"].values():
            if len(read_log(run.folder / log["path"])) != log["count"]:
                yield f"true: {run.path} was sealed with {log['count']} entries in {log['path']}"


def _kept(run: Found, facts: Sequence[Fact], end: End, *, is_sealed: bool) -> Iterator[str]:
    """Hold the logs and artifacts against the facts; a power cut may take log lines until the seal."""
    if not run.records:
        yield f"kept: the records of {run.path} cannot be found"
        return
    must_have_logs = is_sealed or end.how != "power"
    events = [entry for entry in read_log(run.folder / run.records["events"]) if "number" in entry]
    points = read_log(run.folder / run.records["metrics"])
    yield from _log(
        "event", [_plain(entry, ("number", "text")) for entry in events], event_fields, facts, must_have_logs
    )
    yield from _log("points", [entry["values"] for entry in points], point_values, facts, must_have_logs)
    for fact in facts:
        if end.is_tidy and fact["fact"] == "not" and fact["code"] == "write-once":
            yield f"kept: {fact['path']} was refused, and then its name was taken"
    files = {"artifact"} | ({"file"} if is_sealed or end.how != "power" else set())
    for fact in facts:
        if fact["fact"] in files:
            yield from _file(run.folder / str(fact["path"]), str(fact["digest"]))


def _plain(entry: dict[str, object], keys: tuple[str, ...]) -> dict[str, object]:
    return {key: entry[key] for key in keys if key in entry}


def _log(what: str, entries: list, expected, facts: Sequence[Fact], must_have: bool) -> Iterator[str]:
    """Hold one log against what was acknowledged and what was asked for."""
    asked = [expected(fact["number"]) for fact in facts if fact["fact"] == "asked" and fact["what"] == what]
    told = [expected(fact["number"]) for fact in facts if fact["fact"] == what]
    if must_have and not _is_subsequence(told, entries):
        yield f"kept: {len(told)} {what} were acknowledged, {len(entries)} can be read"
    if not _is_subsequence(entries, asked):
        yield f"nothing invented: {len(asked)} {what} were asked for, {len(entries)} others can be read"


def _is_subsequence(part: list, whole: list) -> bool:
    rest = iter(whole)
    return all(any(item == other for other in rest) for item in part)


def _file(path: Path, expected: str) -> Iterator[str]:
    try:
        got = digest(path.read_bytes())
    except OSError as error:
        yield f"kept: {path.name} was acknowledged: {error.strerror}"
        return
    if got != expected:
        yield f"kept: {path.name} is not the one that was acknowledged ({path.stat().st_size} bytes)"


def _whole(run: Found) -> Iterator[str]:
    """Hold the documents that runpact derives against all that they may say."""
    named = [{"id": run.folder.name, "word": word} for word in WORDS.values()]
    for name, meant in {"config.json": [CONFIG], "status.json": named, "summary.json": named}.items():
        path = run.folder / name
        if path.exists() and _parsed(path.read_bytes()) not in meant:
            yield f"whole: {name} says {path.read_bytes()[:60]!r}"
    if not run.is_sealed:
        return
    own = [path.name for path in run.folder.rglob("*") if ".tmp-" in path.name]
    if own and run.state == "finished":
        yield f"whole: a finished run holds {own}"
    for name in ("status.json", "summary.json"):
        document = _parsed((run.folder / name).read_bytes()) if (run.folder / name).exists() else None
        if run.state == "finished" and document != {"id": run.folder.name, "word": "ok"}:
            yield f"whole: {name} of a finished run says {document}"


def _parsed(data: bytes) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return f"torn: {data[:40]!r}"


def _latest(folder: Path, found: list[Found], *, is_sealed: bool) -> Iterator[str]:
    path, link = folder / LATEST, folder / LATEST_LINK
    finished = [run.folder / "parts" for run in found if run.state == "finished"]
    if link.is_symlink() and link.resolve() not in finished:
        yield f"whole: the latest link leads to {link.readlink()}"
    if not path.exists():
        return
    if not finished:
        yield "whole: there is a latest copy of a run that did not finish"
    elif _parsed(path.read_bytes()) != result_of(1):
        yield f"whole: the latest copy says {path.read_bytes()[:60]!r}"


def _logged(folder: Path) -> Iterator[str]:
    """Yield lines of the log of all runs that are none, but for the one that a fault may have torn.

    A process that is killed within a write takes nothing back; the next one begins a line of its own. Lines
    are not flushed, so a power cut may leave anything.
    """
    path = folder / LOG
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    torn = [line for line in lines if not line.endswith(b"\n") or not isinstance(_parsed(line), dict)]
    for line in torn if len(torn) > 1 else ():
        yield f"whole: a line of the log of all runs says {line[:60]!r}"


def _usable(folder: Path, before: list[Found], facts: Sequence[Fact]) -> Iterator[str]:
    """Make another run of the same name, and see what became of the first."""
    kind = next((str(fact["kind"]) for fact in facts if fact["fact"] == "begun"), "run")
    told: list[str] = []
    try:
        code = make_run(folder, lambda fact, **_fields: told.append(fact), kind=kind, durability="none")
    except Exception as error:  # noqa: BLE001 - whatever it raises is the violation
        yield f"usable: another run cannot be made: {type(error).__name__}: {error}"
        return
    after = {run.path: (run.state, run.verdict) for run in runs_of(folder)}
    gone = [run.path for run in before if after.get(run.path) != (run.state, run.verdict)]
    if gone:
        yield f"usable: another run changed {gone}"
    if code != 0 or len(after) != len(before) + 1:
        yield f"usable: another run exits with {code}, and there are {sorted(after)}"
    if told[-1] == "sealed" and _parsed((folder / LATEST).read_bytes()) != result_of(1):
        yield "usable: another run did not refresh the latest copy"


def read_log(path: Path) -> list[dict[str, object]]:
    """Read the valid prefix of a log by the words of docs/FORMAT.md."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    entries: list[dict[str, object]] = []
    for line in lines:
        body, separator, checksum = line.rpartition(b',"crc":"')
        if not separator or checksum != b'%08x"}' % zlib.crc32(body + b"}"):
            break
        entry = json.loads(body + b"}")
        if entry["seq"] != len(entries) + 1:
            break
        entries.append(entry)
    return entries
