"""Seed 001: evidence and certification, on `examples/certification`.

Knows: which commands show which demands.
Does not know: what the example computes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from walk import Walk

TITLE = "evidence and certification"
LETTER = "B"
_WORK = "work"
_EVIDENCE_BYTES = 1_000_000
_WINDOWS = 110
_SMALL = ("train.steps=1200", "data.max_characters=600000", f"evaluation.windows={_WINDOWS}")
_EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "certification"
_STAMP = re.compile(r"\d{8}_\d{6}(_\d{2})?")


def produce(walk: Walk) -> None:
    """Make everything that the seed's page names, in the order in which it names it."""
    shutil.copytree(_EXAMPLE, walk.folder / _WORK, ignore=_outputs)
    _git(walk, "init", "-q", ".")
    _runs(walk)
    _certificates(walk)
    _promotions(walk)
    _cleanup(walk)
    _repository(walk)


def _runs(walk: Walk) -> None:
    """§1 Run outputs; §3 seeds, hashes and policy digests."""
    overrides = [word for value in _SMALL for word in ("--set", value)]
    _do(walk, "python", "train.py", *overrides, shows=("B-002", "B-010", "B-011"))
    _do(walk, "python", "quantise.py", "--bits", "8", shows=("B-130",))
    _do(walk, "python", "quantise.py", "--bits", "2")
    walk.file("work/runs/*/2*/report.json", "B-012", "B-013", "B-020", count=3, holds=_is_timestamped)
    walk.file("work/runs/*/2*/events.jsonl", "B-021", count=3, holds=_has_phases)
    walk.file("work/runs/baseline/2*/model.npz", "B-022")
    walk.file("work/runs/*/report.json", "B-023", "B-024", count=3, holds=_copies_the_newest)
    reports = [
        json.loads(path.read_bytes()) for path in sorted(walk.folder.glob("work/runs/*/2*/report.json"))
    ]
    walk.look(
        "each report has seeds, hashes, guards, deltas",
        "B-031",
        "B-032",
        "B-033",
        "B-034",
        "B-110",
        "B-111",
        "B-112",
        holds=all(map(_is_full, reports)),
    )
    walk.look(
        "`auto.policy_digest` stands in each report of a run with a policy",
        "B-113",
        "B-A3",
        holds=all(str(each["auto"]["policy_digest"]).startswith("sha256:") for each in reports),
    )
    walk.look(
        "no run has or needs a seed bundle", "B-116", holds=not list(walk.folder.glob("**/seed_bundle.json"))
    )
    stamps = [
        (path.parent.name, report["meta"]["started"])
        for path, report in (
            (path, json.loads(path.read_bytes())) for path in walk.folder.glob("work/runs/*/2*/report.json")
        )
    ]
    walk.look(
        "names of runs, as text, are in the order of their start, UTC",
        "B-015",
        holds=[name for name, _ in sorted(stamps)]
        == [name for name, _ in sorted(stamps, key=lambda each: each[1])]
        and all(started.endswith("Z") for _name, started in stamps),
    )
    _do(walk, "runpact", "ls", says=r"(?s)quant2.*quant8.*baseline", shows=("B-025",))
    _do(walk, "runpact", "check", says="3 OK", shows=("B-001", "B-A5"))


def _certificates(walk: Walk) -> None:
    """§2 Reports and certificates."""
    against = ("--format", "cert", "--baseline", "baseline", "--policy", "balanced")
    _do(walk, "runpact", "report", "quant8", *against, says="pass", shows=("B-131", "B-063", "B-A2"))
    _do(walk, "runpact", "report", "quant2", *against, code=3, says="gate_failed", shows=("B-134",))
    (scratch,) = (walk.folder / _WORK).glob("reports_scratch/quant8_*")
    walk.look(
        f"the folder {scratch.name} is named by nickname, tier and time alone",
        "B-066",
        "B-A1",
        holds=re.fullmatch(r"quant8_balanced_\d{8}T\d{4}Z", scratch.name) is not None,
    )
    certificate = json.loads((scratch / "evaluation.cert.json").read_bytes())
    walk.look(
        "baseline path, tier, digest, seeds, hashes, tap stand in the certificate",
        "B-070",
        "B-071",
        "B-072",
        "B-073",
        "B-074",
        "B-075",
        "B-114",
        holds=_refers(certificate, scratch),
    )
    walk.look(
        "`auto.policy_digest` is a text, `policy_digest.thresholds_hash` another one",
        "B-A8",
        holds=certificate["auto"]["policy_digest"] != certificate["policy_digest"]["thresholds_hash"],
    )
    shown = scratch.relative_to(walk.folder / _WORK).as_posix()
    _do(walk, "runpact", "verify", shown, code=1, says="not_authenticated", shows=("B-132",))
    _do(walk, "runpact", "explain", shown, code=1, says="gate primary", shows=("B-004",))
    _do(walk, "python", "differences.py", shown)
    plain = {**os.environ, "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"}
    walk.run("runpact", "explain", shown, within=_WORK, code=1, says="≤", environ=plain, shows=("B-A9",))
    (walk.folder / "nothing.json").write_text("{}", encoding="utf-8")
    _do(
        walk,
        "python",
        "-m",
        "runpact",
        "run",
        "--name",
        "q",
        "--baseline",
        "../nothing.json",
        "--policy",
        "balanced",
        "--",
        "true",
        code=2,
        says="no_windows",
        shows=("B-082", "B-083"),
    )


def _promotions(walk: Walk) -> None:
    """§2 what is copied; §4, the first two steps."""
    _do(walk, "runpact", "promote", "quant8", says="reports/quant8_balanced_", shows=("B-060", "B-120"))
    _do(walk, "runpact", "promote", "baseline", shows=("B-062",))
    _do(walk, "runpact", "promote", "quant2", code=3, says="no pass", shows=("B-061", "B-120"))
    _do(walk, "runpact", "promote", "quant2", "--failed", says="_failed", shows=("B-A7",))
    walk.file("work/reports/quant8_*/evaluation.cert.json", "B-063")
    walk.file("work/reports/quant8_*/report.json", "B-064")
    walk.file("work/reports/quant8_*/evidence_manifest.json", "B-A6", holds=_names_its_run)
    walk.file("work/reports/baseline/report.json", "B-080", "B-081", holds=_has_windows)
    _do(walk, "runpact", "ledger", "show", says="quant8.*→", shows=("B-121",))
    _do(walk, "runpact", "ledger", "verify", says="OK")
    shutil.copytree(walk.folder / _WORK / "reports", walk.folder / "copied")
    walk.run(
        "runpact",
        "verify",
        f"copied/{_label(walk)}",
        "--policy",
        "work/contract.yaml",
        code=1,
        says="pass under `balanced`",
        shows=("B-005", "B-080", "B-084"),
    )
    size = sum(path.stat().st_size for path in (walk.folder / "copied" / _label(walk)).iterdir())
    walk.look(f"the folder of a certificate has {size:,} bytes", "B-005", holds=size < _EVIDENCE_BYTES)
    _do(
        walk,
        "runpact",
        "diff",
        f"reports/{_label(walk)}",
        f"reports_scratch/{_label(walk)}",
        shows=("B-117",),
    )


def _cleanup(walk: Walk) -> None:
    """§1 and §4: what may be deleted, and when."""
    (first,) = (walk.folder / _WORK / "runs" / "quant8").glob("2*")
    shown = first.relative_to(walk.folder / _WORK).as_posix()
    _do(walk, "python", "quantise.py", "--bits", "8")
    (baseline,) = (walk.folder / _WORK / "runs" / "baseline").glob("2*")
    _do(
        walk,
        "runpact",
        "prune",
        baseline.relative_to(walk.folder / _WORK).as_posix(),
        code=2,
        says="may not be pruned",
        shows=("B-050",),
    )
    report = next((walk.folder / _WORK).glob("reports/quant8_*/report.json"))
    data = report.read_bytes()
    report.chmod(0o644)
    report.write_bytes(data + b" ")
    _do(walk, "runpact", "prune", shown, code=2, says="was altered", shows=("B-051",))
    report.write_bytes(data)
    report.chmod(0o444)
    _do(walk, "runpact", "prune", "--dry-run", says=f"free  {shown}", shows=("B-122",))
    _do(walk, "runpact", "prune", says="1 run pruned", shows=("B-122", "B-A4"))
    _do(walk, "runpact", "prune", "--undo", says="taken back")
    _do(walk, "runpact", "verify", shown, says="OK")
    _do(walk, "runpact", "prune", "--empty-trash")


def _repository(walk: Walk) -> None:
    """§4, the fourth step; what is not to be committed."""
    _do(walk, "runpact", "doctor", "--fix", code=0, shows=("B-124", "B-125"))
    _git(walk, "add", "-A")
    _do(walk, "runpact", "lint-repo", says="OK", shows=("B-101", "B-102", "B-123"))
    listed = _git(walk, "ls-files").splitlines()
    walk.look(
        "git tracks reports/ and the ledger, and neither runs/ nor reports_scratch/",
        "B-123",
        "B-124",
        "B-125",
        holds=".runpact-ledger.jsonl" in listed
        and "reports/baseline/report.json" in listed
        and not any(path.startswith(("runs/", "reports_scratch/")) for path in listed),
    )


def _do(walk: Walk, *command: str, code: int = 0, says: str = "", shows: tuple[str, ...] = ()) -> None:
    walk.run(*command, within=_WORK, code=code, says=says, shows=shows)


def _git(walk: Walk, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=walk.folder / _WORK, capture_output=True, text=True, check=True
    )
    return done.stdout


def _outputs(_folder: str, names: list[str]) -> set[str]:
    return {
        name for name in names if name in {"runs", "outputs", "reports", "reports_scratch", "__pycache__"}
    }


def _label(walk: Walk) -> str:
    return next((walk.folder / _WORK / "reports").glob("quant8_*")).name


def _is_timestamped(path: Path) -> bool:
    return _STAMP.fullmatch(path.parent.name) is not None


def _has_phases(path: Path) -> bool:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {"prepare", "edit", "guard", "eval"} <= {line.get("phase") for line in lines}


def _copies_the_newest(path: Path) -> bool:
    newest = max(path.parent.glob("2*/report.json"))
    return newest.read_bytes() == path.read_bytes()


def _is_full(report: dict) -> bool:
    seeds, data = report["meta"]["seeds"], report["data"]
    names = [guard["name"] for guard in report["guards"]]
    hashes = (data["dataset_hash"], data["tokenizer_hash"])
    is_whole = {"python", "numpy", "torch"} <= seeds.keys() and all(
        each.startswith("sha256:") for each in hashes
    )
    return is_whole and len(names) == len(set(names)) and bool(report["edit"]["deltas"])


def _refers(certificate: dict, folder: Path) -> bool:
    report = json.loads((folder / "report.json").read_bytes())
    return (
        (folder / certificate["baseline"]["report_path"]).is_file()
        and certificate["policy_provenance"]["tier"] == "balanced"
        and certificate["meta"]["seeds"] == report["meta"]["seeds"]
        and certificate["data"]["dataset_hash"] == report["data"]["dataset_hash"]
        and certificate["data"]["tokenizer_hash"] == report["data"]["tokenizer_hash"]
        and certificate["auto"]["policy_digest"] == report["auto"]["policy_digest"]
        and certificate["variance"] is not None
    )


def _names_its_run(path: Path) -> bool:
    record = json.loads(path.read_bytes())
    report = json.loads((path.parent / "report.json").read_bytes())
    return bool(record["run"]["id"] == report["meta"]["run_id"] and record["label"] == path.parent.name)


def _has_windows(path: Path) -> bool:
    return len(json.loads(path.read_bytes())["evaluation_windows"]["final"]) >= _WINDOWS
