"""What `runpact models` and `runpact data` share: the commands about what is registered, and how it is shown.

Knows: their words and flags; text and JSON of versions, lists, verdicts, removals.
Does not know: what is entered, and how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.output import (
    VERDICT_COLOUR,
    finding_documents,
    finding_lines,
    paint,
    plain,
    print_json,
    say,
    table_lines,
)
from runpact.model.errors import RunpactError
from runpact.model.finding import Verdict, worst
from runpact.model.names import counted
from runpact.model.registered.uri import parse_uri
from runpact.workspace import Workspace, registering

if TYPE_CHECKING:
    from runpact.model.registered.uri import Registry, Uri
    from runpact.verbs.finding.resolve import Registered
    from runpact.verbs.registered.enter import Entered

_DIRTY = " (dirty)"
_WORDS: dict[Registry, tuple[str, str, str]] = {
    "models": ("a model", "models", "a model's weights"),
    "data": ("a data set", "data sets", "a data set"),
}
_URI = click.argument("uri", metavar="URI")


def add_commands(group: click.Group, registry: Registry) -> None:
    """Add to a registry's group what is done with what it holds: list, show, resolve, verify, remove."""
    for command in _commands(registry):
        group.add_command(command)


def _commands(registry: Registry) -> Iterator[click.Command]:
    one, many, content = _WORDS[registry]
    yield _command(registry, "list", tell_list, f"List {many}, by URI.")
    yield _command(
        registry,
        "show",
        tell_one,
        f"Show {one}: what it is, which run made it, which runs used it.",
        _URI,
    )
    yield _command(
        registry,
        "resolve",
        tell_path,
        f"Print the absolute path of {content} here; a shorter URI will do where it means one version.",
        _URI,
    )
    yield _command(
        registry,
        "verify",
        tell_verified,
        f"Verify {many} against their records and the ledger, all of them unless a URI is given.",
        click.argument("uri", metavar="[URI]", required=False),
    )
    yield _command(
        registry,
        "remove",
        tell_removed,
        "Remove one version for good; refused while runs used it.",
        _URI,
        click.option("--reason", metavar="TEXT", help="Why; the ledger keeps it."),
        click.option("--force", "is_forced", is_flag=True, help="Although runs used it; needs a reason."),
    )


def _command(
    registry: Registry,
    name: str,
    tell: Callable[..., int],
    text: str,
    *said: Callable[..., Callable[..., int]],
) -> click.Command:
    def asked(*, workspace: str | None, workdir: str | None, contract: str | None, **others: object) -> int:
        return tell(open_workspace(workspace, workdir, contract), registry, **others)

    function = workspace_options(json_option(asked))
    for parameter in reversed(said):
        function = parameter(function)
    return click.command(name, help=text)(function)


def tell_entered(place: Workspace, made: Entered, *, is_json: bool) -> int:
    """Say what was entered."""
    found = made.registered
    if is_json:
        print_json("registered", **_document(place, found), is_new=made.is_new, entry=made.entry.seq)
        return 0
    word = "registered" if made.is_new else "stood there already"
    say(f"{paint('OK', 'green')} {word}: {plain(found.uri)}, entry {made.entry.seq} of the ledger")
    for path, file in made.entry.files.items():
        say(f"  {file.size:>11,}  {plain(path)}")
    return 0


def tell_list(place: Workspace, registry: Registry, *, is_json: bool) -> int:
    """List what a registry holds; 3 when something of it cannot be read."""
    rows = registering.listed(place, registry)
    is_whole = not any(isinstance(found, RunpactError) for _uri, found in rows)
    if is_json:
        print_json(
            "registry",
            registry=registry,
            versions=[_listed_document(place, uri, found) for uri, found in rows],
        )
        return 0 if is_whole else 3
    cells = [_row(uri, found) for uri, found in rows]
    for line in table_lines(("URI", "FORMAT", "SIZE", "FROM"), cells, is_whole=True):
        say(line)
    if not rows:
        say(f"nothing is registered: `runpact {registry} --help`")
    return 0 if is_whole else 3


def tell_one(place: Workspace, registry: Registry, *, uri: str, is_json: bool) -> int:
    """Show one version, with the runs that used it."""
    found = registering.resolve(place, uri, registry)
    users = registering.users(place, parse_uri(found.uri))
    if is_json:
        print_json("registered", **_document(place, found), used_by=list(users))
        return 0
    say(paint(plain(found.uri), "bold"))
    for key, value in _told(place, found).items():
        say(f"  {key:<14} {plain(value)}")
    for path in users:
        say(f"  {'used by':<14} {plain(path)}")
    return 0


def tell_path(place: Workspace, registry: Registry, *, uri: str, is_json: bool) -> int:
    """Print where it stands: a command may read it."""
    found = registering.resolve(place, uri, registry)
    if is_json:
        print_json("registered", **_document(place, found), absolute=found.path)
        return 0
    say(found.path)
    return 0


def tell_verified(place: Workspace, registry: Registry, *, uri: str | None, is_json: bool) -> int:
    """Say what verifying comes to."""
    rows = registering.verify(place, registry, uri)
    verdict = worst(report.verdict for _uri, report in rows)
    if is_json:
        print_json(
            "registry-verified",
            verdict=verdict.value,
            versions=[
                {
                    "uri": None if each is None else str(each),
                    "verdict": report.verdict.value,
                    "findings": finding_documents(report.findings),
                }
                for each, report in rows
            ],
        )
        return verdict.exit_code
    for each, report in rows:
        told = paint(report.verdict.value, VERDICT_COLOUR[report.verdict])
        is_whole = report.verdict is Verdict.OK
        say(f"{told} {each or registry}{', as it was registered' * is_whole}")
        for line in finding_lines(report.findings):
            say(line)
    return verdict.exit_code


def tell_removed(
    place: Workspace, registry: Registry, *, uri: str, reason: str | None, is_forced: bool, is_json: bool
) -> int:
    """Remove one version and say so."""
    demand_meant(reason=reason)
    entry = registering.remove(place, uri, registry, reason=reason or "", is_forced=is_forced)
    if is_json:
        print_json("registry-removed", uri=str(parse_uri(uri)), entry=entry.seq, reason=entry.reason)
        return 0
    say(f"{paint('OK', 'green')} removed: {plain(uri)}, entry {entry.seq} of the ledger")
    return 0


def _listed_document(place: Workspace, uri: Uri, found: Registered | RunpactError) -> dict[str, object]:
    if isinstance(found, RunpactError):
        return {"uri": str(uri), "fault": found.message}
    return _document(place, found)


def _document(place: Workspace, found: Registered) -> dict[str, object]:
    return {
        "uri": found.uri,
        "version": found.version,
        "path": place.shown(found.path),
        "digest": found.digest,
        "manifest": msgspec.to_builtins(found.manifest),
    }


def _row(uri: Uri, found: Registered | RunpactError) -> Sequence[str]:
    if isinstance(found, RunpactError):
        return (str(uri), "damaged", "", found.message)
    size = sum(file.size for file in found.manifest.files.values())
    origin = found.manifest.origin
    return (
        found.uri,
        str(getattr(found.manifest, "format", counted(len(found.manifest.files), "file", "files"))),
        f"{size:,}",
        f"run {origin.run_id}{_DIRTY * _is_dirty(found)}" if origin else found.manifest.source or "",
    )


def _is_dirty(found: Registered) -> bool:
    return getattr(found.manifest, "dirty", None) is True


def _told(place: Workspace, found: Registered) -> dict[str, str]:
    manifest = found.manifest
    told = {"path": place.shown(found.path), "digest": found.digest}
    told |= {
        key.replace("_", " "): msgspec.json.encode(value).decode() if isinstance(value, dict) else str(value)
        for key in ("format", "git_hash", "input_spec", "class_map", "export", "splits", "source", "notes")
        if (value := getattr(manifest, key, None))
    }
    if _is_dirty(found):
        told["git hash"] += f"{_DIRTY}: the code had changes that are in no commit; the run has them"
    if manifest.origin is not None:
        told["made by"] = f"run {manifest.origin.run_id}, {manifest.origin.file}"
        told["run"] = f"{manifest.origin.run} at {manifest.origin.path}"
    return told
