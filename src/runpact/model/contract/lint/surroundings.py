"""What a contract says beyond its runs: workspace, promotions, policies.

Knows: which kinds and places must exist.
Does not know: how any of it acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runpact.model.contract.entries import surroundings
from runpact.model.contract.language import Contract
from runpact.model.contract.lint.entries import lint_entries
from runpact.model.contract.lint.expressions import expression_notes, lint_expressions, names_of
from runpact.model.contract.lint.note import Note, escaped, nearest, relative_notes, template_notes
from runpact.model.contract.lint.views import lint_views
from runpact.model.contract.surroundings import WorkspaceRules
from runpact.model.worklog import LEVELS


def lint_surroundings(contract: Contract, schemas: Mapping[str, bytes]) -> Iterator[Note]:
    """Yield what is wrong with the parts beside the kinds."""
    yield from _workspace(contract, schemas)
    yield from _promotions(contract, schemas)
    yield from _policies(contract)
    for name, validator in contract.validators.items():
        yield from relative_notes(validator.module, f"/validators/{name}/module")


def _workspace(contract: Contract, schemas: Mapping[str, bytes]) -> Iterator[Note]:
    rules = contract.workspace
    yield from relative_notes(rules.data, "/workspace/data") if rules.data != "." else ()
    for number, directory in enumerate(rules.directories):
        yield from relative_notes(directory, f"/workspace/directories/{number}")
    for word in ("caches", "frozen"):
        for number, glob in enumerate(getattr(rules, word)):
            yield from template_notes(glob, f"/workspace/{word}/{number}")
    yield from lint_entries(contract, rules.entries, "/workspace/entries", schemas)
    yield from lint_expressions(surroundings(contract), "/workspace")
    yield from _log(rules)
    for name, globs in rules.layers.items():
        at = f"/workspace/layers/{escaped(name)}"
        if not globs:
            yield Note(at, "a layer without paths holds nothing", "globs", "none")
        for number, glob in enumerate(globs):
            yield from template_notes(glob, f"{at}/{number}")
    yield from _imports(rules)
    yield from relative_notes(rules.golden, "/workspace/golden")
    yield from _patterns(rules)
    for number, view in enumerate(rules.indexes):
        yield from _kinds(contract, view.kinds, f"/workspace/indexes/{number}/kinds")
    yield from lint_views(contract)


def _imports(rules: WorkspaceRules) -> Iterator[Note]:
    said = rules.imports
    if said is None:
        return
    for word in ("order", "apart", "library"):
        for number, name in enumerate(getattr(said, word)):
            if name not in rules.layers:
                at = f"/workspace/imports/{word}/{number}"
                known = " or ".join(rules.layers) or "a layer of this contract"
                yield Note(at, f"there is no layer `{name}`", known, name, nearest(name, rules.layers))
    if len(set(said.order)) < len(said.order):
        yield Note("/workspace/imports/order", "a layer stands twice", "each layer once")


def _log(rules: WorkspaceRules) -> Iterator[Note]:
    log = rules.shared_log
    if log is not None:
        yield from relative_notes(log.file, "/workspace/log")
        if log.level not in LEVELS:
            yield from expression_notes(log.level, "/workspace/log/level", set())


def _patterns(rules: WorkspaceRules) -> Iterator[Note]:
    """Yield what git would read as something else than a pattern for a path below."""
    for word in ("ignored", "kept", "outside"):
        for number, pattern in enumerate(getattr(rules.git, word, ())):
            parts = pattern.split("/")
            if pattern[:1] in {"!", "#", "/", ""} or ".." in parts or not pattern.isprintable():
                at = f"/workspace/git/{word}/{number}"
                yield Note(at, "it is no pattern for a path below", "a relative path or glob", pattern)


def _promotions(contract: Contract, schemas: Mapping[str, bytes]) -> Iterator[Note]:
    for name, promotion in contract.promotions.items():
        at = f"/promotions/{name}"
        yield from _kinds(contract, promotion.from_, f"{at}/from")
        yield from template_notes(promotion.at, f"{at}/at")
        yield from lint_entries(contract, promotion.entries, f"{at}/entries", schemas)
        sources = [contract.kinds[kind].entries for kind in promotion.from_ if kind in contract.kinds]
        known = {each for entries in sources for each in names_of(entries)} | {"manifest"}
        yield from expression_notes(promotion.needs, f"{at}/needs", known)


def _policies(contract: Contract) -> Iterator[Note]:
    for name, policy in contract.policies.items():
        at = f"/policies/{name}"
        if policy.like is not None:
            known = [each for each in contract.policies if each != name]
            yield Note(f"{at}/like", "it is like no other policy", " or ".join(known), policy.like)
        if not policy.gates and not policy.guards and not policy.rules and not policy.keep:
            yield Note(at, "an empty policy never passes", "gates, guards, rules or keep", "none")
        for number, gate in enumerate(policy.gates):
            if gate.min is None and gate.max is None:
                yield Note(f"{at}/gates/{number}", "a gate has no bound", "min or max", gate.metric)
        if not 0 < policy.confidence < 1:
            yield Note(f"{at}/confidence", "it is no probability", "between 0 and 1", str(policy.confidence))


def _kinds(contract: Contract, kinds: tuple[str, ...], at: str) -> Iterator[Note]:
    for number, kind in enumerate(kinds):
        if kind not in contract.kinds:
            known = list(contract.kinds)
            yield Note(f"{at}/{number}", "no such kind", " or ".join(known), kind, nearest(kind, known))
