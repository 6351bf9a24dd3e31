"""The run under judgement.

Knows: which files each entry speaks of, what names stand for, what was found so far.
Does not know: any clause.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from runpact.model.contract.clause import Clause
from runpact.model.contract.language import Entry, Kind, LoadedContract, Records
from runpact.model.errors import RunpactError
from runpact.model.expression import Scope, Undecided
from runpact.model.facts import DocumentFact, FileFact, FormatFault, RunTree
from runpact.model.finding import Finding
from runpact.model.judge.claim import Claim, Group
from runpact.model.judge.claims import Selections
from runpact.model.judge.frame import EMPTY, Frame, Located
from runpact.model.judge.grade import Fault, graded
from runpact.model.judge.names import Names
from runpact.model.reference import Reference, literals, references

PRIVATE = ".runpact"
DOCUMENTS = (".json", ".yaml", ".yml", ".toml", ".jsonl", ".ndjson")


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
        self.selections = Selections(self)
        self.names = Names(self)

    def add(self, findings: Iterable[Finding]) -> None:
        """Note findings; those of one clause may lean on those of the clauses before."""
        self.findings.extend(findings)

    @property
    def reported(self) -> dict[str, str]:
        """Place of the first finding by the file that it is about."""
        first: dict[str, str] = {}
        for finding in self.findings:
            first.setdefault(finding.path.split("#", 1)[0], finding.path)
        return first

    def finding(self, clause: Clause, rule: str, fault: Fault) -> Finding:
        """Return the finding that a fault of a clause comes to here."""
        return graded(self.loaded.contract, clause, rule, fault)

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

    def evaluate(self, text: str, frame: Frame = EMPTY) -> object:
        """Return the value of an expression, or `Undecided`."""
        return self.names.scope(references(text), frame).evaluate(text)

    def decide(self, condition: bool | str, frame: Frame = EMPTY) -> bool | Undecided:  # noqa: FBT001 - a presence is one or the other
        """Return whether a presence or condition holds here."""
        if isinstance(condition, bool):
            return condition
        return self.names.scope(references(condition), frame).decide(condition)

    def scope(self, *texts: str) -> Scope:
        """Return the scope for expressions without bindings."""
        return self.names.scope(tuple(each for text in texts for each in references(text)), EMPTY)

    def place_of(self, text: str, frame: Frame = EMPTY) -> Located | None:
        """Return the first place that an expression refers to."""
        for reference in references(text):
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
            return self.tree.document(path)
        except RunpactError as error:
            return FormatFault("unreadable", error.message)

    def because_of(self, *texts: str, frame: Frame = EMPTY) -> str | None:
        """Return the reported place that an undecided expression leans on, if there is one."""
        reported = self.reported
        for text in texts:
            for path in self._leans_on(text, frame):
                if path in reported:
                    return reported[path]
        return None

    def _leans_on(self, text: str, frame: Frame) -> Iterable[str]:
        for reference in references(text):
            if reference.name is not None:
                yield from self.names.paths_of(reference.name)
            elif reference.root in frame.places:
                yield frame.places[reference.root].path
        yield from literals(text)
