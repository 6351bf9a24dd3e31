"""The run under judgement.

Knows: which files each entry speaks of, what names stand for, what was found so far.
Does not know: any clause.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

import msgspec

from runpact.model.contract.clause import Clause
from runpact.model.contract.language import Entry, Kind, LoadedContract, Records
from runpact.model.errors import RunpactError
from runpact.model.expression import Undecided
from runpact.model.facts import DocumentFact, FileFact, FormatFault, RunTree, TableRows
from runpact.model.finding import Finding, Severity
from runpact.model.judge.claim import Claim, Group
from runpact.model.judge.claims import Selections
from runpact.model.judge.forms import Forms
from runpact.model.judge.frame import EMPTY, Frame, Located
from runpact.model.judge.grade import Fault, graded
from runpact.model.judge.names import Names
from runpact.model.reference import Reference, literals, references

PRIVATE = ".runpact"
_HARMLESS = frozenset({Severity.ADVICE, Severity.WARNING})
"""Findings that nothing else follows from: a verdict must not be better for them."""
DOCUMENTS = (".json", ".yaml", ".yml", ".toml", ".jsonl", ".ndjson")


_Answer = TypeVar("_Answer")


class Subject:
    """One run, its contract, and the findings about it."""

    def __init__(
        self,
        kind: Kind,
        loaded: LoadedContract,
        tree: RunTree,
        constants: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Store the parts; nothing is read yet. `constants` are names that every expression knows."""
        self.constants = constants
        self.kind = kind
        self.loaded = loaded
        self.tree = tree
        self.by_path: Mapping[str, FileFact] = {fact.path: fact for fact in tree.files}
        self.findings: list[Finding] = []
        self._leaning: dict[int, tuple[str, ...]] = {}
        self.selections = Selections(self)
        self.names = Names(self)
        self._forms = Forms(kind.entries)

    def add(self, findings: Iterable[Finding]) -> None:
        """Note findings; those of one clause may lean on those of the clauses before."""
        self.findings.extend(findings)

    @property
    def reported(self) -> set[str]:
        """Files that something was found about."""
        return {finding.path.split("#", 1)[0] for finding in self.findings}

    def finding(self, clause: Clause, rule: str, fault: Fault) -> Finding:
        """Return the finding that a fault of a clause comes to here."""
        is_usual = rule in {clause.id, getattr(clause, "rule", None)}
        told = clause.ids.get(fault.code, rule) if is_usual else rule
        finding = graded(self.loaded.contract, clause, told, fault)
        if fault.leans:
            self._leaning[id(finding)] = fault.leans
        return finding

    def settle(self) -> None:
        """Hang each finding that follows from another one on that one; nothing else changes.

        A finding that hangs may itself be what a third one follows from.
        """
        waiting = [number for number, each in enumerate(self.findings) if id(each) in self._leaning]
        roots = self._places(skipped=set(waiting))
        is_moving = True
        while is_moving:
            is_moving = False
            for number in tuple(waiting):
                finding = self.findings[number]
                leans = self._leaning[id(finding)]
                because = next((roots[path] for path in leans if path in roots), None)
                if because is not None:
                    self.findings[number] = msgspec.structs.replace(finding, because=because)
                    roots.setdefault(finding.path.split("#", 1)[0], because)
                    waiting.remove(number)
                    is_moving = True

    def _places(self, skipped: set[int]) -> dict[str, str]:
        first: dict[str, str] = {}
        for number, finding in enumerate(self.findings):
            if number not in skipped and finding.severity not in _HARMLESS:
                first.setdefault(finding.path.split("#", 1)[0], finding.path)
        return first

    def is_record(self, path: str) -> bool:
        """Whether a path is one of runpact's own records, which no contract judges."""
        records = self.kind.records if self.tree.is_own else Records()
        return path.split("/", 1)[0] == PRIVATE or path in {records.manifest, records.events, records.metrics}

    def groups(self, entry: Entry) -> tuple[Group, ...]:
        """Return an entry's claims, one group for each item of its `foreach`."""
        return self.selections.groups(entry)

    def claims(self, entry: Entry) -> tuple[Claim, ...]:
        """Return an entry's claims about files that stand there."""
        return tuple(claim for group in self.groups(entry) for claim in group.claims if claim.fact)

    def contents(self, entry: Entry) -> tuple[Claim, ...]:
        """Return an entry's claims about files whose content is judged: those that must not stand are not."""
        claims, barred = self.claims(entry), self._barred
        return tuple(claim for claim in claims if claim.path not in barred) if barred else claims

    @property
    def _barred(self) -> set[str]:
        return {finding.path for finding in self.findings if finding.code == "forbidden"}

    def evaluate(self, text: str, frame: Frame = EMPTY) -> object:
        """Return the value of an expression, or `Undecided`."""
        return self._looked(self.names.scope(references(text), frame).evaluate(text))

    def evaluate_all(self, texts: Iterable[str]) -> list[object]:
        """Return the value of each expression, or `Undecided`; what they refer to is gathered once."""
        texts = tuple(texts)
        wanted = tuple(dict.fromkeys(each for text in texts for each in references(text)))
        scope = self.names.scope(wanted, EMPTY)
        return [scope.evaluate(text) for text in texts]

    def decide(self, condition: bool | str, frame: Frame = EMPTY) -> bool | Undecided:  # noqa: FBT001 - a presence is one or the other
        """Return whether a presence or condition holds here."""
        if isinstance(condition, bool):
            return condition
        return self._looked(self.names.scope(references(condition), frame).decide(condition))

    def _looked(self, answer: _Answer) -> _Answer:
        """Return an answer; one that is undecided with the files that it looked for in vain."""
        unseen = self.names.unseen()
        if unseen and isinstance(answer, Undecided):
            return msgspec.structs.replace(answer, paths=unseen)
        return answer

    def place_of(self, text: str, frame: Frame = EMPTY) -> Located | None:
        """Return the first place that an expression refers to; what is bound here comes first."""
        found = references(text)
        for reference in sorted(found, key=lambda each: each.root not in frame.places):
            place = self.located(reference, frame)
            if place is not None:
                return place
        return None

    def located(self, reference: Reference, frame: Frame) -> Located | None:
        """Return where a reference leads to; None when that is no place in the run."""
        return frame.place_of(reference) or self.names.place_of(reference)

    @functools.cache  # noqa: B019 - lives as long as one judgement
    def document(self, path: str) -> DocumentFact | FormatFault:
        """Return a parsed document, read at most once."""
        try:
            return self.tree.document(path, self._forms.form_of(path))
        except RunpactError as error:
            return FormatFault("unreadable", error.message)

    @functools.cache  # noqa: B019 - lives as long as one judgement
    def rows(self, path: str) -> list[dict[str, object]] | FormatFault:
        """Return the rows of a table, the cells of typed columns as values."""
        rows = self.tree.rows(path, self._forms.form_of(path))
        return rows if isinstance(rows, FormatFault) else self._forms.typed(path, rows)

    def table(self, path: str) -> TableRows | FormatFault:
        """Return the rows of a table as a stream, as they are written."""
        return self.tree.table(path, self._forms.form_of(path))

    def is_document(self, path: str) -> bool:
        """Whether a file is read as a document, by its name or because an entry says so."""
        said = self._forms.form_of(path).format
        return f".{said}" in DOCUMENTS if said else path.endswith(DOCUMENTS)

    def why_unread(self, path: str) -> str:
        """Return why neither a document nor a header can be read there; nothing for what was read."""
        if path not in self.by_path or isinstance(self.document(path), DocumentFact):
            return ""
        header = self.tree.header(path)
        if isinstance(header, FormatFault) and header.code != "not-a-document":
            return header.message
        return ""

    def absent(self, *texts: str) -> tuple[str, ...]:
        """Return the names in expressions that no file stands for."""
        named = (each.name for text in texts for each in references(text) if each.name is not None)
        return tuple(name for name in dict.fromkeys(named) if not self.names.claims_of(name))

    def leans_on(self, *texts: str, frame: Frame = EMPTY) -> tuple[str, ...]:
        """Return the files that expressions speak of."""
        return tuple(dict.fromkeys(path for text in texts for path in self._files_of(text, frame)))

    def _files_of(self, text: str, frame: Frame) -> Iterable[str]:
        for reference in references(text):
            if reference.name is not None:
                yield from self.names.paths_of(reference.name)
            elif reference.root in frame.places:
                yield frame.places[reference.root].path
        yield from literals(text)
