"""Which files of a legacy folder stand for which alias.

Knows: the rules by which a path is recognised, where it goes, what is left over.
Does not know: files, how they are copied.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from runpact.model.contract.kind import Kind
from runpact.model.contract.stages import directory_of, folder_behind, outputs_of
from runpact.model.errors import (
    Fault,
    MalformedDocumentError,
    RunpactError,
)
from runpact.model.facts import FileFact, Json
from runpact.model.names import check_relative, is_relative, is_text, readable_path
from runpact.model.template import PathTemplate
from runpact.model.versioned import encode_record, parse_record

IMPORT_FORMAT = "runpact.import/1"
FOLDER = "legacy"
"""Folder of an experiment that holds what was imported, by alias."""

Mode = Literal["copy", "link"]
_SORTS = {"symlink": "a link: it is not followed", "other": "a pipe, socket or device: it is not opened"}


class ImportRule(msgspec.Struct, frozen=True):
    """Files of a legacy folder that stand behind an alias."""

    alias: str
    source: str
    """Pattern relative to the legacy folder."""
    target: str | None = None
    """Where such a file goes, relative to the alias's folder; its name alone by default."""
    folder: str | None = None
    """Without a target: where it goes is its path below this folder of the legacy one."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """One file that was imported."""

    alias: str
    path: str
    """Relative to the experiment."""
    source: str
    """Relative to the legacy folder."""
    digest: str = ""
    size: int = 0


class LeftOver(msgspec.Struct, frozen=True):
    """Something in a legacy folder that was not imported."""

    path: str
    reason: str


class ImportRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What an experiment took over from a legacy folder; `.runpact/import.json`."""

    format: str = IMPORT_FORMAT
    source: str
    """Relative to the workspace; absolute outside it."""
    mode: Mode
    external: bool
    """Its files are links that lead out of the experiment, which therefore cannot be promoted."""
    resolved_from_legacy: bool = True
    is_complete: bool = False
    imported_at: str
    files: tuple[Imported, ...] = ()
    left_over: tuple[LeftOver, ...] = ()

    @property
    def aliases(self) -> dict[str, str]:
        """Folder of each alias that files stand behind, relative to the experiment."""
        return {file.alias: posixpath.join(FOLDER, file.alias) for file in self.files}


class ImportPlan(msgspec.Struct, frozen=True):
    """What is to be imported, and what is not."""

    files: tuple[Imported, ...]
    left_over: tuple[LeftOver, ...]
    clashes: tuple[str, ...] = ()
    """Each place that several files would take, with the files."""


def encode_import(record: ImportRecord) -> bytes:
    """Return the record's bytes."""
    return encode_record(record)


def parse_import(data: bytes) -> ImportRecord:
    """Read the record of an import.

    Raises:
        MalformedDocumentError: It is none.
        UnknownVersionError: Its major version is not 1.
    """
    return parse_record(data, ImportRecord, what="the record of an import", expected=IMPORT_FORMAT)


def is_import_complete(data: bytes) -> bool:
    """Whether these bytes are the record of an import that came to its end."""
    try:
        return parse_import(data).is_complete
    except RunpactError:
        return False


def usual_rules(kind: Kind) -> tuple[ImportRule, ...]:
    """Return the rules that a contract implies: outputs below their alias, their stage, or neither."""
    rules = []
    for stage in sorted(kind.stages, key=lambda each: each.id):
        for alias, output in outputs_of(stage):
            path = output.file or output.files or ""
            folder = folder_behind(stage, alias)
            below = path.removeprefix(f"{folder}/") if folder else path
            folders = dict.fromkeys((alias, posixpath.join(directory_of(stage), folder).rstrip("/"), folder))
            rules += [ImportRule(alias, posixpath.join(each, below), folder=each) for each in folders]
    return tuple(rules)


def read_rules(document: Json, aliases: Iterable[str], at: str) -> tuple[ImportRule, ...]:
    """Return the rules of a map: for each alias patterns, or `{from: pattern, to: path}`.

    Args:
        document: The parsed map.
        aliases: Those that the contract knows.
        at: The map's path, for messages.

    Raises:
        MalformedDocumentError: It is no such map; carries every fault.
    """
    known, rules, faults = set(aliases), [], []
    if not isinstance(document, dict):
        raise MalformedDocumentError("a map of aliases to patterns is expected", at=at)
    for alias, told in document.items():
        if alias not in known:
            faults.append(
                Fault("no stage writes this alias", at, at=f"/{alias}", expected=", ".join(sorted(known)))
            )
        for number, each in enumerate(told if isinstance(told, list) else [told]):
            rule = _rule(str(alias), each)
            if isinstance(rule, str):
                faults.append(Fault(rule, at, at=f"/{alias}/{number}"))
            else:
                rules.append(rule)
    if faults:
        raise MalformedDocumentError(f"the map has {len(faults)} faults", at=at, faults=tuple(faults))
    return tuple(rules)


def _rule(alias: str, told: Json) -> ImportRule | str:
    """Return a rule, or why this is none."""
    source, target = (told.get("from"), told.get("to")) if isinstance(told, dict) else (told, None)
    if isinstance(told, dict) and told.keys() - {"from", "to"}:
        return "a rule has the keys `from` and `to`"
    if not isinstance(source, str) or not (target is None or isinstance(target, str)):
        return "a rule is a pattern, or `{from: pattern, to: path}`"
    outside = next((path for path in (source, target) if path is not None and not is_relative(path)), None)
    if outside is not None:
        return f"`{outside}` does not stay below its folder: a relative path without `..` does"
    try:
        captures = set(PathTemplate.pattern(source).captures)
        missing = set(PathTemplate.parse(target).captures) - captures if target is not None else set()
    except RunpactError as error:
        return error.message
    return (
        f"`{source}` captures no {', '.join(sorted(missing))}"
        if missing
        else ImportRule(alias, source, target)
    )


def plan_import(facts: Iterable[FileFact], rules: Sequence[ImportRule]) -> ImportPlan:
    """Return what each file of a legacy folder becomes; the first rule that fits decides.

    Args:
        facts: What stands in the folder; nothing but directories was opened.
        rules: In order.
    """
    patterns = [(rule, PathTemplate.pattern(rule.source)) for rule in rules]
    files, left = [], []
    for fact in facts:
        if not is_text(fact.path):
            left.append(LeftOver(readable_path(fact.path), "its name is no UTF-8"))
            continue
        found = _target(fact.path, patterns) if fact.kind == "file" else None
        if found is not None:
            alias, path = found
            files.append(Imported(alias=alias, path=posixpath.join(FOLDER, alias, path), source=fact.path))
        elif fact.fault or fact.kind != "dir":
            reason = fact.fault or _SORTS.get(fact.kind, "no rule recognises it")
            left.append(LeftOver(fact.path, reason))
    return ImportPlan(tuple(files), tuple(left), tuple(_clashes(files)))


def external_links(
    record: ImportRecord, facts: Iterable[FileFact], *, directory: str, root: str
) -> dict[str, str]:
    """Return which links of an experiment lead to the files that its import linked to.

    A link that was changed since, or that the record does not name, is none of them.

    Args:
        record: Of the import.
        facts: What stands in the experiment.
        directory: Of the experiment, absolute.
        root: Absolute data root.

    Returns:
        Path of the original in the legacy folder, by the path of the link.
    """
    named = {file.path: file.source for file in record.files} if record.external else {}
    source = posixpath.join(root, record.source)
    return {
        fact.path: named[fact.path]
        for fact in facts
        if fact.path in named
        and fact.target is not None
        and _end_of(directory, fact.path, fact.target)
        == posixpath.normpath(posixpath.join(source, named[fact.path]))
    }


def _end_of(directory: str, path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(directory, posixpath.dirname(path), target))


def _target(path: str, patterns: Sequence[tuple[ImportRule, PathTemplate]]) -> tuple[str, str] | None:
    for rule, pattern in patterns:
        captures = pattern.match(path)
        if captures is None:
            continue
        try:
            return rule.alias, check_relative(_named(rule, path, captures), what="imported file")
        except RunpactError:
            continue
    return None


def _named(rule: ImportRule, path: str, captures: Mapping[str, str]) -> str:
    """Return where a file goes, relative to its alias's folder."""
    if rule.target is not None:
        return PathTemplate.parse(rule.target).render(captures)
    if rule.folder is not None:
        return path.removeprefix(f"{rule.folder}/") if rule.folder else path
    return posixpath.basename(path)


def _clashes(files: Sequence[Imported]) -> Iterator[str]:
    sources: dict[str, list[str]] = {}
    for file in files:
        sources.setdefault(file.path, []).append(file.source)
    for path, named in sources.items():
        if len(named) > 1:
            yield f"{path}: {', '.join(named)}"
