"""The table of the figures, for people and for programs.

Knows: how a measurement is rounded, judged against its budget and laid out.
Does not know: how it was measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contest import Contest
from rivals import Peer
from row import MILLISECONDS, Count, Measured, Row

MET, MISSED, UNDECIDED, FREE = "met", "**missed**", "undecided", "–"

HEAD = """\
# Performance

Written by `python3 do.py bench --write`; do not edit. Each row does the same work twice in one session: with
runpact and by hand, without any product (`bench/byhand.py`). The two take turns, each repetition gives one
ratio, and the table shows the median with the quartiles in brackets: a ratio holds on a slow or busy machine
too, a time does not. A budget is the largest ratio; the column after it says which figures of a quiet machine
it comes from. A row is *undecided* when its quartiles lie on both sides of the budget. A goal is a time or a
rate, judged by the median of this session; a busy machine misses it through no fault of runpact.
"""


PEERS = """\
## Other systems

Measured after the rows, on the same machine, by `bench/peers/`: the median of fifteen minimal runs in one
process (a parameter, a metric point, a small artifact where the system has one), then points one by one.
Each system is installed in a throw-away environment and asked for its plainest local store. runpact's run is
durable, sealed and checked. What a system does not record of such a run stands in the last column.
"""


ORCHESTRATORS = """\
A chain of 99 stages, each a shell command that writes one small file the next one reads, one after the other:
the whole chain divided by its stages, then the median of five new processes that find nothing to do.
"""


def verdict(row: Row, measured: Measured) -> str:
    """Say whether the budget is met."""
    if isinstance(measured, Count):
        if measured.value is None:
            return UNDECIDED
        return MET if measured.value <= measured.budget else MISSED
    if row.budget is None:
        return FREE
    low, middle, high = measured.ratio("runpact")
    if low <= row.budget < high:
        return f"{UNDECIDED}, {'met' if middle <= row.budget else 'missed'} by the median"
    return MET if high <= row.budget else MISSED


def line(row: Row, measured: Measured) -> list[str]:
    """Return the cells of one row."""
    if isinstance(measured, Count):
        got = "not counted" if measured.value is None else f"{measured.value} {row.unit}"
        return [row.what, got, "", "", f"≤ {measured.budget}", "", "", verdict(row, measured)]
    low, middle, high = measured.ratio("runpact")
    return [
        row.what,
        amount(row, measured, "runpact"),
        amount(row, measured, "floor"),
        f"{middle:.2f} [{low:.2f}–{high:.2f}]",
        f"≤ {row.budget:.2f}" if row.budget is not None else "",
        row.derived,
        goal(row, measured),
        verdict(row, measured),
    ]


def goal(row: Row, contest: Contest) -> str:
    """Say what the row is to reach here, and whether it does."""
    if row.goal is None:
        return ""
    _low, seconds, _high = contest.seconds("runpact")
    if row.unit == MILLISECONDS:
        return f"≤ {row.goal:g} ms: {MET if seconds * 1000 <= row.goal else MISSED}"
    return f"≥ {rounded(row.goal)}/s: {MET if 1 / seconds >= row.goal else MISSED}"


def amount(row: Row, contest: Contest, way: str) -> str:
    """Return what one way reached, in the row's unit."""
    _low, seconds, _high = contest.seconds(way)
    if row.unit == MILLISECONDS:
        return f"{rounded(seconds * 1000)} ms"
    return f"{rounded(1 / seconds)} {row.unit}/s"


def rounded(number: float) -> str:
    """Return three digits, with thousands set apart."""
    if number >= 1000:  # noqa: PLR2004 - below, decimals matter
        return f"{round(number, -2 if number < 100_000 else -3):,.0f}"  # noqa: PLR2004 - three digits
    return f"{number:.3g}"


COLUMNS = ("what", "runpact", "by hand", "ratio", "budget", "comes from", "goal", "")


def table(lines: list[list[str]], columns: tuple[str, ...] = COLUMNS) -> str:
    """Lay cells out as Markdown."""
    rows = [list(columns), ["---"] * len(columns), *lines]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in rows)


def peer_table(peers: Sequence[Peer]) -> str:
    """Lay out what other systems take for the same work."""
    return table([_peer_line(peer) for peer in peers], ("system", "one run", "metric points", "it lacks"))


def orchestrator_table(peers: Sequence[Peer]) -> str:
    """Lay out what other systems take for the same chain of stages."""
    columns = ("system", "a stage", "nothing to do", "it lacks")
    return table([_orchestrator_line(peer) for peer in peers], columns)


def _orchestrator_line(peer: Peer) -> list[str]:
    if peer.left_out:
        return [peer.name, peer.left_out, "", ""]
    times = (f"{rounded(each or 0)} ms" for each in (peer.stage_ms, peer.idle_ms))
    return [f"{peer.name} {peer.version}", *times, peer.lacks]


def _peer_line(peer: Peer) -> list[str]:
    if peer.left_out:
        return [peer.name, peer.left_out, "", ""]
    points = peer.points_per_second
    return [
        f"{peer.name} {peer.version}",
        f"{rounded(peer.run_ms or 0)} ms",
        f"{rounded(points)}/s" if points is not None else "none",
        peer.lacks,
    ]


def page(
    facts: Mapping[str, object],
    results: Mapping[Row, Measured],
    peers: Sequence[Peer] = (),
    orchestrators: Sequence[Peer] = (),
) -> str:
    """Return the whole page."""
    parts = [HEAD, _machine(facts), table([line(row, got) for row, got in results.items()])]
    misses = [row for row, got in results.items() if "missed" in verdict(row, got)]
    if peers:
        parts.append(PEERS + "\n" + peer_table(peers))
    if orchestrators:
        parts.append(ORCHESTRATORS + "\n" + orchestrator_table(orchestrators))
    if misses:
        parts.append(
            "Why budgets are missed:\n\n"
            + "".join(f"- {row.what}: {row.why or 'not known'}\n" for row in misses)
        )
    notes = [f"- {row.what}: {note}\n" for row, got in results.items() for note in got.notes]
    if notes:
        parts.append("Noted on the way:\n\n" + "".join(notes))
    return "\n".join(parts)


def _machine(facts: Mapping[str, object]) -> str:
    mode = " (quick mode)" if facts["is_quick"] else ""
    return (
        f"Measured {facts['date']} at commit {facts['commit']} on {facts['processor']}, "
        f"{facts['cores']} cores, {facts['system']}, {facts['file_system']}, {facts['python']}; "
        f"load {facts['load_before']} before and {facts['load_after']} after{mode}.\n"
    )


def as_document(row: Row, measured: Measured) -> dict[str, object]:
    """Return a row for programs."""
    base: dict[str, object] = {
        "name": row.name,
        "what": row.what,
        "unit": row.unit,
        "verdict": verdict(row, measured),
    }
    if isinstance(measured, Count):
        return base | {"count": measured.value, "budget": measured.budget, "notes": list(measured.notes)}
    return base | {
        "budget": row.budget,
        "goal": row.goal,
        "ratio": [round(number, 4) for number in measured.ratio("runpact")],
        "cpu_ratio": round(measured.cpu_ratio("runpact"), 4),
        "seconds": {way: [round(number, 9) for number in measured.seconds(way)] for way in measured.costs},
        "repetitions": len(measured.costs["runpact"]),
        "notes": list(measured.notes),
    }
