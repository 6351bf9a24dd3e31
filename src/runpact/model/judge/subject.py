"""The run under judgement.

Knows: which files each entry matches, the scope of expressions, what was found so far.
Does not know: any clause.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from runpact.model.contract.language import Entry, Kind, LoadedContract, Records
from runpact.model.errors import RunpactError
from runpact.model.expression import Scope, Undecided, references
from runpact.model.facts import DocumentFact, FileFact, FormatFault, RunTree
from runpact.model.finding import Finding
from runpact.model.template import PathTemplate

PRIVATE = ".runpact"
DOCUMENTS = (".json", ".yaml", ".yml", ".toml", ".jsonl")


class Subject:
    """One run, its contract, and the findings about it."""

    def __init__(self, kind: Kind, loaded: LoadedContract, tree: RunTree) -> None:
        """Store the parts and match the entries to the files."""
        self.kind = kind
        self.loaded = loaded
        self.tree = tree
        self.by_path = {fact.path: fact for fact in tree.files}
        self.findings: list[Finding] = []
        self._matches: dict[str, tuple[tuple[FileFact, dict[str, str]], ...]] = {}
        self._scopes: dict[tuple[str, ...], Scope] = {}

    def add(self, findings: Iterable[Finding]) -> None:
        """Note findings; those of one clause may lean on those of the clauses before."""
        self.findings.extend(findings)

    @property
    def reported(self) -> set[str]:
        """Files that something was found about."""
        return {finding.path.split("#", 1)[0] for finding in self.findings}

    def is_record(self, path: str) -> bool:
        """Whether a path is one of runpact's own records, which no contract judges."""
        records = self.kind.records if self.tree.is_own else Records()
        return path.split("/", 1)[0] == PRIVATE or path in {records.manifest, records.events, records.metrics}

    def matches(self, entry: Entry) -> tuple[tuple[FileFact, dict[str, str]], ...]:
        """Return the files (or the directory) of an entry, each with its captures."""
        if entry.name not in self._matches:
            self._matches[entry.name] = tuple(self._match(entry))
        return self._matches[entry.name]

    def _match(self, entry: Entry) -> Iterable[tuple[FileFact, dict[str, str]]]:
        if entry.files is None:
            fact = self.by_path.get(entry.path.rstrip("/"))
            wanted = "dir" if entry.dir is not None else "file"
            return [(fact, {})] if fact is not None and fact.kind == wanted else []
        pattern = PathTemplate.pattern(entry.files)
        matched = ((fact, pattern.match(fact.path)) for fact in self.tree.files if fact.kind == "file")
        return [(fact, captures) for fact, captures in matched if captures is not None]

    def decide(self, condition: bool | str) -> bool | Undecided:  # noqa: FBT001 - a presence is one or the other
        """Return whether a presence or condition holds here."""
        return condition if isinstance(condition, bool) else self.scope(condition).decide(condition)

    def scope(self, *texts: str) -> Scope:
        """Return the scope for expressions, holding only the documents they refer to."""
        names = tuple(sorted({reference for text in texts for reference in references(text)}))
        key = tuple(dict.fromkeys(".".join(name.split(".")[:2]) for name in names))
        if key not in self._scopes:
            self._scopes[key] = Scope(self._variables(key))
        return self._scopes[key]

    def _variables(self, names: tuple[str, ...]) -> dict[str, object]:
        entries = {entry.name: entry for entry in self.kind.entries}
        documents: dict[str, object] = {}
        files: dict[str, object] = {}
        for name in names:
            root, _dot, entry_name = name.partition(".")
            entry = entries.get(entry_name)
            if root == "files" and entry is not None:
                files[entry_name] = [
                    {"path": fact.path, "size": fact.size, **captures}
                    for fact, captures in self.matches(entry)
                ]
            elif root == "doc":
                document = self.document_of(entry_name, entry)
                if document is not None:
                    documents[entry_name] = document.value
        return {"run": dict(self.tree.run), "doc": documents, "files": files}

    def document_of(self, name: str, entry: Entry | None) -> DocumentFact | None:
        """Return the readable document of an entry; `manifest` is the run's own. None without one."""
        path = entry.file if entry is not None else self.kind.records.manifest if name == "manifest" else None
        fact = self.by_path.get(path or "")
        if fact is None or fact.kind != "file":
            return None
        document = self.document(fact.path)
        return document if isinstance(document, DocumentFact) else None

    @functools.cache  # noqa: B019 - lives as long as one judgement
    def document(self, path: str) -> DocumentFact | FormatFault:
        """Return a parsed document, read at most once."""
        try:
            return self.tree.document(path)
        except RunpactError as error:
            return FormatFault("unreadable", error.message)

    def because_of(self, *texts: str) -> str | None:
        """Return the reported file that an undecided expression leans on, if there is one."""
        entries = {entry.name: entry for entry in self.kind.entries}
        reported = self.reported
        for text in texts:
            for reference in references(text):
                root, name = reference.split(".")[:2]
                entry = entries.get(name)
                path = (
                    entry.path
                    if entry is not None
                    else self.kind.records.manifest
                    if name == "manifest"
                    else ""
                )
                if root in {"doc", "files", "rows"} and path in reported:
                    return path
        return None
