"""One minimal run with MLflow, in an SQLite store."""

import logging
import os
import sys

import mlflow
from protocol import measured

logging.disable(logging.CRITICAL)
mlflow.set_tracking_uri("sqlite:///" + os.path.join(sys.argv[1], "mlflow.db"))
mlflow.create_experiment("minimal", artifact_location="file://" + os.path.join(sys.argv[1], "artifacts"))
mlflow.set_experiment("minimal")


def one_run(_number):
    with mlflow.start_run():
        mlflow.log_param("rate", 0.1)
        mlflow.log_metric("loss", 0.5)
        mlflow.log_dict({"loss": 0.5}, "metrics.json")


def points(count):
    with mlflow.start_run():
        for step in range(count):
            mlflow.log_metric("loss", 0.5, step=step)


measured(mlflow.__version__, one_run, points=points, count=200, lacks="digests")
