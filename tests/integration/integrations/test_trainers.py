"""The trainers log to a run, where they are installed: they stand on torch, which nothing here brings."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

import runpact

pytestmark = pytest.mark.nightly


@pytest.fixture
def torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.chdir(tmp_path)
    return pytest.importorskip(
        "torch", reason="torch is not installed; the tests' requirements do not bring it"
    )


def steps(run: runpact.ActiveRun) -> list[float]:
    text = (Path(run.dir) / ".runpact/metrics.jsonl").read_text()
    return [line["step"] for line in map(json.loads, text.splitlines()) if "loss" in line["values"]]


def events(run: runpact.ActiveRun) -> list[str]:
    text = (Path(run.dir) / ".runpact/events.jsonl").read_text()
    return [json.loads(line)["event"] for line in text.splitlines()]


def test_lightning_logs_to_the_run_and_keeps_its_checkpoints_there(torch, tmp_path: Path) -> None:
    lightning = pytest.importorskip("lightning", reason="Lightning is not installed")
    from runpact.integrations.lightning import RunLogger

    class Module(lightning.LightningModule):
        def __init__(self, lr: float = 0.01) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(4, 1)

        def training_step(self, batch, index):
            loss = self.layer(batch[0]).square().mean()
            self.log("loss", loss)
            self.log("odd", float("nan"))
            return loss

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), self.hparams.lr)

    rows = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(8, 4)), batch_size=4)
    with warnings.catch_warnings(), runpact.run(contract="runpact:basic@1", name="light") as run:
        warnings.simplefilter("ignore")  # Lightning's own
        trainer = lightning.Trainer(
            max_epochs=2,
            logger=RunLogger(),
            log_every_n_steps=1,
            accelerator="cpu",
            enable_progress_bar=False,
        )
        trainer.fit(Module(), rows)
    assert steps(run) == [0, 1, 2, 3]
    assert {"trainer.began", "metric.refused", "trainer.ended"} <= set(events(run))
    assert [*Path(run.dir, "artifacts/checkpoints").glob("*.ckpt")]
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_transformers_log_to_the_run(torch) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    from runpact.integrations.huggingface import RunCallback

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(4, 1)

        def forward(self, x=None, labels=None):
            return {"loss": (self.layer(x) - labels).square().mean()}

    rows = [{"x": torch.ones(4), "labels": torch.ones(1)}] * 8
    with warnings.catch_warnings(), runpact.run(contract="runpact:basic@1", name="hf") as run:
        warnings.simplefilter("ignore")  # the library's own
        settings = transformers.TrainingArguments(
            output_dir=run.path("artifacts/checkpoints"), max_steps=4, logging_steps=1, save_steps=2,
            report_to="none", use_cpu=True, disable_tqdm=True,
        )  # fmt: skip
        transformers.Trainer(
            model=Net(), args=settings, train_dataset=rows, callbacks=[RunCallback()]
        ).train()
    assert steps(run) == [1, 2, 3, 4]
    assert events(run).count("trainer.saved") == 2
    assert str(run.dir).encode() not in (Path(run.dir) / ".runpact/events.jsonl").read_bytes()
