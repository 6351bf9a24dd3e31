"""Inference over HTTP: one run from the first request to the last."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from deploy.edge.cli import main as edge
from deploy.remote.cli import main

from examples.vision.workbench import EXAMPLE, System
from runpact.cli.main import run_command_line


def served(system: System, *settings: str) -> subprocess.Popen[str]:
    """Start a service in a process of its own."""
    sets = [part for text in ("deploy.remote.port=0", *settings) for part in ("--set", text)]
    command = [sys.executable, "-m", "deploy.remote.cli", "--config", str(system.config)]
    return subprocess.Popen(
        [*command, "--workdir", str(system.root), *sets],
        cwd=EXAMPLE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )


def address(service: subprocess.Popen[str]) -> str:
    line = service.stdout.readline()
    found = re.fullmatch(r"listening=(http://127\.0\.0\.1:\d+)\n", line)
    assert found, line + service.stderr.read()
    return found[1]


@pytest.mark.requirement("D8.1", "D8.11", "D8.12")
def test_an_edge_may_have_its_frames_judged_elsewhere(copied: System) -> None:
    with served(copied, "deploy.remote.api_key=${env:VISION_KEY}") as refused:
        assert refused.wait() == 2
    key = secrets.token_hex(12)
    os.environ["VISION_KEY"] = key
    try:
        with served(copied, "deploy.remote.api_key=${env:VISION_KEY}") as service:
            url = address(service)
            assert copied.call(edge) == 0
            here = copied.newest()["artifacts"]
            remote = ["deploy.edge.mode=remote", f"deploy.edge.remote_url={url}"]
            assert copied.call(edge, *remote) == 1
            assert copied.call(edge, *remote, "deploy.edge.remote_api_key=${env:VISION_KEY}") == 0
            there = copied.newest()
            assert (there["deploy_mode"], there["artifacts"]["counts_by_class"]) == (
                "remote",
                here["counts_by_class"],
            )
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"{url}/v1/detect", data=b"no image")  # noqa: S310 - our own service
            caught.value.close()
            assert caught.value.code == 401
            service.send_signal(signal.SIGTERM)
            output, problems = service.communicate(timeout=30)
            assert (service.returncode, problems) == (0, "")
    finally:
        del os.environ["VISION_KEY"]
    run = copied.root / "runs" / re.search(r"run_id=(.*)", output)[1]
    assert "status=ok" in output
    where = ["--workspace", str(EXAMPLE), "--workdir", str(copied.root)]
    assert run_command_line(["check", *where, str(run)]) == 0
    recorded = b"".join(path.read_bytes() for path in copied.root.glob("runs/**/*") if path.is_file())
    assert key.encode() not in recorded
    assert b"${env:VISION_KEY}" in recorded


def test_a_service_may_end_after_so_many_answers(copied: System, capsys: pytest.CaptureFixture[str]) -> None:
    codes: list[int] = []

    class Printed:
        """Takes what is printed, and asks the service once its address is known."""

        def write(self, text: str) -> int:
            found = re.match(r"listening=(\S+)", text)
            if found:
                threading.Thread(target=ask, args=(found[1],)).start()
            return len(text)

        def flush(self) -> None:
            """Keep nothing."""

    def ask(url: str) -> None:
        image = (copied.root / "datasets/unlabeled/scene_0000.png").read_bytes()
        for body in (b"no image", image, image):
            try:
                with urllib.request.urlopen(f"{url}/v1/detect", data=body) as answer:  # noqa: S310 - our own
                    codes.append(answer.status)
            except urllib.error.HTTPError as error:
                codes.append(error.code)
                error.close()

    before, sys.stdout = sys.stdout, Printed()
    try:
        code = copied.call(main, "deploy.remote.port=0", "deploy.remote.max_requests=2")
    finally:
        sys.stdout = before
    assert code == 0
    assert copied.newest()["backend"] == "onnxruntime"
    block = copied.newest()["artifacts"]
    assert (codes, block["answered"], block["refused"]) == ([400, 200, 200], 2, 1)


@pytest.mark.requirement("D14.5")
def test_a_port_in_use_is_a_service_fault_and_a_sealed_run(
    copied: System, capsys: pytest.CaptureFixture[str]
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert copied.call(main, f"deploy.remote.port={port}") == 3
    assert "it is in use already" in capsys.readouterr().err
    assert copied.newest("metrics.json")["status"] == "failed"
    assert Path(copied.runs()[-1] / ".runpact/seal").is_file()
