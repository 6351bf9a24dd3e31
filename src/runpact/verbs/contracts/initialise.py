"""Start a workspace: a contract that extends a pack, what the pack begins with, a block in `.gitignore`.

Knows: what a new workspace needs.
Does not know: how files are replaced safely.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

import msgspec

from runpact.disk.inputs import run_around
from runpact.disk.registered import lay_out
from runpact.disk.setup import rewrite_text, write_new
from runpact.model.contract.ignoring import ignored_patterns, registries_of, with_block
from runpact.model.contract.language import Contract, Kind
from runpact.model.errors import RunpactError, UsageError
from runpact.model.names import suggest_name
from runpact.packs import skeleton_of
from runpact.verbs.contracts.load_contract import load_contract


class NewWorkspace(msgspec.Struct, frozen=True):
    """What `init` did."""

    root: str
    contract: str
    written: tuple[str, ...]
    """Paths relative to the root."""
    stages: tuple[str, ...] | None = None
    """Ids of the stages of the kind whose runs are pipelines; None where no kind's runs are."""
    config: str | None = None
    """A configuration that the workspace begins with."""
    made_by: tuple[str, ...] = ()
    """Globs of the files that alone may make runs; none where any command may."""


def initialise_workspace(root: str, *, pack: str, identity: str | None) -> NewWorkspace:
    """Write what is missing for a workspace at `root`.

    Raises:
        CannotStartError: There is no such pack.
        UsageError: The id is not one, or the folder lies in a run.
        StorageError: The folder cannot be written.
    """
    run = run_around(posixpath.join(root, "contract.yaml"), root="/")
    if run is not None:
        raise UsageError(
            "a workspace cannot begin inside a run: its files would be added to it",
            expected="a folder outside every run",
            got=run,
        )
    contract = load_contract(pack).contract
    name = identity or f"{suggest_name(posixpath.basename(root) or 'workspace').lower()}.runs"
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name):
        raise UsageError(
            "a contract's id has small letters, digits, dots and dashes", expected="acme.training", got=name
        )
    skeleton = skeleton_of(pack)
    text = f'contract: {name}\nversion: "1.0.0"\nextends: {pack}\n{skeleton.pop("contract.yaml", "")}'
    written = []
    if write_new(posixpath.join(root, "contract.yaml"), text):
        written.append("contract.yaml")
        written += [
            path for path in sorted(skeleton) if write_new(posixpath.join(root, path), skeleton[path])
        ]
    for registry in registries_of(contract):
        written += lay_out(root, registry)
    patterns = ignored_patterns(contract)
    if rewrite_text(posixpath.join(root, ".gitignore"), lambda text: with_block(text, patterns)):
        written.append(".gitignore")
    path = posixpath.join(root, "contract.yaml")
    staged = next((kind for kind in _kinds(path, contract) if kind.sealed == "by_stage"), None)
    return NewWorkspace(
        root,
        path,
        tuple(written),
        stages=tuple(stage.id for stage in staged.stages) if staged is not None else None,
        config=next((each for each in written if each.startswith("configs/")), None),
        made_by=next((kind.made_by for kind in contract.kinds.values() if kind.made_by), ()),
    )


def refuse_pack_as_folder(folder: str) -> None:
    """Refuse the name of a pack where a folder is to be named.

    Raises:
        UsageError: It is one.
    """
    if folder.startswith("runpact:"):
        raise UsageError(
            f"`{folder}` is a pack, no folder", got=folder, hint=f"runpact init --pack {folder} [FOLDER]"
        )


def _kinds(path: str, pack: Contract) -> Iterable[Kind]:
    """Return the kinds of the workspace; of its pack, where a contract stood there that cannot be read."""
    try:
        return load_contract(path).contract.kinds.values()
    except RunpactError:
        return pack.kinds.values()
