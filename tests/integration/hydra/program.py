"""A program of Hydra and its configurations."""

from __future__ import annotations

from integration.runs.place import Place

CONTRACT = """\
contract: test.hydra
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}-{started:%Y%m%d}"
    clash: "-{n:02}"
    entries: [{file: config_resolved.yaml, written: start, fields: run.config_resolved}]
  sweep:
    at: "sweeps/{name}-{started:%Y%m%d}"
    clash: "-{n:02}"
    entries: [{file: leaderboard.csv, required: 'run.state == "finished"'}]
"""
CONFIG = """\
defaults: [_self_, {model: small}]
lr: 0.1
double: ${lr}
twin: ${model}
seed: 7
"""
PROGRAM = """\
import dataclasses
import logging

import runpact
import runpact.hydra


@dataclasses.dataclass
class Model:
    width: int


@dataclasses.dataclass
class Settings:
    lr: float
    double: float
    model: Model
    twin: Model
    seed: int = 0


@runpact.hydra.main("conf", "config", typed=Settings)
def train(settings):
    assert type(settings) is Settings, settings
    logging.getLogger("train").info("width %d", settings.model.width)
    runpact.current().save("metrics.json", {"loss": settings.lr})
    return settings.lr


if __name__ == "__main__":
    train()
"""


def write_conf(place: Place, folder: str) -> None:
    place.write(f"{folder}/config.yaml", CONFIG)
    place.write(f"{folder}/model/small.yaml", "width: 8\n")
    place.write(f"{folder}/model/large.yaml", "width: 64\n")
