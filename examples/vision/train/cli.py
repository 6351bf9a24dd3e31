"""Train the detector, export it, quantise it, and measure both.

python -m train.cli --config ./work-dir/config.toml
python -m train.cli --config ./work-dir/config.toml --set train.epochs=5 --workdir /mnt/data/vision-work
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from share.detector import padded
from share.inference import Model
from share.kernel import Job, Pipeline, run_pipeline
from share.progress import ProgressBar
from share.settings import demand_device
from share.yolo import Labelled, Split, dataset_card, read_dataset, read_image
from threadpoolctl import threadpool_limits

from train.fit import Cells, Schedule, answers_of, first_parameters, quality, train
from train.network import Parameters


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one training run."""
    training = Pipeline(
        "train",
        lambda settings: {"backend": settings["train"]["backend"]},
        work,
        demand_device,
    )
    return run_pipeline(training, arguments, __doc__)


def work(job: Job) -> Mapping[str, Any]:
    """Read, train, export, measure.

    One thread: the products are small, threads would wait for each other, and sums come out the same.
    """
    with threadpool_limits(1):
        return make_model(job)


def make_model(job: Job) -> Mapping[str, Any]:
    """Make the model, and return what is told of it."""
    splits = prepare(job)
    said = job.settings["train"]
    schedule = Schedule(said["epochs"], said["batch"], said["learning_rate"], said["yolo"]["negatives"])
    validation = [(padded(read_image(scene.image)), scene) for scene in splits["val"].scenes]
    best, parameters = fit(job, splits["train"], validation, schedule)
    paths = export(job, parameters)
    measured = measure(job, paths, validation, schedule.overlap)
    return {
        "model_path": str(paths["float"]),
        "model_int8_path": str(paths["int8"]),
        "epochs_trained": schedule.epochs,
        "best_map50": best,
        "yolo": {
            "map50": measured,
            "bytes": {name: path.stat().st_size for name, path in paths.items()},
            "models": {name: path.relative_to(job.settings.root).as_posix() for name, path in paths.items()},
            "opset": said["export"]["opset"],
        },
    }


def prepare(job: Job) -> dict[str, Split]:
    """Read the data set, and record which it was."""
    folder = Path(job.settings["data"]["yolo_dataset_dir"])
    splits = read_dataset(folder, job.settings.names)
    job.run.input(folder, name="dataset", absolute=True)
    job.run.save("dataset", dataset_card(folder, job.settings.names, splits))
    return splits


def fit(
    job: Job, split: Split, validation: list[tuple[np.ndarray, Labelled]], schedule: Schedule
) -> tuple[float, Parameters]:
    """Train; return the best mAP50 on the validation scenes, and the parameters that had it."""
    classes = len(job.settings.names)
    source = np.random.default_rng(job.settings["train"]["seed"])
    parameters = first_parameters(job.settings["train"]["yolo"]["weights"], classes, source)
    best, kept = -1.0, parameters
    bar = ProgressBar(schedule.epochs, "training")
    for epoch, loss in train(parameters, Cells.of(split.scenes, classes), schedule, source):
        found = quality(answers_of(parameters), validation, schedule.overlap)
        job.run.log({"loss": loss, "map50": found}, step=epoch)
        if found > best:
            best, kept = found, {name: value.copy() for name, value in parameters.items()}
        bar.show(epoch, f"loss {loss:.3f} mAP50 {found:.3f}")
    return best, kept


def export(job: Job, parameters: Parameters) -> dict[str, Path]:
    """Write what stands in `models/<run-id>/`."""
    from train.export import export as write_onnx  # noqa: PLC0415 - a second of imports that a refused run need not pay
    from train.export import quantise  # noqa: PLC0415 - as above

    job.models.mkdir(parents=True, exist_ok=True)
    paths = {"float": job.models / "model.onnx", "int8": job.models / "model-int8.onnx"}
    write_onnx(parameters, paths["float"], opset=job.settings["train"]["export"]["opset"])
    quantise(paths["float"], paths["int8"])
    with (job.models / "weights.npz").open("wb") as file:
        np.savez(file, **parameters)
    names = job.settings.names
    labels = {
        "schema_version": 1,
        "names": names,
        "id_map": {name: number for number, name in enumerate(names)},
    }
    (job.models / "labels.json").write_text(as_json(labels), encoding="utf-8")
    return paths


def as_json(value: object) -> str:
    """Return JSON as people read it."""
    import json  # noqa: PLC0415 - small, and used once

    return json.dumps(value, indent=2) + "\n"


def measure(
    job: Job, paths: Mapping[str, Path], validation: list[tuple[np.ndarray, Labelled]], overlap: float
) -> dict[str, float]:
    """Return mAP50 of both models, as they stand on disk."""
    measured = {
        name: quality(Model(path, len(job.settings.names)).look, validation, overlap)
        for name, path in paths.items()
    }
    job.run.log({f"map50_{name}": value for name, value in measured.items()})
    return measured


if __name__ == "__main__":
    sys.exit(main())
