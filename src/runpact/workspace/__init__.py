"""The front door: joins the verbs to the outside world.

Knows: which folder is the workspace, which contract it has, where data stands.
Does not know: how a verb works, how an answer is shown.

Each verb is imported by the method that uses it: what a command does not need would cost it half its time.
"""

from __future__ import annotations

import functools
import os
import posixpath
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict, Unpack

import msgspec

from runpact.disk.locate import current_directory, find_workspace, is_of_workspace, named_workspace
from runpact.model.contract.language import LoadedContract
from runpact.model.errors import Fault, NoContractError
from runpact.model.finding import Finding, Report
from runpact.model.run import Standing
from runpact.packs import contract_schema, pack_folder, pack_names

if TYPE_CHECKING:
    from runpact.model.summary import RunSummary  # noqa: TC004 - exported for annotations alone
    from runpact.verbs.contracts.initialise import NewWorkspace  # noqa: TC004 - exported for annotations alone
    from runpact.verbs.finding.read import ReadDocument, Schema
    from runpact.verbs.judging.check import CheckedRun  # noqa: TC004 - exported for annotations alone
    from runpact.verbs.judging.revise import Revision  # noqa: TC004 - exported for annotations alone
    from runpact.verbs.judging.show import RunDetails  # noqa: TC004 - exported for annotations alone
    from runpact.verbs.judging.trees import TriedContract  # noqa: TC004 - exported for annotations alone
    from runpact.verbs.life.active import ActiveRun
    from runpact.verbs.life.execute import Execution
    from runpact.verbs.life.request import Request, Said

__all__ = [
    "CheckedRun",
    "ExecutedRun",
    "NewWorkspace",
    "Revision",
    "RunDetails",
    "RunSummary",
    "TriedContract",
    "Where",
    "Workspace",
    "contract_schema",
    "initialise",
    "lay_out_example",
    "pack_names",
]

DEFAULT_PACK = "runpact:basic@1"


class Where(TypedDict):
    """What a caller may say about the place, as `Workspace.open` names it."""

    workspace: str | None
    workdir: str | None
    contract: str | None


class ExecutedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run made of a command, and the verdict on it."""

    id: str
    uid: str
    execution: Execution
    checked: CheckedRun


class Workspace:
    """A folder with a contract, or without one, and the runs below it."""

    def __init__(
        self,
        *,
        root: str,
        named_root: str | None,
        reference: str | None,
        cwd: str,
        is_named: bool,
        is_trusted: bool,
    ) -> None:
        """Store the places; `open` finds them.

        Args:
            root: Absolute folder of the contract.
            named_root: Absolute folder for the data that the caller named.
            reference: Contract file (absolute) or pack name; None when there is none.
            cwd: Absolute current directory.
            is_named: The caller named the contract.
            is_trusted: Validators in the contract's folder may be run.
        """
        self.root = root
        self._named_root = named_root
        self.reference = reference
        self.cwd = cwd
        self.is_named = is_named
        self.is_trusted = is_trusted
        self._loaded: LoadedContract | None = None
        self._basic: LoadedContract | None = None

    @classmethod
    def open(
        cls,
        *,
        workspace: str | None = None,
        workdir: str | None = None,
        contract: str | None = None,
        trust_contract: bool = False,
        environ: Mapping[str, str] = os.environ,
    ) -> Workspace:
        """Find the workspace: as named, by `RUNPACT_WORKSPACE`, else upwards from the current directory.

        Args:
            workspace: Folder that holds the contract.
            workdir: Folder for the data, when it is not where the contract says.
            contract: Contract file or pack name; its folder is the workspace unless one is named.
            trust_contract: Run the named contract's own validators, wherever it lies.
            environ: Where `RUNPACT_WORKSPACE` is looked up.

        Raises:
            CannotStartError: A named folder or file does not exist.
        """
        cwd = current_directory()
        named = workspace or environ.get("RUNPACT_WORKSPACE")
        is_pack = contract is not None and ":" in contract and not os.path.exists(contract)
        reference = contract if is_pack or contract is None else posixpath.join(cwd, contract)
        if named is not None:
            root, found = named_workspace(posixpath.normpath(posixpath.join(cwd, named)))
        elif reference is not None and not is_pack:
            root, found = posixpath.dirname(posixpath.normpath(reference)), None
        else:
            root, found = find_workspace(cwd) or (cwd, None)
        named_root = posixpath.normpath(posixpath.join(cwd, workdir)) if workdir else None
        judging = reference or found
        return cls(
            root=root,
            named_root=named_root,
            reference=judging,
            cwd=cwd,
            is_named=contract is not None,
            is_trusted=trust_contract
            or (judging is not None and is_of_workspace(judging, posixpath.join(cwd, named or ""))),
        )

    @property
    def workdir(self) -> str | None:
        """The folder for the data, when the caller named another than the contract's; absolute."""
        return self._named_root if self._named_root != self.root else None

    @functools.cached_property
    def data_root(self) -> str:
        """Absolute folder that paths of the contract are relative to: as named, else as the contract says."""
        if self._named_root is not None:
            return self._named_root
        declared = self.contract.contract.workspace.data if self.contract is not None else "."
        return posixpath.normpath(posixpath.join(self.root, declared))

    @property
    def contract(self) -> LoadedContract | None:
        """The contract, read at first use; None when the workspace has none.

        Raises:
            MalformedContractError: It has faults; all of them are listed.
        """
        from runpact.verbs.contracts.load_contract import load_contract

        if self._loaded is None and self.reference is not None:
            self._loaded = load_contract(self.reference, is_trusted=self.is_trusted)
        return self._loaded

    @property
    def working_contract(self) -> LoadedContract:
        """The contract, or the basic pack when the workspace has none."""
        from runpact.verbs.contracts.load_contract import load_contract

        if self.contract is not None:
            return self.contract
        if self._basic is None:
            self._basic = load_contract(DEFAULT_PACK)
        return self._basic

    def start(self, request: Request) -> ActiveRun:
        """Start a run here."""
        from runpact.workspace.making import start

        return start(self, request)

    def request(
        self,
        *,
        within: ActiveRun | None = None,
        config: Mapping[str, object] | str | None = None,
        overrides: Sequence[str] = (),
        **said: Unpack[Said],
    ) -> Request:
        """Return a request with its configuration resolved here.

        Args:
            within: The open run of this process that the new one is part of; by default the run that this
                process is a child of, if there is one.
            config: The configuration, or a file to read it from.
            overrides: `dotted.key=value`, applied in order.
            said: The rest, as `Request` names it.
        """
        from runpact.verbs.life.nest import outer_for_new, outer_of
        from runpact.verbs.life.request import Request
        from runpact.workspace.configuring import configured

        resolved = configured(self, config, overrides, kind=said.get("kind"))
        said["secrets"] = (*said.get("secrets", ()), *resolved.variables)
        said["references"] = resolved.references
        outer = (
            outer_of(within, root=self.data_root)
            if within is not None
            else outer_for_new(os.environ, root=self.data_root)
        )
        return Request(config=resolved.config, outer=outer, **said)

    def execute(self, request: Request, *, tee: bool) -> ExecutedRun:
        """Make a run of the request's command and judge it.

        Raises:
            CommandNotFoundError: The command cannot be started; nothing was created.
            CannotStartError: An input is missing; nothing was created.
            ConfigError: The configuration cannot be handed over; nothing was created.
            ConfinementError: The confinement demanded cannot be enforced; nothing was created.
        """
        from runpact.workspace.executing import executed

        run, execution = executed(self, request, tee=tee)
        return ExecutedRun(id=run.id, uid=run.uid, execution=execution, checked=self.check([run.dir])[0])

    def runs(self) -> list[RunSummary]:
        """List the runs, newest first."""
        from runpact.workspace.finding import all_runs

        return all_runs(self)

    def resolve(self, reference: str) -> str:
        """Return the absolute directory of the run a person means."""
        from runpact.workspace.finding import resolve

        return resolve(self, reference)

    def summary(self, reference: str) -> RunSummary:
        """Return one line about one run."""
        from runpact.verbs.finding.find import summarise_in

        return summarise_in(self.data_root, self.shown(self.resolve(reference)), self.working_contract)

    def check(self, references: Sequence[str], *, is_strict: bool = False) -> list[CheckedRun]:
        """Judge the named runs, or all of them when none is named.

        Args:
            references: Ids, paths, uids, unique prefixes or names.
            is_strict: A rule that had nothing to judge is INCOMPLETE.

        Raises:
            NoSuchRunError: One of them does not exist.
            NoContractError: There is nothing to judge by.
        """
        from runpact.verbs.judging.check import check_run

        directories = [self.resolve(reference) for reference in references] or self._directories()
        return [
            check_run(
                directory,
                root=self.data_root,
                contract=self.contract,
                is_named=self.is_named,
                is_strict=is_strict,
            )
            for directory in directories
        ]

    def read(self, path: str, schema: Schema | None) -> ReadDocument:
        """Return a document that was validated first.

        Raises:
            CannotStartError: File or schema cannot be read.
            MalformedDocumentError: It is not what it must be; carries every fault.
        """
        from runpact.verbs.finding.read import read_document

        return read_document(path, schema, root=self.data_root, cwd=self.cwd)

    def surroundings(self) -> tuple[Finding, ...]:
        """Return what is wrong beside the runs: what is missing, what stands where only runs may."""
        from runpact.verbs.finding.strays import check_surroundings

        return check_surroundings(self.data_root, self.contract) if self.contract is not None else ()

    def show(self, reference: str) -> RunDetails:
        """Return what is recorded about one run."""
        from runpact.verbs.judging.show import show_run

        path = self.shown(self.resolve(reference))
        return show_run(self.data_root, path, contract=self.contract, is_named=self.is_named)

    def shown(self, directory: str) -> str:
        """Return how a run's directory is named to people: relative to the data root, if inside."""
        from runpact.model.names import shown_path

        return shown_path(directory, self.data_root)

    def lint(self) -> LoadedContract:
        """Read the contract and return it.

        Raises:
            NoContractError: There is none.
            MalformedContractError: It has faults; all of them are listed.
        """
        if self.contract is None:
            raise NoContractError(
                f"no contract.yaml at or above `{self.cwd}`", at=self.cwd, hint="make one with `runpact init`"
            )
        return self.contract

    def advice(self) -> tuple[Fault, ...]:
        """Return what in the contract is well formed and yet may surprise."""
        from runpact.verbs.contracts.assemble import advice_on

        return advice_on(self.lint(), root=self.root)

    def page(self, *, is_of_artifacts: bool = False) -> str:
        """Return the human document of the contract, or of what its stages read and write, in Markdown."""
        from runpact.model.contract.page import artifacts_page, contract_page

        return artifacts_page(self.lint()) if is_of_artifacts else contract_page(self.lint())

    def revise(self, old: Workspace, references: Sequence[str], *, is_against: bool) -> Revision:
        """Return what changed from another workspace's contract to this one's.

        Args:
            old: Where the older contract is.
            references: Runs of this workspace to judge by both; all of them when none is named.
            is_against: Judge runs at all.
        """
        from runpact.verbs.judging.revise import revise

        directories = [self.resolve(each) for each in references]
        if is_against and not references:
            directories = self._directories()
        return revise(old.lint(), self.lint(), directories, root=self.data_root)

    def try_trees(self) -> TriedContract:
        """Judge the good and bad trees that the contract carries.

        Raises:
            NoContractError: There is no contract.
            CannotStartError: It carries no cases.
        """
        from runpact.verbs.judging.trees import try_trees

        loaded, reference = self.lint(), self.reference or ""
        folder = posixpath.dirname(reference) if reference.startswith("/") else pack_folder(reference)
        return try_trees(loaded, folder)

    def verify(self, reference: str) -> tuple[str, Standing, Report]:
        """Verify one run; return its directory, its state and the report."""
        from runpact.verbs.judging.verify import verify_run

        return (directory := self.resolve(reference)), *verify_run(directory)

    def _directories(self) -> list[str]:
        from runpact.workspace.finding import all_directories

        return all_directories(self)


def initialise(folder: str, *, pack: str, identity: str | None) -> NewWorkspace:
    """Start a workspace in `folder`, made when missing."""
    from runpact.verbs.contracts.initialise import initialise_workspace, refuse_pack_as_folder

    refuse_pack_as_folder(folder)
    root = posixpath.normpath(posixpath.join(current_directory(), folder))
    return initialise_workspace(root, pack=pack, identity=identity)


def lay_out_example(name: str, folder: str) -> str:
    """Lay out the example `name` in `folder` and return its absolute path."""
    from runpact.verbs.contracts.examples import lay_out

    return lay_out(name, posixpath.normpath(posixpath.join(current_directory(), folder)))
