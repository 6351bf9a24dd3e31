"""Label images that have no labels, with a trained model.

python -m autolabel.cli --config ./work-dir/config.toml
python -m autolabel.cli --config ./work-dir/config.toml --set autolabel.conflict=merge
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from share.inference import Model, model_path
from share.kernel import Job, Pipeline, run_pipeline
from share.progress import ProgressBar

from autolabel.labelling import Rules, label_all, to_label


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one labelling run."""
    labelling = Pipeline(
        "autolabel",
        lambda settings: {"autolabel_mode": settings["autolabel"]["mode"]},
        work,
        writes=lambda settings: (f"{settings['data']['labeled_dir']}/**",),
    )
    return run_pipeline(labelling, arguments, __doc__)


def work(job: Job) -> Mapping[str, Any]:
    """Label every image, and note what was done about each."""
    said, data = job.settings["autolabel"], job.settings["data"]
    source, target = Path(data["unlabeled_dir"]), Path(data["labeled_dir"])
    path = model_path(job.settings, said["model"]["onnx_model"])
    model = Model(path, len(job.settings.names))
    job.run.input(path, name="model", absolute=True)
    images = to_label(source)
    rules = Rules(said["conflict"], said["confidence"], said["iou"], job.settings.names)
    actions, objects = Counter[str](), 0
    bar = ProgressBar(len(images), "labelling")
    with Path(job.run.path("labels.jsonl")).open("w", encoding="utf-8") as rows:
        for number, done in enumerate(label_all(images, source, target, model, rules), start=1):
            rows.write(json.dumps(asdict(done)) + "\n")
            actions[done.action] += 1
            objects += done.objects
            bar.show(number, done.image)
    job.run.log({"images": len(images), "objects": objects})
    return {
        "model_path": str(path),
        "labeled_dir": str(target),
        "images": len(images),
        "objects": objects,
        "actions": dict(sorted(actions.items())),
    }


if __name__ == "__main__":
    sys.exit(main())
