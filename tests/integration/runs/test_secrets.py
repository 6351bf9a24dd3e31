"""No secret stands in what runpact writes, wherever it came from."""

import base64
import errno
import json
import os
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.disk.writer import RunWriter
from runpact.model.errors import ValueRefusedError

CONTRACT = """\
contract: test.secrets
version: "1.0.0"
workspace: {secrets: ["ACME_*", "!ACME_REGION"]}
kinds:
  run:
    at: "runs/{name}"
    entries:
      - {file: config.json, written: start, fields: run.config}
      - {file: run_info.json, fields: {command: run.command, error: run.error}}
"""
PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary05b3BlbnNzaC1rZXktdjE\ncanary05AAAAB3NzaC1yc2E\n"
ENVIRONMENT = {
    "HUB_API_TOKEN": "canary01-a1B2c3",
    "DB_PASSWORD": 'canary02 "quoted" /+ß',
    "ACME_LICENCE": "canary03-licence",
    "BUILD_STAMP": "canary04-by-option",
    "DEPLOY_PRIVATE_KEY": PEM + "-----END OPENSSH PRIVATE KEY-----",
    "OTHER_NAME": "canary06-by-the-person",
    "DATABASE_URL": "postgres://ada:canary07-in-url@db/x",
    "RUNPACT_SECRETS": "OTHER_*",
}
ARGUMENTS = [
    *("--token", "canary08-argument", "--password=canary09-option", "-u", "ada:canary10-user"),
    *("db.password=canary11-dotted", "https://ada:canary12-address@host/path", "sk-canary13aaaaaaaaaaaaaaaa"),
]
CONFIG = {
    "wandb": {"api_key": "canary14-key", "project": "demo"},
    "db": {"password": 1515151515},
    "credentials": [{"user": "canary16-user"}],
    "bucket": "https://host/a?access_token=canary17abc&x=1",
    "licence": ENVIRONMENT["ACME_LICENCE"],
}
CANARIES = (
    *("canary01-a1B2c3", 'canary02 "quoted" /+ß', "canary03-licence", "canary04-by-option"),
    *("canary05b3BlbnNzaC1rZXktdjE", "canary05AAAAB3NzaC1yc2E", "canary06-by-the-person", "canary07-in-url"),
    *("canary08-argument", "canary09-option", "canary10-user", "canary11-dotted", "canary12-address"),
    *("canary13aaaa", "canary14-key", "1515151515", "canary16-user", "canary17abc", "canary18-override"),
    *("canary19aaaa", "canary20", "canary21", "canary22", "canary23", "canary24", "canary25", "canary26aaaa"),
)
assert len(CANARIES) >= 25

# The child prints every secret that it can know: at once, byte by byte, and across the border of a large
# piece; plain, and as JSON, Python, addresses and base64 write it.
CHILD = """
import base64, json, os, sys, urllib.parse
known = [os.environ[name] for name in json.loads(sys.argv[1])] + sys.argv[2:]
known += [os.environ["RUNPACT_CONFIG"], json.dumps(json.loads(os.environ["RUNPACT_CONFIG"]), indent=1)]
known += ["canary07-in-url", "canary08-argument", "canary09-option", "canary10-user", "canary11-dotted"]
known += ["canary12-address", "canary14-key", "canary16-user", "canary18-override", "1515151515"]
for stream in (sys.stdout.fileno(), sys.stderr.fileno()):
    for text in ("ghp_canary" + "26" + "a" * 20, "https://host/a?sig=canary" + "19" + "a" * 16):
        os.write(stream, f"{text}\\n{json.dumps(text)}\\n{repr(text)}\\n".encode())
        for byte in text.encode():
            os.write(stream, bytes([byte]))
    for text in known:
        forms = [text, json.dumps(text), json.dumps(text, ensure_ascii=False), repr(text)]
        forms += [urllib.parse.quote(text), base64.b64encode(b"ada:" + text.encode()).decode()]
        for form in forms:
            os.write(stream, form.encode() + b"\\n")
        for byte in text.encode():
            os.write(stream, bytes([byte]))
        os.write(stream, b"\\n")
    for text in known[:12]:
        for before in (262144 - 3, 65536 - 7, 4096 - 1):
            data = memoryview(b"." * before + text.encode() + b"\\n")
            while data:
                data = data[os.write(stream, data):]
"""


def bytes_of(directory: Path) -> dict[str, bytes]:
    files = {str(path): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}
    assert not [name for name, data in files.items() if data[:2] in {b"\x1f\x8b", b"PK", b"BZ"}]
    return files


def forms_of(canary: str) -> set[bytes]:
    spelled = {canary, json.dumps(canary)[1:-1], repr(canary)[1:-1], urllib.parse.quote(canary)}
    found = {text.encode() for text in spelled}
    for offset in range(3):
        text = base64.b64encode(b"-" * offset + canary.encode())
        found.add(text[4 if offset else 0 : len(text) // 4 * 4 - 4])
    return found


def leaks(directory: Path) -> list[tuple[str, str]]:
    names = [(str(path), path.name.encode()) for path in directory.rglob("*")]
    texts = [*bytes_of(directory).items(), *names]
    return [
        (canary, path)
        for canary in CANARIES
        for path, data in texts
        if any(f in data for f in forms_of(canary))
    ]


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A workspace in a repository with secrets in its remote, changes, lock and package."""
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "train.py").write_text("print('hello')\n")
    (tmp_path / ".gitignore").write_text("runs/\nsite/\nconfig.json\n")
    lock = tmp_path / "requirements.txt"
    lock.write_text("demo @ https://ada:canary25-lock@host/demo.zip\n")
    package = tmp_path / "site/demo-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
    (package / "direct_url.json").write_text(
        json.dumps({"url": "https://ada:canary20-package@host/demo.git", "vcs_info": {"vcs": "git"}})
    )
    git = shutil.which("git")
    assert git is not None
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for arguments in (
        ("init", "-q"),
        ("add", "train.py", "contract.yaml", ".gitignore", "requirements.txt"),
        ("commit", "-q", "-m", "first"),
        ("remote", "add", "origin", "https://oauth2:canary21-remote@host/project.git"),
    ):
        subprocess.run([git, *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "train.py").write_text(
        'API_KEY = "canary22-in-the-diff1"\nlicence = "canary03-licence"\nurl = "https://ada:canary23@host"\n'
    )
    (tmp_path / "notes.txt").write_text("password: canary24-untracked1\n")
    return tmp_path


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(folder / "site")}
    environment.pop("RUNPACT_WORKSPACE", None)
    return subprocess.run(
        [sys.executable, "-m", "runpact", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=100,
        check=False,
    )


def test_none_of_the_planted_canaries_is_found_in_any_byte_of_a_run(planted: Path) -> None:
    options = ["--config", "config.json", "--set", "db.passphrase=canary18-override", "--secret", "BUILD_*"]
    names = json.dumps([name for name in ENVIRONMENT if name != "RUNPACT_SECRETS"])
    done = run_in(
        planted, "run", "--name", "one", *options, "--", sys.executable, "-c", CHILD, names, *ARGUMENTS
    )
    assert done.returncode in {0, 1}, done.stderr[-2000:]
    assert b"canary01-a1B2c3" in done.stdout, "the terminal shows what was printed"
    run = planted / "runs/one"
    assert leaks(run) == []
    masking = json.loads((run / ".runpact/manifest.json").read_text())["provenance"]["masking"]
    assert masking["declared"] >= 15
    assert masking["places"]["command"] >= 6
    assert masking["places"]["config"] >= 6
    assert masking["places"]["files"] >= 4, "the diff, the untracked file; the lock file has lost its address"
    assert masking["places"]["logs/stdout.log"] == masking["places"]["logs/stderr.log"] > 200
    config = json.loads((run / "config.json").read_text())
    assert config["licence"] == "${env:ACME_LICENCE}"
    assert config["wandb"] == {"api_key": "[redacted]", "project": "demo"}
    assert config["db"] == {"password": "[redacted]", "passphrase": "[redacted]"}
    assert run_in(planted, "verify", "one").returncode == 0


def test_the_command_itself_is_given_everything(planted: Path) -> None:
    script = (
        "import os, sys; sys.exit('14-key' not in os.environ['RUNPACT_CONFIG'] or sys.argv[2] != 'sesame1')"
    )
    done = run_in(
        planted,
        *("run", "--name", "told", "--config", "config.json", "--"),
        *(sys.executable, "-c", script, "--token", "sesame1"),
    )
    assert done.returncode in {0, 1}, done.stderr[-2000:]


PROGRAM = """
import os, runpact
with runpact.run(name="inner", config={"api_key": "canary14-key"}, secrets="BUILD_STAMP", guard="off") as run:
    assert run.config == {"api_key": "canary14-key"}
    run.event("login", token="canary16-user", note=os.environ["HUB_API_TOKEN"])
    run.event("logout", secrets=[os.environ["DB_PASSWORD"]])
    run.event("odd", reason="by " + os.environ["BUILD_STAMP"] + " and " + os.environ["OTHER_NAME"])
    raise ValueError("cannot log in with " + os.environ["DB_PASSWORD"] + " and canary14-key")
"""


def test_events_and_errors_of_a_python_run_hold_none(planted: Path) -> None:
    (planted / "program.py").write_text(PROGRAM)
    environment = {**os.environ, **ENVIRONMENT}
    environment.pop("RUNPACT_WORKSPACE", None)
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=planted, env=environment, capture_output=True, check=False
    )
    assert b"ValueError: cannot log in" in done.stderr
    run = planted / "runs/inner"
    assert leaks(run) == []
    manifest = json.loads((run / ".runpact/manifest.json").read_text())
    assert manifest["outcome"]["error"] == "ValueError: cannot log in with [redacted] and [redacted]"
    assert manifest["provenance"]["masking"]["places"]["events"] >= 5


def test_runs_of_the_command_know_the_secrets_of_the_run_around(planted: Path) -> None:
    inner = (
        "import os, runpact\n"
        "with runpact.run(name='below', guard='off') as run:\n"
        "    run.event('said', text=os.environ['BUILD_STAMP'] + ' canary14-key')\n"
    )
    done = run_in(
        planted,
        *(
            "run",
            "--name",
            "above",
            "--secret",
            "BUILD_*",
            "--set",
            "api_key=canary14-key",
            "--guard",
            "off",
            "--",
        ),
        *(sys.executable, "-c", inner),
    )
    assert done.returncode in {0, 1}, done.stderr[-2000:]
    assert (planted / "runs/below/.runpact/seal").is_file()
    assert leaks(planted / "runs") == []


@pytest.mark.parametrize("name", ["ghp_0123456789abcdefghijABCDEF", "canary03-licence"])
def test_a_secret_is_refused_as_the_name_of_a_run(planted: Path, name: str) -> None:
    done = run_in(planted, "run", "--name", name, "--", "true")
    assert done.returncode == 64
    assert name.encode() not in done.stderr
    assert not (planted / "runs").exists()


def test_output_that_is_no_secret_is_stored_byte_by_byte(planted: Path) -> None:
    script = (
        "import os; os.write(1, bytes(range(256)) * 3000 + b'token'); os.write(2, b'no end of line, key')"
    )
    done = run_in(planted, "run", "--name", "plain", "--", sys.executable, "-c", script)
    assert done.returncode in {0, 1}, done.stderr[-2000:]
    assert (planted / "runs/plain/logs/stdout.log").read_bytes() == bytes(range(256)) * 3000 + b"token"
    assert (planted / "runs/plain/logs/stderr.log").read_bytes() == b"no end of line, key"


def test_a_variable_can_be_said_to_hold_no_secret(planted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(planted)
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    monkeypatch.setenv("ACME_REGION", "somewhere")
    monkeypatch.setenv("ODD_PASSWORD", "ordinary")
    monkeypatch.setenv("FILE_PASSWORD", str(planted / "notes.txt"))
    with runpact.run(name="open", config={"a": "somewhere ordinary"}, secrets=["!ODD_*"], guard="off") as run:
        run.event("seen", file=str(planted / "notes.txt"))
    text = (planted / "runs/open/.runpact/events.jsonl").read_text()
    assert str(planted / "notes.txt") in text
    assert json.loads((planted / "runs/open/config.json").read_text()) == {"a": "somewhere ordinary"}


def test_secrets_of_arguments_and_of_the_configuration_are_looked_for_in_the_output(place: Place) -> None:
    code, run = place.run_of(
        "echo one sesame1 two hunter22; echo $RUNPACT_CONFIG", "--set", "db.password=hunter22"
    )
    assert code == 2
    assert (run / "logs/stdout.log").read_text().splitlines()[0] == "one sesame1 two [redacted]"
    place.call("run", "--name", "b", "--", "echo", "--token", "sesame1", "and sesame1", "--password=${env:X}")
    run = place.root / place.runs()[0]["path"]
    assert (run / "logs/stdout.log").read_text() == "--token [redacted] and [redacted] --password=${env:X}\n"


def test_an_outer_configuration_that_cannot_be_read_is_passed_over(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPACT_CONFIG", "{no json")
    assert place.run_of("true")[1].is_dir()


def test_an_event_that_is_no_plain_data_is_refused_as_ever(place: Place) -> None:
    with (
        runpact.run(name="odd", guard="off", unsafe_skip_check=True) as run,
        pytest.raises(ValueRefusedError),
    ):
        run.event("odd", field=object())
    assert '"odd"' not in (place.root / run.dir / ".runpact/events.jsonl").read_text()


@pytest.mark.parametrize("refused_from", [1, 2])
def test_output_that_cannot_be_stored_is_told_also_when_it_was_kept_back(
    place: Place, monkeypatch: pytest.MonkeyPatch, refused_from: int
) -> None:
    real = RunWriter.open_stream

    def refusing(writer: RunWriter, relative: str) -> Callable[[bytes], None]:
        store, pieces = real(writer, relative), []

        def keep(piece: bytes) -> None:
            pieces.extend([piece] if piece else [])
            if len(pieces) >= refused_from:
                raise OSError(errno.ENOSPC, "full")
            store(piece)

        return keep

    monkeypatch.setattr(RunWriter, "open_stream", refusing)
    code, answer = place.json("run", "--", "printf", "first and token=")
    assert code == 3
    assert answer["reason"] == "its output could not be stored: No space left on device"


MARKING = {"type": "object", "properties": {"login": {"type": "string", "writeOnly": True}}}


def test_what_the_schema_of_the_configuration_marks_is_masked_and_named_by_its_variable(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(
        "contract.yaml",
        CONTRACT.replace("fields: run.config}", f"fields: run.config, schema: {json.dumps(MARKING)}}}"),
    )
    monkeypatch.setenv("ACME_LOGIN", "ada-lovelace")
    code, run = place.run_of("echo as ada-lovelace", "--set", "login=ada-lovelace", "--name", "one")
    assert (code, json.loads((run / "config.json").read_text())) == (0, {"login": "${env:ACME_LOGIN}"})
    assert (run / "logs/stdout.log").read_text() == "as [redacted]\n"
    assert "masked in 4 places: command, config, logs/stdout.log" in place.call("show", "one")[1]
    code, run = place.run_of("echo as grace-hopper", "--set", "login=grace-hopper", "--name", "two")
    assert (code, json.loads((run / "config.json").read_text())) == (0, {"login": "[redacted]"})
    assert (run / "logs/stdout.log").read_text() == "as [redacted]\n"
    assert json.loads((run / ".runpact/run.json").read_text())["provenance"]["config"]["overrides"] == [
        "login=[redacted]"
    ]


def test_each_run_of_a_process_masks_the_secrets_that_its_environment_has_by_then(
    planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(planted)
    monkeypatch.setenv("OMP_PLACES", "{0}")
    recorded = []
    for name, places in (("plain", "{0}"), ("secret", "ghp_0123456789abcdefghijABCDEF"), ("again", "{0}")):
        monkeypatch.setenv("OMP_PLACES", places)
        with runpact.run(name=name, guard="off") as run:
            recorded.append(run.provenance.environment.variables["OMP_PLACES"])
    assert recorded == ["{0}", "[redacted]", "{0}"]


def test_a_secret_variable_set_between_two_runs_of_a_process_is_masked_in_the_second(
    planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(planted)
    seen = []
    for name in ("before", "after"):
        with runpact.run(name=name, guard="off", config={"note": "set-between-9f3a"}) as run:
            seen.append(json.loads((Path(run.dir) / "config.json").read_text())["note"])
        monkeypatch.setenv("LATE_PASSWORD", "set-between-9f3a")
    assert seen[0] == "set-between-9f3a"
    assert "set-between-9f3a" not in seen[1]
