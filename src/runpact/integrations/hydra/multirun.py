"""A multirun of Hydra: many jobs, each a run, part of a run where the contract has a kind for it.

Knows: which kind that is, how the jobs are ranked.
Does not know: how a job is launched.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
import shutil
import tempfile

from omegaconf import DictConfig, OmegaConf, open_dict

from runpact.api import PendingRun, run
from runpact.api.finding import runs
from runpact.disk.reader import read_run
from runpact.integrations.hydra.hydrarun import Wish, close_logs, wants_name
from runpact.model.discretion import is_inside
from runpact.model.judge.others import takes
from runpact.model.reproduction import IN_PARTS
from runpact.verbs.life.active import ActiveRun
from runpact.verbs.life.nest import DIRECTORY, ROOT, UID
from runpact.workspace import Workspace

_KINDS = ("multirun", "sweep")
_TABLE = "leaderboard.csv"
_HYDRAS = "multirun.yaml"
_ABSOLUTE = re.compile(r"(?<![^=])(?:file://)?(/.*)")
"""An absolute path as a value, or as that of an override."""


class Multirun:
    """Many jobs of one call."""

    def __init__(self, wish: Wish, config: DictConfig) -> None:
        """Begin the run around the jobs, if the contract has a kind for it; else its folder is a passing one.

        Raises:
            RunpactError: It cannot be made; nothing was created.
        """
        said = {key: each for key, each in wish.said.items() if key in _WHERE}
        pending = run(**said)  # type: ignore[arg-type]  # passed on
        self._place, self._wish = pending.workspace, wish
        self._folder = tempfile.mkdtemp(prefix="runpact-multirun-")
        self._pending: PendingRun | None = None
        self.run: ActiveRun | None = None
        kind = _kind_of(self._place, wish.sweep_kind)
        if kind is not None:
            settings = {"overrides": list(map(str, config.hydra.overrides.task))}
            if wants_name(pending, kind):
                said["name"] = str(config.hydra.job.name)
            pending = run(kind=kind, config=settings, **said)  # type: ignore[arg-type]  # as above
            self._pending = pending.asked_by(wish.callers)
            try:
                self.run = self._pending.__enter__()
                self.run.note(IN_PARTS)
            except BaseException:
                self._tidy()
                raise

    @property
    def directory(self) -> str:
        """Where Hydra writes what it says of all jobs: into the run, if that may hold it."""
        is_kept = self.run is not None and takes(self.run.kind, _HYDRAS)
        return self.run.dir if self.run is not None and is_kept else self._folder

    def handed_on(self) -> dict[str, str]:
        """Return the variables by which a process that runs a job knows whose part it is."""
        if self.run is None:
            return {}
        return {UID: self.run.uid, DIRECTORY: self.run.dir, ROOT: self.run.root}

    def end(self, error: BaseException | None) -> None:
        """Seal the run around the jobs, with what came out of them.

        Raises:
            ContractBrokenError: All jobs have run and it does not keep its contract.
        """
        try:
            if self._pending is not None and self.run is not None:
                if error is None and takes(self.run.kind, _TABLE):
                    self.run.save(_TABLE, self._rows(self.run))
                close_logs(self.run.dir)
                _without_places(self.run)
                told = (type(error), error, error.__traceback__) if error else (None, None, None)
                self._pending.__exit__(*told)
        finally:
            self._tidy()

    def _tidy(self) -> None:
        close_logs(self._folder)
        with contextlib.suppress(OSError):
            shutil.rmtree(self._folder)

    def _rows(self, around: ActiveRun) -> list[dict[str, object]]:
        """Return a line for each job: those that returned a number first, best first."""
        sign = -1.0 if self._wish.direction == "max" else 1.0
        found: list[tuple[tuple[bool, float, str], dict[str, object]]] = []
        for job in runs(f"parent = '{around.uid}'", workspace=self._place.root):
            number = job["metrics.returned"]
            rank = (False, sign * number) if isinstance(number, int | float) else (True, 0.0)
            record = read_run(posixpath.join(around.root, job.path)).record
            overrides = () if record is None else record.provenance.config.overrides
            told = {"state": job.state.value, "returned": number, "overrides": " ".join(overrides)}
            found.append(((*rank, job.id), {"run": job.id, **told}))
        return [{"rank": rank, **row} for rank, (_key, row) in enumerate(sorted(found, key=_first), start=1)]


def _without_places(around: ActiveRun) -> None:
    """Take out of what Hydra wrote of the multirun where it stood on this machine, and secrets.

    What the program is configured with stays as it is.
    """
    path = around.path(_HYDRAS)
    with contextlib.suppress(FileNotFoundError):
        said = OmegaConf.load(path)
        own = OmegaConf.to_container(said.hydra)
        with open_dict(said):
            said.hydra = _shown(own, around.root)
        masked = around.masker.settings("config", OmegaConf.to_container(said))
        OmegaConf.save(masked, path)


def _shown(value: object, root: str) -> object:
    """Return plain data whose absolute paths are relative to the workspace, or `[path]`."""
    if isinstance(value, dict):
        return {key: _shown(below, root) for key, below in value.items()}
    if isinstance(value, list):
        return [_shown(below, root) for below in value]
    return _ABSOLUTE.sub(lambda found: _place(found[1], root), value) if isinstance(value, str) else value


def _place(path: str, root: str) -> str:
    return posixpath.relpath(path, root) if is_inside(path, root) else "[path]"


def _first(ranked: tuple[tuple[bool, float, str], object]) -> tuple[bool, float, str]:
    return ranked[0]


_WHERE = frozenset({"workspace", "workdir", "contract", "durability", "guard", "caches", "secrets"})
"""Keywords of a job's run that its multirun shares."""


def _kind_of(place: Workspace, named: str | None) -> str | None:
    if named is not None:
        return named or None
    kinds = place.working_contract.contract.kinds
    return next((kind for kind in _KINDS if kind in kinds), None)
