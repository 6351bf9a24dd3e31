"""A stage's program at work: what it reads, what it writes, what it says of itself.

Knows: how a program finds its stage, what it may read and write there.
Does not know: how an attempt is begun, judged or sealed.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NoReturn

import msgspec

from runpact.disk.layout import CONTRACT
from runpact.disk.program import make_room, write_summary
from runpact.disk.reader import read_run
from runpact.host.modules import modules_below
from runpact.host.opened import OpenedPaths
from runpact.model.contract.kind import Kind, Output, Read, Stage
from runpact.model.contract.language import LoadedContract
from runpact.model.contract.stages import directory_of, folder_behind, outputs_of, reads_of
from runpact.model.errors import CannotStartError, MalformedDocumentError, UsageError
from runpact.model.finding import Finding, Report, Severity, Verdict
from runpact.model.judge import judge
from runpact.model.names import check_relative
from runpact.model.pipeline.behind import is_claimed, written_entries
from runpact.model.pipeline.bypass import of_other_stages
from runpact.model.pipeline.gate import gate_line
from runpact.model.pipeline.graph import Graph
from runpact.model.pipeline.saying import Saying
from runpact.verbs.contracts.load_contract import load_copy
from runpact.verbs.finding.gather import tree_of
from runpact.verbs.life.nest import INPUTS, STAGE
from runpact.verbs.pipeline.behind import Behind, look_behind

Seed = str | int | float | bool | None


class StageEndError(SystemExit):
    """The program of a stage has come to an end; the code is a verdict's."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage's program is told by whoever runs it."""

    id: str
    directory: str
    """Absolute, of the attempt."""
    summary: str
    """Absolute path of what the program says of itself."""
    experiment: str
    experiment_directory: str
    inputs: Mapping[str, str]
    """Absolute path that each alias stands for."""
    seed: Seed = None
    config: Mapping[str, object] = MappingProxyType({})
    root: str


def told_in(environ: Mapping[str, str]) -> Told | None:
    """Return what this process is told about its stage; None outside one.

    Raises:
        UsageError: A variable that a stage needs is missing or no JSON.
    """
    if not environ.get(STAGE):
        return None
    try:
        return Told(
            id=environ[STAGE],
            directory=environ["RUNPACT_STAGE_DIR"],
            summary=environ["RUNPACT_STAGE_SUMMARY"],
            experiment=environ["RUNPACT_EXPERIMENT"],
            experiment_directory=environ["RUNPACT_EXPERIMENT_DIR"],
            inputs=msgspec.json.decode(environ.get(INPUTS, "{}"), type=dict[str, str]),
            seed=_seed(environ.get("RUNPACT_SEED", "")),
            config=msgspec.json.decode(environ.get("RUNPACT_CONFIG", "{}"), type=dict[str, object]),
            root=environ["RUNPACT_RUN_ROOT"],
        )
    except (KeyError, msgspec.MsgspecError) as error:
        raise UsageError(
            f"the environment does not say what a stage needs: {error}",
            expected="the variables that `runpact pipeline run` sets",
            hint=f"unset {STAGE}, or run the stage by `runpact pipeline run`",
        ) from error


def _seed(text: str) -> Seed:
    """Return a seed as the contract says it: a number where the text is one."""
    if not text:
        return None
    try:
        seed: Seed = msgspec.json.decode(text, type=Seed)
    except msgspec.DecodeError:
        return text
    return seed


class ActiveStage:
    """The stage whose program this process is."""

    def __init__(self, told: Told, kind: Kind, stage: Stage, loaded: LoadedContract) -> None:
        """Store the parts; nothing is read yet.

        Args:
            told: What the environment says.
            kind: The kind of its experiment.
            stage: Its declaration.
            loaded: The contract that its attempt is judged by.
        """
        self._told = told
        self._kind = kind
        self._stage = stage
        self._loaded = loaded
        self._reads = reads_of(stage)
        self._found: dict[str, Behind] = {}
        self._opened = OpenedPaths(told.experiment_directory)
        self.said = Saying()
        """What it says of itself so far."""

    @classmethod
    def open(cls, told: Told) -> ActiveStage:
        """Return the stage that this process is told of.

        Raises:
            CannotStartError: Its experiment has no records, or its contract knows no such stage.
        """
        record = read_run(told.experiment_directory).record
        loaded = load_copy(_contract_of(told))
        kind = loaded.contract.kinds.get(record.kind) if record is not None else None
        stage = next((each for each in kind.stages if each.id == told.id), None) if kind is not None else None
        if kind is None or stage is None:
            raise CannotStartError(
                f"the contract of experiment `{told.experiment}` knows no stage `{told.id}`",
                at=told.experiment_directory,
                hint="begin the stage with `runpact pipeline run`",
            )
        return cls(told, kind, stage, loaded)

    @property
    def id(self) -> str:
        """Its id in the contract, `02`."""
        return self._stage.id

    @property
    def name(self) -> str:
        """Name of its directory, `NN_slug`."""
        return directory_of(self._stage)

    @property
    def experiment(self) -> str:
        """The experiment that it is part of."""
        return self._told.experiment

    @property
    def dir(self) -> str:
        """Absolute path of its directory; it may write nowhere else."""
        return self._told.directory

    @property
    def config(self) -> Mapping[str, object]:
        """The experiment's frozen configuration."""
        return self._told.config

    @property
    def seed(self) -> Seed:
        """The seed that is recorded for this attempt."""
        return self._told.seed

    # -- what it reads -------------------------------------------------------------------------------------

    @property
    def inputs(self) -> Mapping[str, tuple[str, ...]]:
        """The files behind each alias that the stage reads, validated and sorted; absolute paths."""
        return {alias: self._validated(alias).files for alias in self._reads}

    def input(self, alias: str) -> str:
        """Return the one file behind an alias, validated.

        Raises:
            UsageError: The stage does not read this alias, or it stands for no file or for several.
            MalformedDocumentError: What stands there is not what it must be.
        """
        files = self._validated(alias).files
        if len(files) == 1:
            return files[0]
        raise UsageError(
            f"the alias `{alias}` stands for {len(files)} files",
            expected="one file",
            got=str(len(files)),
            hint=f'go through `st.inputs["{alias}"]`',
        )

    def validate_inputs(self) -> tuple[Finding, ...]:
        """Judge everything that the stage reads by its type; this is done when the stage begins.

        Returns:
            What is wrong with it; nothing when the stage may go on.
        """
        return tuple(finding for alias in self._reads for finding in self._faults(alias))

    def _validated(self, alias: str) -> Behind:
        if alias not in self._reads:
            raise self._undeclared("read", alias, self._reads)
        faults = self._faults(alias)
        if Report(faults).verdict in {Verdict.INCOMPLETE, Verdict.ERROR}:
            raise MalformedDocumentError(f"input `{alias}` may not be read: {gate_line(faults[0])}", at=alias)
        return self._look(alias)

    def _faults(self, alias: str) -> tuple[Finding, ...]:
        behind, read = self._look(alias), self._reads[alias]
        found = _counting(behind.faults)
        if not behind.pairs and read.required and not found:
            return (self._absent(alias, read),)
        return found

    def _absent(self, alias: str, read: Read) -> Finding:
        return Finding(
            code="missing-artifact",
            severity=Severity.INCOMPLETE,
            path=alias,
            message=f"nothing stands behind the alias `{alias}`",
            expected=read.type_,
            got="nothing",
            hint=f"`runpact gate --experiment {self.experiment} --stage {self.id}` says how to make it",
        )

    def _look(self, alias: str) -> Behind:
        if alias not in self._found:
            told, writer, home = (
                self._told,
                Graph(self._kind).writer.get(alias),
                self._told.experiment_directory,
            )
            place = told.inputs.get(alias, posixpath.join(home, alias))
            read, loaded = self._reads[alias], self._loaded
            self._found[alias] = look_behind(
                place, alias, read, writer, loaded=loaded, root=told.root, home=home
            )
        return self._found[alias]

    # -- what it writes ------------------------------------------------------------------------------------

    def output(self, alias: str, name: str | None = None) -> str:
        """Return the absolute path of an output to be written; its directory exists.

        Args:
            alias: What the contract calls it.
            name: Path of the file in the folder that the alias leads to; not needed when there is only one.

        Raises:
            UsageError: The stage does not write this alias, or a file of this name does not stand behind it.
        """
        declared = [output for each, output in outputs_of(self._stage) if each == alias]
        if not declared:
            raise self._undeclared("write", alias, self._stage.writes)
        single = declared[0].file if len(declared) == 1 else None
        if name is None and single is not None:
            return self.path(single)
        if name is None:
            raise _unnamed(alias, declared)
        folder = folder_behind(self._stage, alias)
        relative = posixpath.join(folder, check_relative(name, what="output"))
        entries = written_entries(self._stage, self._loaded.contract.types)
        if not is_claimed(tuple(each for each in entries if each.id == alias), relative):
            raise _unnamed(alias, declared, relative)
        return self.path(relative)

    def folder(self, alias: str) -> str:
        """Return the absolute folder that an alias leads to: an input's, validated, or an output's.

        Raises:
            UsageError: The stage neither reads nor writes this alias.
            MalformedDocumentError: What stands there is not what it must be.
        """
        if alias in self._stage.writes:
            return posixpath.join(self.dir, folder_behind(self._stage, alias)).rstrip("/")
        return self._validated(alias).place

    def path(self, relative: str) -> str:
        """Return the absolute path of any other file of the stage, to be written; its directory exists."""
        return make_room(posixpath.join(self.dir, check_relative(relative, what="path")))

    def validate_outputs(self) -> tuple[Finding, ...]:
        """Judge everything that the stage writes by the contract; this is done when the stage ends.

        Returns:
            What is wrong with it; paths relative to the stage's directory.
        """
        entries = written_entries(self._stage, self._loaded.contract.types)
        tree = tree_of(self.dir, self._loaded, self._told.root, is_own=False)
        return _counting(judge(Kind(at="stage", entries=entries), self._loaded, tree).findings)

    def _undeclared(self, verb: str, alias: str, declared: Mapping[str, object]) -> UsageError:
        return UsageError(
            f"stage {self.name} does not {verb} `{alias}`",
            expected=" or ".join(f"`{each}`" for each in declared) or "nothing",
            got=alias,
            hint=f"declare it under `{verb}s:` of the stage in the contract",
        )

    # -- what it says --------------------------------------------------------------------------------------

    def counts(
        self,
        *,
        inputs_total: int | None = None,
        inputs_ok: int | None = None,
        inputs_failed: int | None = None,
        outputs_rows: int | None = None,
    ) -> None:
        """Say how many items came through; failed inputs make the stage end with WARNING.

        What is said later replaces what was said before.

        Args:
            inputs_total: How many there were.
            inputs_ok: How many could be used.
            inputs_failed: How many could not.
            outputs_rows: Rows of the tables that it wrote; compared with the tables.
        """
        self.said.count(
            {
                "inputs_total": inputs_total,
                "inputs_ok": inputs_ok,
                "inputs_failed": inputs_failed,
                "outputs_rows": outputs_rows,
            }
        )

    def warn(self, message: str) -> None:
        """Say that something is not as it should be; the stage goes on and ends with WARNING, exit code 1."""
        self.said.warn(str(message))

    def incomplete(self, message: str) -> NoReturn:
        """End the stage with INCOMPLETE, exit code 2: something that it needs is not there."""
        self.said.fail(Verdict.INCOMPLETE, str(message))
        raise StageEndError(self.said.status.exit_code)

    def fail(self, message: str) -> NoReturn:
        """End the stage with ERROR, exit code 3."""
        self.said.fail(Verdict.ERROR, str(message))
        raise StageEndError(self.said.status.exit_code)

    def claim(self) -> Verdict:
        """Write what the stage says of itself, and return its status.

        Raises:
            StorageError: It could not be written, so that nobody will believe the exit code.
        """
        self._opened.end()
        names = [directory_of(each) for each in self._kind.stages]
        document = self.said.document(
            stage=self.name,
            experiment=self.experiment,
            artifacts=dict(self._artifacts()),
            code=modules_below(self._told.root),
            opened=of_other_stages(self._opened.paths, stages=names, own=self.name),
        )
        write_summary(
            self._told.summary, msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
        )
        return self.said.status

    def _artifacts(self) -> Iterator[tuple[str, str]]:
        """Yield what stands behind each alias, relative to the experiment: its one file, or its folder."""
        for alias in self._stage.writes:
            declared = [output for each, output in outputs_of(self._stage) if each == alias]
            single = declared[0].file if len(declared) == 1 else None
            path = single or folder_behind(self._stage, alias)
            if os.path.exists(posixpath.join(self.dir, path)):
                yield alias, posixpath.join(self.name, path).rstrip("/")


def _contract_of(told: Told) -> str:
    """Return the folder of the contract that the attempt is judged by; the experiment's, when it keeps none.

    The workspace's contract may have grown since the experiment began: each attempt has its own copy.
    """
    own = posixpath.join(told.directory, CONTRACT)
    return own if os.path.isdir(own) else posixpath.join(told.experiment_directory, CONTRACT)


def _counting(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings that count towards a verdict."""
    return tuple(each for each in findings if Report((each,)).verdict is not Verdict.OK)


def _unnamed(alias: str, declared: list[Output], got: str = "no name") -> UsageError:
    return UsageError(
        f"`{got}` does not stand behind the alias `{alias}`",
        expected=" or ".join(f"`{output.file or output.files}`" for output in declared),
        got=got,
        hint="change its name, or the output in the contract",
    )
