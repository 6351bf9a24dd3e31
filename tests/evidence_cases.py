"""Reports and policies for tests of evidence."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import runpact
from runpact.formats.resample import resample_with_numpy
from runpact.model.contract.surroundings import Gate, Guard, Policy
from runpact.model.digest import canonical_json, digest_bytes
from runpact.model.evidence.certificate import render, sealed
from runpact.model.evidence.policy import NamedPolicy
from runpact.verbs.evidence.certify import Certified, certify
from runpact.verbs.evidence.verify_certificate import Judging

Change = Callable[[dict], None]

Document = dict


def digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def balanced(**changes: object) -> NamedPolicy:
    keys: dict = {
        "gates": (Gate(metric="primary", max=1.1, statistic="upper"),),
        "guards": (
            Guard(name="invariants"),
            Guard(name="metric_drift", limits={"max_drift": 5.0}),
            Guard(name="variance", limits={"max_ratio": 2.0}),
        ),
        "minimum_windows": 20,
        "signature": "waived",
    }
    return NamedPolicy("balanced", Policy(**(keys | changes)))


POLICY = balanced()


def mean(windows: list[Document]) -> float:
    return sum(w["weight"] * w["value"] for w in windows) / sum(w["weight"] for w in windows)


def report(
    *, shift: float = 0.0, noise: float = 0.0, windows: int = 24, policy: NamedPolicy = POLICY, **meta: object
) -> Document:
    """Return a report whose windows are `shift` worse than the baseline's, give or take `noise`."""
    source, change = random.Random(1), random.Random(2)
    arms = {
        arm: [
            {
                "id": f"{arm}-{number:04}",
                "content_digest": digest(f"{arm} {number}"),
                "weight": source.choice([16, 64, 256]),
                "value": round(source.gauss(2, 0.3) + shift + noise * change.gauss(0, 1), 6),
            }
            for number in range(windows)
        ]
        for arm in ("preview", "final")
    }
    name = "quant8" if shift or noise else "baseline"
    return {
        "schema_version": "1.0",
        "meta": {
            "run_id": "20260309_064210" if name == "baseline" else "20260309_070000",
            "nickname": name,
            "started": "2026-03-09T06:42:10Z" if name == "baseline" else "2026-03-09T07:00:00Z",
            "seeds": {"python": 1, "numpy": 1, "torch": None},
            "seed_notes": {"torch": "not used"},
            "model": {"name": "charlm", "hidden": 256},
            "device": "cpu",
            "attempt": {"number": 2, "earlier": ["20260309_060000"]},
            **meta,
        },
        "data": {
            "dataset_hash": digest("data"),
            "tokenizer_hash": digest("codes"),
            "split": "test",
            "provider": "stdlib",
            "sequence_length": 256,
            "stride": 256,
            "window_seed": 7,
            "windows": dict.fromkeys(arms, windows),
        },
        "auto": {"tier": policy.tier, "policy_digest": policy.digest},
        "metrics": {
            "primary_metric": {
                "kind": "log_loss",
                "unit": "nats/character",
                "direction": "lower",
                "link": "log",
                **{arm: mean(found) for arm, found in arms.items()},
            },
            "seconds": 3.5,
        },
        "guards": [
            {
                "name": "invariants",
                "verdict": "pass",
                "measurement_point": {"tap": "every parameter", "matched": ["hidden", "output"]},
                "evidence": {"checks": {"finite": True, "sums to one": True}, "limit": 1e-4},
            }
        ],
        "edit": {"name": name if shift else "none", "deltas": {"hidden": abs(shift)}},
        "evaluation_windows": arms,
        "artifacts": {"events_path": "events.jsonl"},
        "provenance": {
            "commit": "a" * 40,
            "dirty": False,
            "config_digest": digest("config"),
            "locks": [digest("lock")],
            "inputs": {"data.txt": digest("data")},
            "confinement": {"requested": "refuse", "level": "W1+hook"},
        },
    }


def write(folder: Path, name: str, document: object) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return str(path)


def certified(
    folder: Path,
    subject: Document | None = None,
    baseline: Document | None = None,
    policy: NamedPolicy = POLICY,
    label: str | None = None,
) -> Certified:
    """Write two reports beside the evidence and certify them."""
    return certify(
        write(folder / "runs", "subject.json", subject or report(shift=0.01, policy=policy)),
        write(folder / "runs", "baseline.json", baseline or report(policy=policy)),
        policy,
        folder=str(folder / "reports"),
        label=label,
        resampler=resample_with_numpy,
    )


def judging(policy: NamedPolicy = POLICY, **means: object) -> Judging:
    return Judging(policy=lambda _tier: policy, resampler=resample_with_numpy, **means)


METRIC = {"kind": "log_loss", "unit": "nats/character", "direction": "lower", "link": "log"}
DATA = {
    "dataset_hash": digest("data"),
    "tokenizer_hash": digest("codes"),
    "split": "test",
    "sequence_length": 64,
}
SEEDS = {"python": 1, "numpy": 1, "torch": None}


def arms(shift: float = 0.0, count: int = 24) -> dict:
    found = report(shift=shift, windows=count)["evaluation_windows"]
    return {arm: [dict(window) for window in windows] for arm, windows in found.items()}


def evaluate(name: str, windows: dict | None = None, *, said: dict | None = None, **how: object) -> Path:
    with runpact.run(name=name, seeds=SEEDS, guard="off", durability="none", policy="balanced", **how) as run:
        path = run.evaluation(
            windows or arms(),
            **({"metric": METRIC, "data": DATA, "guards": [INVARIANTS]} | (said or {})),
        )
    return Path(path)


INVARIANTS = {"name": "invariants", "verdict": "pass", "evidence": {"checks": {"finite": True}}}


def forge(path: Path, change: Change, *, is_sealed: bool = True) -> None:
    """Change a certificate as somebody would who knows its form and, when it is sealed again, its digest."""
    document = json.loads(path.read_bytes())
    change(document)
    if is_sealed:
        document.pop("digest", None)
        document = sealed(document)
    path.write_bytes(render(document))


def forge_report(path: Path, name: str, change: Change) -> None:
    """Change a report and bring the certificate's reference to it up to date."""
    place = path.parent / name
    document = json.loads(place.read_bytes())
    change(document)
    data = canonical_json(document)
    place.write_bytes(data)

    def refer(certificate: dict) -> None:
        for reference in certificate["evidence"]:
            if reference["path"] == name:
                reference |= {"sha256": digest_bytes(data), "size": len(data)}

    forge(path, refer)
