"""Keep what edges found, and chart it, until told to stop (SIGTERM, Ctrl-C).

python -m deploy.statistics.api --config ./work-dir/config.toml

GET / is a page with charts. POST /api/events takes an event or a list; GET /api/recent, /api/overview,
/api/classes, /api/sources and /api/timeline answer; GET /health says whether it works. With
deploy.statistics.api_key, all of /api/ needs `Authorization: Bearer <key>`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from share.errors import ServiceError, VisionError
from share.kernel import asked_by, refused
from share.settings import Settings, read_settings, told
from share.web import Limits, Service, until_told

import runpact
from deploy.statistics.routes import Statistics
from runpact.telemetry import init_stats_db


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop."""
    asked = asked_by(arguments, __doc__)
    try:
        settings = read_settings(asked)
        serve(settings)
    except VisionError as error:
        return refused(error)
    return 0


def serve(settings: Settings) -> None:
    """Open the database, take the port, serve.

    Raises:
        ServiceError: One of them cannot be had.
    """
    said = settings["deploy"]["statistics"]
    try:
        store = init_stats_db(said["db_path"])
    except runpact.RunpactError as error:
        raise ServiceError(f"{said['db_path']}: {told(error)}") from error
    limits = Limits(
        key=said["api_key"], body_bytes=said["max_body_bytes"], per_second=said["rate_limit_per_second"]
    )
    mark = settings.root / "tmp" / "statistics_api.pid"
    with store, until_told() as stop:
        with Service(said["host"], said["port"], Statistics(store).routes(), limits).running() as service:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(f"{os.getpid()}\n", encoding="ascii")
            print(f"listening={service.address}", flush=True)
            stop.wait()
        _unmark(mark)
    print("stopped", flush=True)


def _unmark(mark: Path) -> None:
    """Take away what tells this process's number; another service's stays."""
    with contextlib.suppress(FileNotFoundError):
        if mark.read_text(encoding="ascii").strip() == str(os.getpid()):
            mark.unlink()


if __name__ == "__main__":
    sys.exit(main())
