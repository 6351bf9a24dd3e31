"""`runpact sessions`: what is told of sessions, whatever became of them, and how they are ended."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import CannotStartError, StorageError, UsageError
from runpact.model.run import Owner
from runpact.verbs.contracts.load_contract import load_contract
from runpact.verbs.life import finish
from runpact.verbs.life.opened import OpenRun
from runpact.verbs.session import abort as abort_verb
from runpact.verbs.session.abort import abort_session
from runpact.verbs.session.look import judge_readiness, look_at, session_kinds
from runpact.workspace import Workspace
from runpact.workspace import sessions as front

CONTRACT = """\
contract: acme.desk
version: "1.0.0"
extends: runpact:run-registry@1
"""
CONFIG = {"ticker": "SPY", "start": "2020-01-01", "end": "2021-01-01", "interval": "1d", "fee": 0.001}
SESSIONS = "outputs/paper_sessions"
INDEX = tuple(f"{SESSIONS}/paper_sessions_index.{form}" for form in ("csv", "json", "md"))
PROGRAM = """\
import sys, time, runpact
with runpact.run(kind="session", name=sys.argv[1], workspace=sys.argv[2], config={config!r}) as session:
    print("open", flush=True)
    {body}
"""


class Paper:
    """A workspace with paper sessions."""

    def __init__(self, place: Place) -> None:
        """Write its contract."""
        self.place = place
        self.root = place.root
        place.write("contract.yaml", CONTRACT)
        self._children: list[subprocess.Popen[bytes]] = []

    def folder(self, name: str) -> Path:
        """Return the directory of a session."""
        return self.root / SESSIONS / name

    def status(self, name: str) -> dict:
        """Return what the lifecycle document of a session tells."""
        return json.loads((self.folder(name) / "session_status.json").read_text())

    def session(self, name: str, **options: object) -> runpact.PendingRun:
        """Return a session to be."""
        asked = {"workspace": self.root, "kind": "session", "durability": "none", "config": CONFIG}
        return runpact.run(name=name, **{**asked, **options})

    def success(self, name: str) -> Path:
        """Make a session that succeeds."""
        with self.session(name) as session:
            session.log({"total_return": 0.1, "trades": 3})
            session.save("trades.csv", [{"price": 1.0}])
            session.save("run_report.md", "# Report\n")
        return self.folder(name)

    def failure(self, name: str, error: BaseException) -> Path:
        """Make a session that ends with an exception."""
        with pytest.raises(type(error)), self.session(name):
            raise error
        return self.folder(name)

    def begin(self, name: str, body: str = "time.sleep(60)") -> subprocess.Popen[bytes]:
        """Begin a session in a process of its own, and return that once the session is open."""
        program = PROGRAM.format(config=CONFIG, body=body)
        child = subprocess.Popen(
            [sys.executable, "-c", program, name, str(self.root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        return child

    def killed(self, name: str, body: str = "time.sleep(60)") -> Path:
        """Make a session whose process is killed."""
        child = self.begin(name, body)
        child.kill()
        child.wait()
        return self.folder(name)

    def healths(self) -> dict[str, str]:
        """Return the health of each session."""
        _code, document = self.place.json("sessions", "list")
        return {each["id"]: each["health"] for each in document["sessions"]}

    def alerts(self, *options: str) -> tuple[int, str, list[tuple[str, str]]]:
        """Return the exit code of the alerts, their status, and code and session of each."""
        code, document = self.place.json("sessions", "alerts", *options)
        found = [(each["code"], each["session_id"]) for each in document["alerts"]]
        return code, document["alert_status"], found

    def end(self) -> None:
        """End what is still alive."""
        for child in self._children:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()


@pytest.fixture
def paper(empty: Place) -> Iterator[Paper]:
    made = Paper(empty)
    yield made
    made.end()


@pytest.mark.requirement("E6.3", "E6.5", "E6.7", "E6.8", "E12.1")
def test_the_lifecycle_document_follows_the_session_and_nothing_contradicts_it(paper: Paper) -> None:
    with paper.session("s1") as session:
        born = paper.status("s1")
        assert (born["status"], born["status_reason"], born["terminal"]) == ("running", "active", False)
        assert born["started_at"] == born["updated_at"] == session.started
        assert born.keys().isdisjoint({"finished_at", "duration_seconds", "error_type"})
        session.beat()
        assert paper.status("s1")["updated_at"] > born["updated_at"]
        session.log({"total_return": 0.1})
        session.save("trades.csv", [{"a": 1}])
        session.save("run_report.md", "# R\n")
    ended = paper.status("s1")
    assert (ended["status"], ended["status_reason"], ended["terminal"]) == ("success", "completed", True)
    assert ended["finished_at"] == ended["updated_at"] > ended["started_at"]
    assert ended["finished_at"].endswith("Z")
    assert ended["duration_seconds"] > 0
    metadata = json.loads((paper.folder("s1") / "session_metadata.json").read_text())
    assert "status" not in metadata


@pytest.mark.requirement("E6.6")
def test_metadata_configuration_and_status_are_there_before_the_programs_code(paper: Paper) -> None:
    with paper.session("s1", unsafe_skip_check=True):
        names = {path.name for path in paper.folder("s1").iterdir()}
    assert {"session_metadata.json", "config.json", "session_status.json"} <= names


@pytest.mark.requirement("E6.6")
def test_success_is_told_after_the_report_and_all_else(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    paper.place.write(
        "contract.yaml",
        CONTRACT + "kinds: {session: {entries: [{file: run_report.md, fields: run.id}]}}",
    )
    seen = []
    commit = finish._commit

    def looked(run: OpenRun, *arguments: object) -> object:
        names = ("report.json", "session_status.json", "metrics.json", "run_report.md")
        seen.append([Path(run.dir, name).stat().st_mtime_ns for name in names])
        return commit(run, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(finish, "_commit", looked)
    with paper.session("s1", unsafe_skip_check=True):
        pass
    ((report, status, metrics, page),) = seen
    assert max(metrics, page) < report < status
    assert paper.status("s1")["status"] == "success"


@pytest.mark.requirement("E6.3", "E6.4", "E6.5")
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("no price"), ("failed", "exception", "ValueError", "no price")),
        (KeyboardInterrupt(), ("aborted", "operator_abort", "KeyboardInterrupt", "KeyboardInterrupt")),
    ],
)
def test_a_session_tells_why_it_did_not_succeed(
    paper: Paper, error: BaseException, expected: tuple[str, ...]
) -> None:
    paper.failure("s1", error)
    told = paper.status("s1")
    assert (told["status"], told["status_reason"], told["error_type"], told["message"]) == expected
    assert paper.place.call("check", "s1")[0] == 0


@pytest.mark.requirement("E5.3", "E5.9", "E6.2", "E6.9")
def test_sessions_have_a_registry_of_their_own_which_every_end_renews(paper: Paper) -> None:
    with runpact.run(workspace=paper.root, kind="run", config=CONFIG, durability="none"):
        pass
    runs = [paper.root / f"outputs/runs/runs_index.{form}" for form in ("csv", "json", "md")]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in runs]
    directories = sorted(path.name for path in (paper.root / "outputs/runs").iterdir())
    listed = []
    for name in ("a", "b", "c"):
        if name == "a":
            paper.success(name)
        else:
            paper.failure(name, ValueError() if name == "b" else KeyboardInterrupt())
        document = json.loads((paper.root / INDEX[1]).read_text())
        listed.append([(row["session_id"], row["status"]) for row in document["sessions"]])
    assert listed[-1] == [("a", "success"), ("b", "failed"), ("c", "aborted")]
    assert [len(each) for each in listed] == [1, 2, 3]
    header = (paper.root / INDEX[0]).read_text().splitlines()[0]
    assert len(header.split(",")) == 13
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in runs] == before
    assert sorted(path.name for path in (paper.root / "outputs/runs").iterdir()) == directories


@pytest.mark.requirement("E6.9")
def test_index_writes_the_files_of_sessions_alone(paper: Paper) -> None:
    paper.success("s1")
    (paper.root / INDEX[0]).unlink()
    code, document = paper.place.json("sessions", "index", "--check")
    assert code == 2
    assert [file["state"] for file in document["files"]] == ["missing", "current", "current"]
    code, document = paper.place.json("sessions", "index")
    assert code == 0
    assert [file["path"] for file in document["files"]] == list(INDEX)
    assert paper.place.call("sessions", "index")[1].count("current") == 3
    assert not (paper.root / "outputs/runs/runs_index.csv").exists()


def test_an_index_of_sessions_that_never_were_is_not_missing(paper: Paper) -> None:
    assert paper.place.call("sessions", "index", "--check")[0] == 0
    paper.success("s1")
    (paper.root / INDEX[0]).unlink()
    assert paper.place.call("sessions", "index", "--check")[0] == 2


def test_a_session_that_succeeded_and_breaks_its_contract_is_told(paper: Paper) -> None:
    paper.success("a")
    with paper.session("b", unsafe_skip_check=True):
        pass
    assert paper.healths() == {"a": "ended", "b": "ended"}
    code, document = paper.place.json("sessions", "alerts")
    (alert,) = document["alerts"]
    assert (code, alert["code"], alert["session_id"]) == (3, "PAPER_SESSION_BROKEN", "b")
    assert alert["message"].startswith("it tells `success`, but does not keep its contract: ")
    code, report = paper.place.json("sessions", "health")
    assert (code, report["alerts"]) == (3, {"PAPER_SESSION_BROKEN": 1})
    assert paper.place.json("sessions", "promotion")[1]["candidates"] == ["a"]
    code, out, _err = paper.place.call("sessions", "promotion", "b")
    assert code == 2
    assert "its contract is broken: " in out


def test_a_directory_of_others_without_a_document_tells_nothing(paper: Paper) -> None:
    paper.place.write(f"{SESSIONS}/bare/config.json", "{}")
    assert paper.healths() == {"bare": "stale"}


@pytest.mark.parametrize("text", ['{"session_id', '["success"]', '{"status": "zzz", "terminal": true}'])
def test_a_document_of_others_that_tells_nothing_is_damaged(paper: Paper, text: str) -> None:
    paper.place.write(f"{SESSIONS}/bad/session_status.json", text)
    assert paper.alerts() == (3, "critical", [("PAPER_SESSION_DAMAGED", "bad")])
    assert "document" in paper.place.call("sessions", "show", "bad")[1]


@pytest.mark.requirement("E6.5", "E6.10")
def test_a_killed_session_is_stale_at_once_and_its_end_can_be_recorded(paper: Paper) -> None:
    paper.killed("s1")
    assert paper.status("s1")["status"] == "running"
    assert paper.healths() == {"s1": "stale"}
    assert paper.alerts() == (1, "warning", [("PAPER_SESSION_STALE", "s1")])
    code, document = paper.place.json("sessions", "abort", "s1")
    assert (code, document["done"], document["state"]) == (0, "recorded", "interrupted")
    told = paper.status("s1")
    assert (told["status"], told["status_reason"]) == ("aborted", "process_gone")
    assert paper.alerts() == (1, "warning", [("PAPER_SESSION_ABORTED", "s1")])
    assert json.loads((paper.root / INDEX[1]).read_text())["sessions"][0]["status"] == "aborted"
    assert paper.place.call("verify", "s1")[0] == 0
    assert paper.place.json("sessions", "abort", "s1")[1]["done"] == "nothing"


def test_the_doctor_records_that_the_process_of_a_session_was_gone(paper: Paper) -> None:
    paper.killed("s1")
    paper.place.call("doctor", "--fix")
    told = paper.status("s1")
    assert (told["status"], told["status_reason"]) == ("aborted", "process_gone")
    assert paper.place.call("check", "s1")[0] == 0
    assert paper.place.call("sessions", "index", "--check")[0] == 0
    assert json.loads((paper.root / INDEX[1]).read_text())["sessions"][0]["status"] == "aborted"


@pytest.mark.requirement("E6.8")
@pytest.mark.parametrize("words", [("doctor", "--fix"), ("sessions", "abort", "s1")])
def test_the_recorded_end_of_a_killed_session_is_not_before_its_last_beat(
    paper: Paper, words: tuple[str, ...]
) -> None:
    beats = "for _ in range(3):\n        time.sleep(0.05); session.beat()\n    print('beat', flush=True)"
    child = paper.begin("s1", f"{beats}; time.sleep(60)")
    assert child.stdout is not None
    assert child.stdout.readline() == b"beat\n"
    child.kill()
    child.wait()
    heard = paper.status("s1")["updated_at"]
    assert paper.place.call(*words)[0] == 0
    told = paper.status("s1")
    assert told["updated_at"] == told["finished_at"] == heard
    assert told["duration_seconds"] >= 0.15
    assert told["status_reason"] == "process_gone"


def test_an_end_that_was_told_before_a_kill_stays_what_it_was(paper: Paper) -> None:
    body = """
    session.log({"total_return": 0.1})
    session.save("trades.csv", [{"a": 1}]); session.save("run_report.md", "# R")
    from runpact.verbs.life import finish
    finish._commit = lambda *a: (print("told", flush=True), time.sleep(60))"""
    child = paper.begin("s1", body.strip())
    assert child.stdout is not None
    assert child.stdout.readline() == b"told\n"
    child.kill()
    child.wait()
    assert paper.status("s1")["status"] == "success"
    assert paper.healths() == {"s1": "stale"}
    paper.place.call("doctor", "--fix")
    assert paper.healths() == {"s1": "ended"}
    assert paper.status("s1")["status"] == "success"
    assert paper.place.call("verify", "s1")[0] == 0


@pytest.mark.requirement("E6.9")
def test_a_living_session_is_asked_to_end(paper: Paper) -> None:
    child = paper.begin("s1")
    assert paper.healths() == {"s1": "running"}
    assert paper.alerts("--stale-minutes", "0.0001") == (0, "ok", [])
    code, out, _err = paper.place.call("sessions", "abort", "s1")
    assert (code, out) == (0, f"interrupted {SESSIONS}/s1: its process ended it\n")
    child.wait()
    told = paper.status("s1")
    assert (told["status"], told["status_reason"]) == ("aborted", "operator_abort")


def test_a_session_that_does_not_answer_is_killed_when_that_is_said(paper: Paper) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"
    child = paper.begin("s1", f"{deaf}; time.sleep(60)")
    assert child.stdout is not None
    assert child.stdout.readline() == b"deaf\n"
    code, _out, err = paper.place.call("sessions", "abort", "s1", "--wait", "0.1")
    assert code == 3
    assert "error[not-ended]" in err
    assert "--kill" in err
    code, document = paper.place.json("sessions", "abort", "s1", "--wait", "0.1", "--kill")
    assert (code, document["done"]) == (0, "killed")
    told = paper.status("s1")
    assert told["status_reason"] == "operator_abort"
    assert told["duration_seconds"] >= 0.2
    assert told["message"] == "somebody ended its process, which had not sealed it"
    child.wait()


def test_who_cannot_be_asked_is_not_taken_for_dead(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    child = paper.begin("s1")
    monkeypatch.setattr(abort_verb, "ask_to_end", lambda _owner, is_killed: is_killed)
    with pytest.raises(StorageError, match="cannot be asked"):
        abort_session(str(paper.root), f"{SESSIONS}/s1", wait_seconds=0, is_killed=False)

    def gone(_owner: Owner, *, is_killed: bool) -> bool:
        child.kill()
        child.wait()
        return is_killed

    monkeypatch.setattr(abort_verb, "ask_to_end", gone)
    ended = abort_session(str(paper.root), f"{SESSIONS}/s1", wait_seconds=0, is_killed=False)
    assert ended.done == "recorded"


def moved_to_another_host(folder: Path) -> None:
    path = folder / ".runpact/run.json"
    record = json.loads(path.read_text())
    record["owner"] |= {"host_id": "elsewhere", "boot_id": "another"}
    path.write_text(json.dumps(record))


def test_a_session_on_another_host_is_stale_by_its_age_alone(paper: Paper) -> None:
    moved_to_another_host(paper.killed("s1"))
    assert paper.healths() == {"s1": "quiet"}
    assert paper.alerts() == (0, "ok", [])
    code, status, found = paper.alerts("--stale-minutes", "0.00001")
    assert (code, status, found) == (1, "warning", [("PAPER_SESSION_STALE", "s1")])
    code, _out, err = paper.place.call("sessions", "abort", "s1")
    assert code == 2
    assert "cannot be ended from here" in err


@pytest.mark.parametrize("age", ["0", "-1", "nan"])
def test_an_age_that_is_none_is_refused(paper: Paper, age: str) -> None:
    code, _out, err = paper.place.call("sessions", "alerts", f"--stale-minutes={age}")
    assert code == 64
    assert "more than 0" in err


@pytest.mark.requirement("E6.9", "E6.10")
def test_list_show_health_and_alerts_agree(paper: Paper) -> None:
    assert paper.place.call("sessions", "list")[1].startswith("no sessions below")
    assert paper.place.call("sessions", "health")[0] == 0
    paper.success("a")
    paper.failure("b", ValueError("no price"))
    paper.killed("c")
    _code, out, _err = paper.place.call("sessions", "list")
    assert [line.split()[0] for line in out.splitlines()] == ["HEALTH", "stale", "failed", "ended"]
    code, out, _err = paper.place.call("sessions", "show", "b")
    assert (code, out.splitlines()[0]) == (0, f"failed {SESSIONS}/b")
    assert "message           no price" in out
    _code, shown = paper.place.json("sessions", "show", "b")
    assert shown["session"]["error_type"] == "ValueError"
    code, report = paper.place.json("sessions", "health")
    assert (code, report["verdict"], report["sessions"]) == (3, "ERROR", 3)
    assert report["by_health"] == {"ended": 1, "failed": 1, "stale": 1}
    assert report["alerts"] == {"PAPER_SESSION_FAILED": 1, "PAPER_SESSION_STALE": 1}
    paper.begin("d")
    code, out, _err = paper.place.call("sessions", "health")
    assert "running now: d" in out
    assert "PAPER_SESSION_FAILED: 1" in out
    code, out, _err = paper.place.call("sessions", "alerts")
    assert code == 3
    assert "critical[PAPER_SESSION_FAILED]" in out
    assert "2 alerts on 4 sessions" in out


@pytest.mark.requirement("E6.11")
def test_promotion_gives_reasons_and_blockers(paper: Paper) -> None:
    paper.success("a")
    paper.failure("b", ValueError("x"))
    code, document = paper.place.json("sessions", "promotion")
    assert (code, document["candidates"]) == (0, ["a"])
    found = {each["session_id"]: each for each in document["sessions"]}
    assert found["a"]["reasons"] == [
        "status_is_success",
        "terminal",
        "mode_is_paper",
        "report_present",
        "contract_type_is_paper",
        "no_error",
    ]
    assert {"it is failed", "status_is_success", "no_error"} <= set(found["b"]["blockers"])
    code, out, _err = paper.place.call("sessions", "promotion", "b")
    assert code == 2
    assert "candidates: none" in out


@pytest.mark.requirement("E6.11")
def test_a_session_whose_files_were_changed_is_not_ready(paper: Paper) -> None:
    folder = paper.success("a")
    for name in ("trades.csv", "run_report.md", "metrics.json", "config.json"):
        (folder / name).write_text("{}")
    _code, document = paper.place.json("sessions", "promotion")
    blockers = document["sessions"][0]["blockers"]
    assert document["candidates"] == []
    assert blockers[-1] == "and 1 more faults of its records"


def test_a_document_that_tells_something_else_than_the_seal_is_damage(paper: Paper) -> None:
    folder = paper.success("a")
    (folder / "session_status.json").write_text('{"status": NaN')
    assert paper.alerts() == (3, "critical", [("PAPER_SESSION_DAMAGED", "a")])
    (folder / "session_status.json").write_text('{"status": "running", "terminal": false}')
    assert paper.healths() == {"a": "damaged"}
    assert "tells `running`" in paper.place.call("sessions", "alerts")[1]


@pytest.mark.parametrize("status", ["{}", "[]", "7", "9" * 400, "-" + "9" * 400, "true", '"\\u0000"'])
def test_a_hostile_status_document_hides_no_other_session(paper: Paper, status: str) -> None:
    paper.success("a")
    (paper.success("b") / "session_status.json").write_text(f'{{"status": {status}}}')
    for words in (("ls",), ("doctor",), ("check",), ("sessions", "alerts"), ("sessions", "index")):
        assert "internal" not in "".join(paper.place.call(*words)[1:]), words
    assert paper.healths() == {"a": "ended", "b": "damaged"}
    assert paper.place.call("check", "a")[0] == 0
    assert paper.place.call("check", "b")[0] == 3


def test_what_is_no_session_is_refused(paper: Paper) -> None:
    with runpact.run(workspace=paper.root, kind="run", config=CONFIG, durability="none") as run:
        pass
    code, _out, err = paper.place.call("sessions", "show", run.id)
    assert code == 2
    assert "is no session" in err
    code, _out, err = paper.place.call("sessions", "list", "--kind", "run")
    assert code == 64
    assert "no kind of sessions" in err
    assert paper.place.call("sessions", "list", "--kind", "session")[0] == 0


def test_a_contract_without_sessions_says_what_one_needs(place: Place) -> None:
    code, _out, err = place.call("sessions", "list")
    assert code == 2
    assert "no kind of contract" in err


@pytest.mark.requirement("E6.1")
def test_sessions_that_runpact_did_not_make_are_judged_by_their_document(paper: Paper) -> None:
    source = Path(runpact.__file__).parent / "packs/run-registry@1/trees/good" / SESSIONS
    shutil.copytree(source, paper.root / SESSIONS)
    assert paper.healths() == {"20260309_080000_paper": "ended", "20260310_080000_paper": "aborted"}
    shown = front.show(Workspace.open(workspace=str(paper.root)), "20260309_080000_paper")
    assert (shown.kind, shown.duration_seconds) == ("session", 600.0)
    code, _out, err = paper.place.call("sessions", "abort", "20260310_080000_paper")
    assert code == 2
    assert "cannot be ended from here" in err


def test_a_session_of_a_command_beats_in_its_log(paper: Paper) -> None:
    program = "import runpact; runpact.current().beat(); runpact.current().save('trades.csv', [{'a': 1}])"
    paper.place.write("config.json", json.dumps(CONFIG))
    code, _out, _err = paper.place.call(
        *("run", "--kind", "session", "--name", "s1", "--config", "config.json"),
        *("--", sys.executable, "-c", program + "; raise SystemExit(3)"),
    )
    assert code == 3
    told = paper.status("s1")
    assert (told["status"], told["message"]) == ("failed", "the command exited with 3")
    events = (paper.folder("s1") / ".runpact/events.jsonl").read_text()
    assert '"session.beat"' in events


def test_a_beat_of_another_kind_of_run_does_nothing(paper: Paper) -> None:
    with runpact.run(workspace=paper.root, kind="run", config=CONFIG, durability="none") as run:
        before = sorted(Path(run.dir).iterdir())
        run.beat()
        assert sorted(Path(run.dir).iterdir()) == before


@pytest.mark.requirement("E6.7")
def test_a_session_that_cannot_be_sealed_as_it_ended_tells_that_it_failed(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []

    def refuse(_run: OpenRun, _inventory: object) -> object:
        if not refused:
            refused.append(True)
            raise StorageError("the disk is full")
        return (), ()

    monkeypatch.setattr(finish, "inventory", refuse)
    session = paper.session("s1")
    with pytest.raises(StorageError, match="full"), session:
        pass
    told = paper.status("s1")
    assert (told["status"], told["error_type"]) == ("failed", "StorageError")
    assert paper.healths() == {"s1": "failed"}


def test_two_sessions_of_one_name_tell_their_own_ids(paper: Paper) -> None:
    with paper.session("s1", unsafe_skip_check=True), paper.session("s1", unsafe_skip_check=True) as second:
        assert second.id == "s1-01"
        assert paper.status("s1-01")["session_id"] == "s1-01"


def test_readiness_of_a_session_that_cannot_be_read_is_blocked(paper: Paper) -> None:
    folder = paper.success("a")
    loaded = load_contract(str(paper.root / "contract.yaml"))
    kind = loaded.contract.kinds["session"]
    place = Workspace.open(workspace=str(paper.root))
    seen = look_at(str(paper.root), kind, place.summary("a"))
    others = load_contract("runpact:project-run@1")
    shutil.rmtree(folder / ".runpact")
    assert not judge_readiness(str(paper.root), others, kind, seen).ready
    with pytest.raises(CannotStartError, match="is a session"):
        session_kinds(others.contract)


def test_a_command_for_reproduction_is_words(paper: Paper) -> None:
    with paper.session("s1", unsafe_skip_check=True) as session:
        session.reproduced_by("main", "--all")
        for words in ((), (1,)):
            with pytest.raises(UsageError, match="a command is words"):
                session.reproduced_by(*words)  # type: ignore[arg-type]


def test_python_can_do_what_the_commands_can(paper: Paper) -> None:
    paper.success("a")
    paper.killed("b")
    found = runpact.sessions(workspace=paper.root)
    assert [(each.id, each.health.value) for each in found] == [("b", "stale"), ("a", "ended")]
    alerts = runpact.session_alerts(workspace=str(paper.root))
    assert (alerts.alert_status, len(alerts.alerts)) == ("warning", 1)
    assert runpact.abort_session("b", workspace=paper.root).done == "recorded"
    assert runpact.sessions(workspace=paper.root, kind="session")[0].health.value == "aborted"
