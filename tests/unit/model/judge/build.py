"""Builds contracts and run trees in memory."""

from runpact.model.contract.language import Contract, Kind, LoadedContract
from runpact.model.facts import ContentFact, DocumentFact, FileFact, FormatFault, RunTree
from runpact.model.judge import judge


def loaded(kind: Kind, *, schemas=None, formats=()) -> LoadedContract:
    contract = Contract(contract="test", version="1.0.0", kinds={"run": kind}, formats=formats)
    return LoadedContract(contract=contract, schemas=schemas or {}, sources={}, digest="sha256:0")


def tree(*facts, documents=None, contents=None, run=None, is_own=True) -> RunTree:
    files = tuple(FileFact(fact, "file", 1) if isinstance(fact, str) else fact for fact in facts)
    known = documents or {}

    def document(path, _form):
        value = known.get(path, FormatFault("not-a-document", "not read"))
        return value if isinstance(value, FormatFault | DocumentFact) else DocumentFact(value)

    def content(path, _form):
        name = path.rsplit(".", 1)[-1]
        return (contents or {}).get(path, ContentFact(named=(name,), fits=(name,), content=name))

    state = {"state": "finished", "word": "finished", "id": "r1"}
    return RunTree(files=files, run=state | (run or {}), document=document, content=content, is_own=is_own)


def findings(kind, facts, **contract):
    return judge(kind, loaded(kind, **contract), facts).findings


def codes(kind, facts, **contract):
    return [(finding.code, finding.path) for finding in findings(kind, facts, **contract)]
