"""Measure what runpact costs, beside the same work written by hand.

    python3 do.py bench                 every row; a minute or two on a quiet machine
    python3 do.py bench --quick         every row, shortly
    python3 do.py bench run points      the named rows
    python3 do.py bench --list          the names
    python3 do.py bench --write         every row, then renew docs/performance.md
    python3 do.py bench --no-peers      every row, but nothing is installed to compare with

Knows: which rows are asked for, where results go.
Does not know: what is measured, how it is laid out.
"""

from __future__ import annotations

import argparse
import compileall
import dataclasses
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import machine
import page
from rivals import Peer, measure_orchestrators, measure_peers
from row import Measured, Row, Scale, all_rows

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results"
PAGE = ROOT / "docs" / "performance.md"
USAGE = 64


def main(arguments: list[str]) -> int:
    """Measure, print, and keep the results."""
    rows = all_rows()
    options = parsed(arguments)
    if options.list:
        print("\n".join(f"{row.name:14} {row.what}" for row in rows.values()))
        return 0
    unknown = [name for name in options.rows if name not in rows]
    if unknown:
        print(f"no row {', '.join(unknown)}; --list shows the names", file=sys.stderr)
        return USAGE
    chosen = [rows[name] for name in options.rows] or list(rows.values())
    compileall.compile_dir(ROOT / "src", quiet=1)
    facts: dict[str, object] = {"load_before": machine.load(), "is_quick": options.quick}
    results = {row: measured(row, Scale(is_quick=options.quick)) for row in chosen}
    facts |= machine.describe(tempfile.gettempdir()) | {"load_after": machine.load()}
    peers, orchestrators = compared(options)
    store(options.results, facts, results, [*peers, *orchestrators])
    if options.write:
        PAGE.write_text(page.page(facts, results, peers, orchestrators), encoding="utf-8")
        print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


def compared(options: argparse.Namespace) -> tuple[list[Peer], list[Peer]]:
    """Measure other systems, when everything is measured in full."""
    if options.rows or options.quick or options.no_peers:
        print("left out: other systems (they are measured with every row, in full)")
        return [], []
    print("other systems, each in a throw-away environment:", flush=True)
    peers = measure_peers()
    print(page.peer_table(peers))
    orchestrators = measure_orchestrators()
    print(page.orchestrator_table(orchestrators))
    return peers, orchestrators


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="do.py bench", description=(__doc__ or "").split("\n\n", 1)[0], allow_abbrev=False
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to measure; all without")
    parser.add_argument("--quick", action="store_true", help="few repetitions, small inputs")
    parser.add_argument("--list", action="store_true", help="list the rows")
    parser.add_argument(
        "--write", action="store_true", help="renew docs/performance.md; not with single rows"
    )
    parser.add_argument("--no-peers", action="store_true", help="do not install other systems")
    parser.add_argument("--results", metavar="FOLDER", type=Path, default=RESULTS, help="where results go")
    options = parser.parse_args(arguments)
    if options.write and (options.rows or options.quick or options.no_peers):
        parser.error("--write needs every row in full, and the peers")
    return options


def measured(row: Row, scale: Scale) -> Measured:
    """Measure one row in a folder of its own, and say at once what came out."""
    home = os.getcwd()
    place = tempfile.mkdtemp(prefix="runpact-bench-")
    os.chdir(place)  # so that no repository is around: its files would be captured too
    try:
        found = row.measure(place, scale)
    finally:
        os.chdir(home)
        shutil.rmtree(place, ignore_errors=True)
    cells = [cell.replace("*", "") for cell in page.line(row, found)]
    print(
        f"{row.name:14} {cells[1]:>20} {cells[2]:>20}  {cells[3]:20} {cells[4]:8} {cells[7]:8} {cells[6]}",
        flush=True,
    )
    return found


def store(folder: Path, facts: dict[str, object], results: dict[Row, Measured], peers: list[Peer]) -> None:
    """Keep the results for programs; the newest under a name of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "format": "runpact.bench/1",
        "machine": facts,
        "rows": [page.as_document(row, found) for row, found in results.items()],
        "peers": [dataclasses.asdict(peer) for peer in peers],
    }
    path = folder / "latest.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
