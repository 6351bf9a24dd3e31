"""An open run: what the program inside it can do.

Knows: how values become files, points and events of the run.
Does not know: how a run is created, judged or found.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import traceback
from collections.abc import Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

from runpact.host.caches import home_folder
from runpact.host.signals import Terminated
from runpact.model.contract.language import Entry
from runpact.model.discretion import shown_command
from runpact.model.errors import RunpactError, UsageError
from runpact.model.names import check_relative
from runpact.model.recovery import Label
from runpact.model.reproduction import REPRODUCED
from runpact.model.run import Standing, State
from runpact.verbs.finding.read import read_entry
from runpact.verbs.life.checkpoint import State as CheckpointState
from runpact.verbs.life.checkpoint import keep_checkpoint
from runpact.verbs.life.finish import finish_run
from runpact.verbs.life.inputs import record_input
from runpact.verbs.life.opened import OpenRun
from runpact.verbs.life.predictions import Predictions
from runpact.verbs.life.project import beat, make_folders, write_projections
from runpact.verbs.life.scope import Scope
from runpact.verbs.life.store import log_points, store_artifact
from runpact.verbs.life.worklog import WorkLog

if TYPE_CHECKING:
    from runpact.verbs.finding.resolve import Registered


class ActiveRun(OpenRun):
    """A run that this process is making; use it as a context manager."""

    def begin(self, worklog: WorkLog | None = None) -> Self:
        """Write what must stand in a run from its start; when that fails the run does not stay open.

        Args:
            worklog: What the run tells the log of all runs.
        """
        self.worklog = worklog
        try:
            self.note("run.started", uid=self.record.uid, kind=self.record.kind)
            make_folders(self)
            write_projections(self, {"start", "change"})
        except BaseException as error:
            with contextlib.suppress(RunpactError):
                self.finish(state_after(error), error=describe(error))
            self.writer.close()
            raise
        return self

    def log(self, values: Mapping[str, float], *, step: float | None = None) -> None:
        """Record metric points; when this returns they survive the end of the process.

        Args:
            values: Finite numbers by name.
            step: The caller's own counter, shared by all of them.

        Raises:
            UsageError: It is no mapping.
            ValueRefusedError: A value is not a finite number; none of them was recorded.
            StorageError: None of them was recorded.
        """
        log_points(self, values, step)

    def save(self, name: str, value: object, *, type: str = "") -> str:  # noqa: A002 - the word of the field
        """Write an artifact once and return its absolute path.

        Args:
            name: Name of a contract entry, or a path relative to the run directory.
            value: JSON data, arrays by name, rows (mappings with equal keys), text, bytes, or the
                `pathlib.Path` of a file to copy. A CSV file is made of rows, of text, or of a data frame.
            type: Artifact type, `Name@version`; recorded in the manifest.

        Raises:
            WriteOnceError: The name is taken.
            StorageError: Nothing was stored; the name is still free.
            ValueRefusedError: The value cannot be written strictly.
            UnsafeNameError: The name leaves the run.
        """
        entry = name if self._entry(name) else ""
        return store_artifact(self, self._place(name), value, Label(entry, type))

    def predictions(
        self, *, contract_version: str, intrinsics: object = None, intrinsics_ref: str | None = None
    ) -> Predictions:
        """Return what writes typed predictions of the run: a file of arrays for each frame, and the document.

        Args:
            contract_version: Of the agreement on what the arrays mean.
            intrinsics: Of the camera: plain data, or an array; of all frames that name no others.
            intrinsics_ref: Instead, a file of the run, relative to the folder of the predictions.

        Raises:
            UsageError: Not exactly one of the two is given, or the version is no text.
            CannotStartError: The file does not exist.
        """
        return Predictions(
            self,
            contract_version=contract_version,
            intrinsics=intrinsics,
            intrinsics_ref=intrinsics_ref,
        )

    def checkpoint(
        self,
        name: str | int,
        state: CheckpointState,
        *,
        step: int | None = None,
        metrics: Mapping[str, float] | None = None,
        keep: int | None = None,
        suffix: str | None = None,
    ) -> str:
        """Keep the state of a training in `artifacts/checkpoints/`, whole at every moment; return its path.

        One of the same name is replaced.

        Args:
            name: `best`, `last`, another name, or the step as a number.
            state: Arrays by name, the `pathlib.Path` of a file to copy, or what writes a file whose path it
                is given: `lambda path: torch.save(model.state_dict(), path)`.
            step: The caller's own counter; of a numbered one its number.
            metrics: What was measured then, finite numbers by name.
            keep: Of the numbered ones, only so many of the newest stay.
            suffix: Of the file: by default `npz` for arrays, `pt` for what is called, else the file's own;
                `safetensors` writes arrays so.

        Raises:
            UsageError: A name, a step or a number is none.
            ValueRefusedError: The state cannot be written without pickle, or a metric is not finite.
            StorageError: Nothing was stored; the older one still stands.
        """
        return keep_checkpoint(self, name, state, step=step, metrics=metrics, keep=keep, suffix=suffix)

    def scope(self, name: str) -> Scope:
        """Return what a skill gets of the run: it can write into a folder of its own, log, and no more.

        Args:
            name: Of the skill; stands in the manifest as the producer of each of its files.

        Raises:
            UnsafeNameError: It cannot be part of a path.
        """
        return Scope(self, name)

    def path(self, relative: str, /) -> str:
        """Return the absolute path of a file to be written in the run; its directory exists.

        The file is pinned by digest when the run is sealed.
        """
        relative = self._place(relative)
        return self.writer.make_room(relative)

    def input(self, path: str | os.PathLike[str], *, name: str | None = None, absolute: bool = False) -> str:
        """Record a file or folder that this run reads, by digest, and return its path.

        `open(run.input("data.csv"))` is how it reads well. It is compared again before the seal; one that
        changed in between is recorded as such and found by `check`.

        Args:
            path: File or folder; relative to the current directory.
            name: What to call it; by default its path in the workspace, outside it its file name.
            absolute: Record the absolute path of an input outside the workspace.

        Raises:
            CannotStartError: It does not exist or cannot be read.
            UsageError: Another input has this name.
        """
        text = os.fspath(path)
        if not text:
            raise UsageError("an input needs a path", expected="a file or folder", got="nothing")
        cwd = "/" if posixpath.isabs(text) else os.getcwd()
        record_input(self, text, cwd=cwd, name=name, is_absolute=absolute)
        return text

    def use_model(self, uri: str) -> Registered:
        """Return a model of the registry, and record that this run uses it: URI, version, digest.

        `np.load(run.use_model("local://vision/depth/tiny/trained/indoor/2026-03-10_1a2b3c4"))` reads its
        weights; `.manifest` says what it expects. A shorter URI will do where it means one version.

        Args:
            uri: `local://…`, never a path.

        Raises:
            UsageError: It is no URI of a model.
            CannotStartError: It names nothing, or several versions.
            DamagedCopyError: It is not what was registered.
        """
        from runpact.verbs.life.use import use  # noqa: PLC0415 - few runs use a model

        return use(self, uri, "models")

    def use_data(self, uri: str) -> Registered:
        """Return a data set of the registry, and record that this run uses it: URI, version, digest.

        Args:
            uri: `data://…`, never a path.

        Raises:
            UsageError: It is no URI of a data set.
            CannotStartError: It names nothing, or several versions.
            DamagedCopyError: It is not what was registered.
        """
        from runpact.verbs.life.use import use  # noqa: PLC0415 - few runs use a data set

        return use(self, uri, "data")

    def read(self, name: str) -> object:
        """Return the value of a document that this run wrote, validated by the schema of its entry.

        Args:
            name: Name of a contract entry, or a path relative to the run directory.

        Raises:
            CannotStartError: There is no such file.
            MalformedDocumentError: It is not what it must be; carries every fault.
        """
        return read_entry(self.dir, name).value

    def evaluation(  # noqa: PLR0913 - what a report says; all but the first are keyword-only
        self,
        windows: Mapping[str, Iterable[object]],
        *,
        metric: Mapping[str, object],
        data: Mapping[str, object],
        guards: Iterable[Mapping[str, object]] = (),
        edit: Mapping[str, object] | None = None,
        metrics: Mapping[str, object] | None = None,
        model: object = None,
        device: str | None = None,
        policy: str | None = None,
        seed_notes: Mapping[str, str] | None = None,
        sidecar: object = None,
        stored: Mapping[str, str | os.PathLike[str]] = MappingProxyType({}),
    ) -> str:
        """Write the run's report, the evidence that certificates rest on, and return its absolute path.

        Args:
            windows: By arm, in order, what was evaluated: mappings or dataclasses with `id`,
                `content_digest`, `weight`, `value`. The arm `final` is compared with a baseline's.
            metric: What the values are: `kind`, `unit`, `direction` (`lower` or `higher` is better),
                `link` (`log` or `identity`).
            data: `dataset_hash`, `tokenizer_hash` (of the encoder), `split`; also `provider`,
                `sequence_length`, `stride`, `window_seed`.
            guards: What each guard measured: `name`, `verdict`, `measurement_point` (`tap`, `matched`),
                `evidence`.
            edit: What was changed: `name` and `deltas`; by default nothing.
            metrics: Further numbers by name.
            model: A text, or a mapping of plain values, that describes the subject.
            device: What it was evaluated on.
            policy: Tier to be judged by; by default what was announced, or the contract's only one.
            seed_notes: Why a library has no seed.
            sidecar: Bulk that a report is not to hold, such as token ids: JSON data, written beside it.
            stored: Files by name, paths from the run directory, that the report refers to by digest: where
                they are kept, as `sha256/<hex>` in a store, is up to you.

        Raises:
            ValueRefusedError: It is no evidence: a window twice, a value that is not finite …
            EvidenceError: It is no pair with the baseline that was announced, in `ci` and `release`.
        """
        from runpact.verbs.life.evaluate import SIDECAR, Evaluated, report_of  # noqa: PLC0415 - few runs have evidence

        said = Evaluated(
            windows=windows,
            metric=metric,
            data=data,
            guards=guards,
            edit=edit,
            metrics=metrics or {},
            model=model,
            device=device,
            policy=policy,
            seed_notes=seed_notes or {},
            has_sidecar=sidecar is not None,
            stored={name: os.path.join(self.dir, os.fspath(path)) for name, path in stored.items()},
        )
        report = report_of(self, said, self.announced)
        if sidecar is not None:
            self.save(SIDECAR, sidecar)
        return self.save("report" if self._entry("report") else "report.json", report)

    def _place(self, name: str) -> str:
        entry = self._entry(name)
        relative = (
            entry.single
            if entry is not None and entry.single is not None
            else check_relative(os.fspath(name), what="artifact name")
        )
        if relative.split("/", 1)[0] == ".runpact":
            raise UsageError(
                "`.runpact/` holds runpact's own records", got=relative, hint="choose another folder"
            )
        return relative

    def _entry(self, name: str) -> Entry | None:
        return next((entry for entry in self.kind.entries if entry.name == name and entry.single), None)

    def beat(self) -> None:
        """Say that this session is alive and well: `updated_at` of its lifecycle document becomes now.

        Nothing else depends on it: whether a session lives is seen from its process. It is for readers who
        cannot look there. A run of any other kind does nothing.

        Raises:
            StorageError: The document could not be written.
        """
        beat(self)

    def reproduced_by(self, *words: str) -> None:
        """Say which command makes this run again, when it is another than the one that made it.

        A program that takes settings from elsewhere than its own words names all of them here. The words
        stand in `run.reproduce`, quoted for a shell.

        Raises:
            UsageError: There is none, or one of them is no text.
        """
        if not words or not all(isinstance(word, str) for word in words):
            raise UsageError(
                "a command is words", expected="a program and its arguments", got=f"{words!r:.60}"
            )
        cwd = posixpath.normpath(posixpath.join(self.root, self.record.provenance.cwd))
        masked = self.masker.command("command", words)
        shown = shown_command(masked, cwd=cwd, root=self.root, home=home_folder(os.environ))
        self.note(REPRODUCED, argv=list(shown))

    def finish(self, state: State = State.FINISHED, *, error: str | None = None) -> Standing:
        """Seal the run; nothing in it changes afterwards.

        Raises:
            StorageError: It could not be sealed; it is listed as interrupted.
        """
        return finish_run(self, state, error=error)

    def __enter__(self) -> Self:
        """Return the run itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Seal the run as finished, failed or interrupted, whichever the end of the block says."""
        if not self.writer.is_open:
            return
        if error is None:
            self.finish()
            return
        try:
            state = state_after(error)
            if self.worklog is not None and state is not State.FINISHED:
                self.worklog.failure = "".join(traceback.format_exception(error))
            self.finish(state, error=None if state is State.FINISHED else describe(error))
        except RunpactError as fault:
            error.add_note(f"the run could not be sealed either: {fault}")


def state_after(error: BaseException) -> State:
    """Return the state of a run whose block ended with this exception."""
    is_stopped = isinstance(error, SystemExit) and error.code in {130, 143}  # it caught SIGINT or SIGTERM
    if is_stopped or isinstance(error, KeyboardInterrupt | Terminated):
        return State.INTERRUPTED
    if isinstance(error, SystemExit) and error.code in {None, 0}:
        return State.FINISHED
    return State.FAILED


def describe(error: BaseException) -> str:
    """Return `Type: message`, one line; beyond 4,000 characters, how many more there are."""
    if isinstance(error, Terminated):
        return f"stopped by signal {error.number}"
    try:
        told = str(error)
    except Exception:  # noqa: BLE001 - code of the program's; whatever it does, the run is to be sealed
        told = "its message cannot be told"
    text = " ".join(told.split()).encode("utf-8", "backslashreplace").decode()
    whole = f"{type(error).__name__}: {text}" if text else type(error).__name__
    more = len(whole) - 4000
    return whole if more <= 0 else f"{whole[:4000]} … ({more} characters more)"
