"""What the names of an expression stand for in one run.

Knows: `doc`, `files`, `rows`, `present`, `leaves`, `run`, and the functions that look at files.
Does not know: any clause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from runpact.model.contract.language import Entry, stem_of
from runpact.model.expression import Scope
from runpact.model.facts import DocumentFact, FileFact, FormatFault
from runpact.model.judge.claim import Claim
from runpact.model.judge.frame import Frame, Located
from runpact.model.judge.looking import MOST_LINES, Looking
from runpact.model.judge.view import View
from runpact.model.reference import Reference, at_pointer, pointer_of

_CONTENTS = ("doc", "rows", "text", "lines")
"""What a file that a name is bound to can be looked into for, as in `f.doc`."""


class Names:
    """Gives each expression the scope it needs and no more."""

    def __init__(self, subject: View) -> None:
        """Store the run."""
        self._subject = subject
        self._scopes: dict[tuple[str, ...], Scope] = {}
        self._looking = Looking(subject)
        self._functions = self._looking.functions()

    def unseen(self) -> tuple[str, ...]:
        """Return the files that expressions looked for in vain since this was asked last."""
        found = tuple(self._looking.unseen)
        self._looking.unseen.clear()
        return found

    def scope(self, wanted: tuple[Reference, ...], frame: Frame) -> Scope:
        """Return the scope for references, its bound names set to the frame's."""
        fixed = [each for each in wanted if each.root not in frame.variables]
        key = tuple(sorted({".".join((each.root, *each.parts[:1])) for each in fixed}))
        if key not in self._scopes:
            self._scopes[key] = Scope(self._variables(fixed), self._functions)
        scope = self._scopes[key]
        for name in {each.root for each in wanted} & frame.variables.keys():
            scope.bind(name, self._completed(name, wanted, frame))
        return scope

    def _completed(self, name: str, wanted: tuple[Reference, ...], frame: Frame) -> object:
        """Return a bound value, with the document of its file when the expression looks into it."""
        value = frame.variables[name]
        parts = [each.parts for each in wanted if each.root == name]
        if name == "previous" and isinstance(value, dict):
            return {each: self._looked_into(item, _below(each, parts)) for each, item in value.items()}
        return self._looked_into(value, {each[0] for each in parts if each})

    def _looked_into(self, value: object, wanted: set[str]) -> object:
        """Return a file's item with those of its contents that an expression wants."""
        if not isinstance(value, dict) or not value.keys() >= _ITEM:
            return value
        contents = {root: self._content(root, str(value["path"])) for root in _CONTENTS if root in wanted}
        return {**value, **{root: content for root, content in contents.items() if content is not None}}

    def _content(self, root: str, path: str) -> object:
        if root == "doc":
            return self._document(path)
        return self.rows_at(path, None) if root == "rows" else self._text(root, path)

    def _text(self, root: str, path: str) -> object:
        text = self._subject.tree.text(path)
        if isinstance(text, FormatFault):
            return None
        if root == "text":
            return text
        return text.splitlines() if text.count("\n") < MOST_LINES else None

    def _variables(self, wanted: list[Reference]) -> dict[str, object]:
        variables: dict[str, dict[str, object]] = {root: {} for root in _READERS}
        looked = {each.parts[0] for each in wanted if each.root not in _ROOTS and each.parts}
        run: dict[str, object] = {}
        for each in wanted:
            if each.root == "run":
                run |= self._of_run(each.parts)
            elif each.name is not None:
                value = _READERS[each.root](self, each.name)
                if each.root == "files" and looked.intersection(_CONTENTS) and isinstance(value, list):
                    value = [self._looked_into(item, looked) for item in value]
                if value is not None:
                    variables[each.root][each.name] = value
        return {**self._subject.constants, **variables, "run": run}

    def _of_run(self, parts: tuple[str, ...]) -> dict[str, object]:
        known = self._subject.tree.run
        return (
            {parts[0]: known[parts[0]]} if parts and parts[0] in known else dict(known) if not parts else {}
        )

    def entries_of(self, name: str) -> Iterator[tuple[Entry, str | None]]:
        """Yield the entries that a name speaks of, each with the one literal path that is meant."""
        entries = self._subject.kind.entries
        named = [entry for entry in entries if entry.as_ == name]
        if named:
            yield from ((entry, None) for entry in named)
            return
        for entry in entries:
            if entry.as_ is None:
                yield from ((entry, path) for path in entry.paths if stem_of(path) == name)

    def claims_of(self, name: str) -> list[Claim]:
        """Return what stands at the places that a name speaks of, each file once."""
        found: dict[str, Claim] = {}
        for entry, path in self.entries_of(name):
            for group in self._subject.groups(entry):
                for claim in group.claims:
                    if claim.fact is not None and path in {None, claim.path, claim.legacy}:
                        found.setdefault(claim.path, claim)
        return list(found.values())

    def paths_of(self, name: str) -> Iterator[str]:
        """Yield the paths that a name speaks of, whether something stands there or not."""
        for entry, path in self.entries_of(name):
            yield path if path is not None else entry.path
            yield from (claim.path for group in self._subject.groups(entry) for claim in group.claims)
        if name == "manifest":
            yield self._subject.kind.records.manifest

    def place_of(self, reference: Reference) -> Located | None:
        """Return where a reference to an entry leads to."""
        if reference.name is None:
            return None
        if reference.root == "files":
            return Located("") if len(reference.parts) == 1 else None
        path = self._path_of(reference.name)
        if path is None or reference.root in {"present", "leaves"}:
            return None if path is None else Located(path)
        return Located(path, self._row_pointer(reference) + pointer_of(reference.parts[1:]))

    def _row_pointer(self, reference: Reference) -> str:
        if reference.root != "rows" or reference.name is None:
            return ""
        spec = self._rows_spec(reference.name)
        return (spec or {}).get("at", "")

    def _path_of(self, name: str) -> str | None:
        claims = self.claims_of(name)
        if claims:
            return claims[0].path
        return next(self.paths_of(name), None)

    def _rows_spec(self, name: str) -> dict[str, str] | None:
        return next((entry.rows for entry, _path in self.entries_of(name) if entry.rows), None)

    def _document_named(self, name: str) -> object:
        claims = self.claims_of(name)
        if not claims and name == "manifest":
            path = self._subject.kind.records.manifest
            return self._document(path) if path in self._subject.by_path else None
        return self._document(claims[0].path) if claims else None

    def _document(self, path: str) -> object:
        document = self._subject.document(path)
        if isinstance(document, DocumentFact):
            return document.value
        header = self._subject.tree.header(path)
        return None if isinstance(header, FormatFault) else header

    def _files_named(self, name: str) -> object:
        return [_item(claim) for claim in self.claims_of(name)]

    def _presence(self, name: str) -> object:
        return bool(self.claims_of(name))

    def _rows_named(self, name: str) -> object:
        claims = self.claims_of(name)
        return self.rows_at(claims[0].path, self._rows_spec(name)) if claims else None

    def rows_at(self, path: str, spec: dict[str, str] | None) -> object:
        """Return the rows of a file: of a table, of a JSONL file, or of the list that a document holds."""
        rows = self._subject.rows(path)
        if not isinstance(rows, FormatFault):
            return rows
        document = self._document(path)
        if spec:
            try:
                document = at_pointer(document, spec.get("at", ""))
            except KeyError:
                document = [document] if spec.get("or") == "self" and document is not None else None
        return document if isinstance(document, list) else None

    def _leaves_named(self, name: str) -> object:
        document = self._document_named(name)
        return None if document is None else list(_leaves(document, "", ""))

    def _text_named(self, name: str) -> object:
        claims = self.claims_of(name)
        return self._text("text", claims[0].path) if claims else None

    def _lines_named(self, name: str) -> object:
        claims = self.claims_of(name)
        return self._text("lines", claims[0].path) if claims else None


_READERS: dict[str, Callable[[Names, str], object]] = {
    "doc": Names._document_named,  # noqa: SLF001 - its own table
    "files": Names._files_named,  # noqa: SLF001 - its own table
    "rows": Names._rows_named,  # noqa: SLF001 - its own table
    "present": Names._presence,  # noqa: SLF001 - its own table
    "leaves": Names._leaves_named,  # noqa: SLF001 - its own table
    "text": Names._text_named,  # noqa: SLF001 - its own table
    "lines": Names._lines_named,  # noqa: SLF001 - its own table
}
_ROOTS = frozenset({*_READERS, "run", "index"})
_ITEM = frozenset({"path", "size"})


def _below(name: str, parts: list[tuple[str, ...]]) -> set[str]:
    """Return what is wanted of one of the items that went before."""
    return {each[1] for each in parts if each[:1] == (name,) and len(each) > 1}


def _item(claim: Claim) -> dict[str, object]:
    bound = {
        name: value for name, value in claim.frame.variables.items() if name not in {"index", "previous"}
    }
    fact = claim.fact or FileFact(claim.path, "file")
    target = {"target": fact.path} if fact.path != claim.path else {}
    return {**bound, "path": claim.path, "size": fact.size, "mode": f"{fact.mode:03o}", **target}


def _leaves(value: object, pointer: str, key: str) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, pointer + pointer_of([name]), str(name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{pointer}/{index}", key)
    else:
        yield {"pointer": pointer, "key": key, "value": value}
