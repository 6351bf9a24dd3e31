"""What a run is born with is pinned when it is written, not when it is sealed."""

from __future__ import annotations

import pytest

import runpact

CONTRACT = """\
contract: acme.born
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
"""


@pytest.mark.parametrize("path", [".runpact/contract/contract.yaml", ".runpact/run.json"])
def test_a_record_that_is_edited_while_the_run_is_open_does_not_verify(tmp_path, path):
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    with runpact.run(workspace=tmp_path, name="a", unsafe_skip_check=True) as run:
        record = tmp_path / "runs/a" / path
        before = record.read_text()
        record.write_text(before.replace("acme.born", "acme.lies"))
        assert len(record.read_text()) == len(before)
    assert runpact.verify(run.dir, workspace=tmp_path).value == "ERROR"


def test_untouched_records_verify(tmp_path):
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    with runpact.run(workspace=tmp_path, name="a", unsafe_skip_check=True) as run:
        pass
    assert runpact.verify(run.dir, workspace=tmp_path).value == "OK"
