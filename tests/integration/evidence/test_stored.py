"""Bulk in a store of artifacts: referred to by digest and place, optional for verifying."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import runpact
from evidence_cases import DATA, INVARIANTS, METRIC, SEEDS, arms
from runpact.cli.main import run_command_line
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.stored import reference_to, stored_in

CONTRACT = """contract: try.stores
version: "1.0.0"
kinds:
  run: {at: "runs/{name}", entries: [{file: report.json, required: false}]}
policies:
  balanced:
    gates: [{metric: primary, of: ratio, statistic: upper, max: 1.1}]
    minimum_windows: 20
    signature: waived
"""
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a certificate whose reports refer to a model each; the models are not in it."""
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    monkeypatch.chdir(tmp_path)
    for name, shift in (("baseline", 0.0), ("quant8", 0.01)):
        with runpact.run(name=name, seeds=SEEDS, guard="off", durability="none") as run:
            Path(run.path("model.bin")).write_bytes(name.encode() * 100)
            run.evaluation(
                arms(shift=shift),
                metric=METRIC,
                data=DATA,
                guards=[INVARIANTS],
                stored={"model": "model.bin"},
            )
    words = ("report", "quant8", "--format", "cert", "--baseline", "baseline")
    assert run_command_line(list(words)) == 0
    return tmp_path


def keep(store: Path, run: Path) -> Path:
    """Put a run's model into a store under its digest."""
    data = (run / "model.bin").read_bytes()
    place = store / "sha256" / hashlib.sha256(data).hexdigest()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return place


def link(place: Path) -> None:
    """Put a link to the same bytes in the place of a file."""
    aside = place.with_name("aside")
    place.rename(aside)
    place.symlink_to(aside)


def other(place: Path) -> None:
    """Put other bytes in the place of a file."""
    place.write_bytes(b"other")


def explained(capsys: Captured) -> tuple[int, str]:
    """Return exit code and text of explaining the certificate with the store."""
    return run_command_line(["explain", "reports_scratch", "--store", "store"]), capsys.readouterr().out


@pytest.mark.requirement("B-103")
def test_a_report_refers_to_what_a_store_keeps(pair: Path) -> None:
    report = json.loads((pair / "runs/quant8/report.json").read_bytes())
    (stored,) = report["artifacts"]["stored"]
    digest = hashlib.sha256(b"quant8" * 100).hexdigest()
    place = f"store:sha256/{digest}"
    assert stored == {"name": "model", "place": place, "sha256": f"sha256:{digest}", "size": 600}


@pytest.mark.requirement("B-103")
def test_verifying_needs_no_store_and_uses_one_that_is_there(pair: Path, capsys: Captured) -> None:
    store = pair / "store"
    assert run_command_line(["verify", "reports_scratch"]) == 0
    code, out = explained(capsys)
    assert code == 0
    assert "0 of 2 files referred to; not available: `model` of the subject, `model` of the baseline" in out
    keep(store, pair / "runs/quant8")
    assert "1 of 2 files referred to; not available: `model` of the baseline" in explained(capsys)[1]
    keep(store, pair / "runs/baseline")
    shutil.rmtree(pair / "runs")
    code, out = explained(capsys)
    assert (code, "2 of 2 files referred to\n" in out) == (0, True)


@pytest.mark.requirement("B-103")
@pytest.mark.parametrize("change", [other, link])
def test_a_wrong_file_in_a_store_never_passes(
    pair: Path, capsys: Captured, change: Callable[[Path], object]
) -> None:
    change(keep(pair / "store", pair / "runs/quant8"))
    assert run_command_line(["verify", "reports_scratch", "--store", "store"]) in {2, 3}
    capsys.readouterr()
    assert run_command_line(["verify", "reports_scratch"]) == 0


def test_a_store_is_for_certificates(pair: Path, capsys: Captured) -> None:
    assert run_command_line(["verify", "quant8", "--store", "store"]) == 2
    assert run_command_line(["verify", "reports_scratch", "--store", ""]) == 64


GOOD = {"name": "m", "place": f"store:sha256/{'a' * 64}", "sha256": f"sha256:{'a' * 64}", "size": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"place": f"store:sha256/{'b' * 64}"},
        {"place": "store:../../etc/passwd"},
        {"sha256": "sha256:../../etc/passwd", "place": "store:sha256/../../etc/passwd"},
        {"sha256": f"md5:{'a' * 32}", "place": f"store:md5/{'a' * 32}"},
        {"size": "1"},
    ],
)
def test_a_reference_whose_place_is_not_that_of_its_digest_is_refused(change: dict) -> None:
    assert stored_in({"artifacts": {"stored": [GOOD]}}, at="r") == (
        reference_to("m", f"sha256:{'a' * 64}", 1),
    )
    assert stored_in({"artifacts": "none"}, at="r") == ()
    with pytest.raises(EvidenceError) as refused:
        stored_in({"artifacts": {"stored": [GOOD | change]}}, at="r")
    assert refused.value.reason == "malformed_report"
