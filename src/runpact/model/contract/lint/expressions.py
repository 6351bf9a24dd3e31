"""Expressions: that they can be read and what they refer to exists.

Knows: which names an expression may use where it stands.
Does not know: what an expression comes to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from runpact.model.contract.language import SHARED_WITH_KIND, Entry, Kind, Rule, stem_of
from runpact.model.contract.lint.head import version_notes
from runpact.model.contract.lint.note import Note, escaped, nearest
from runpact.model.errors import RunpactError
from runpact.model.expression import ExpressionError, compile_expression
from runpact.model.functions import FUNCTIONS, OF_CEL, OF_RUNS
from runpact.model.reference import NAMED, calls, references, slots_of
from runpact.model.template import PathTemplate

_MACRO = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*([A-Za-z_]\w*)\s*,")
_ALWAYS = frozenset({*NAMED, "run", "index", "previous", "true", "false", "null", "in"})
_CALLABLE = OF_CEL | OF_RUNS | FUNCTIONS.keys()
_IN_FIELDS_OF_A_STAGE = frozenset({"stage", "summary"})
_OF_A_STAGE = frozenset(
    {"id", "slug", "name", "experiment", "command", "command_line", "seed", "attempt", "launched_by"}
)
"""What `stage` tells in the fields of a stage."""
_IN_FIELDS = frozenset({"sweep"})
"""What came out of a sweep, in the fields of its own run; undecided in any other."""
_TYPES = frozenset({"int", "uint", "double", "bool", "string", "bytes", "list", "map", "type"})


class _Text(msgspec.Struct, frozen=True):
    """One expression, its place, and the names bound there."""

    at: str
    text: str
    names: frozenset[str] = frozenset()


def lint_expressions(kind: Kind, at: str) -> Iterator[Note]:
    """Yield what is wrong with the expressions of a kind, and with its rules' form."""
    known = names_of(kind.entries) | {"manifest"}
    for text in _texts(kind, at):
        more = _IN_FIELDS if "/fields" in text.at else frozenset()
        yield from expression_notes(text.text, text.at, known, text.names | more)
    for number, rule in enumerate(kind.rules):
        yield from _rule(rule, f"{at}/rules/{number}")
    for number, inventory in enumerate(kind.inventories):
        if inventory.of not in known:
            place, hint = f"{at}/inventories/{number}/of", nearest(inventory.of, known)
            yield _unnamed(place, inventory.of, known, hint)
    yield from _tiers(kind, at)
    yield from _each_stage(kind, at)


def _tiers(kind: Kind, at: str) -> Iterator[Note]:
    rules = {rule.id for rule in kind.rules} | {entry.rule for entry in kind.entries}
    for name, tier in kind.tiers.items():
        for each in tier.rules:
            if each not in rules:
                place = f"{at}/tiers/{name}/rules"
                yield Note(place, "no rule has this id", ", ".join(sorted(rules)), each, nearest(each, rules))


def _each_stage(kind: Kind, at: str) -> Iterator[Note]:
    """Yield what is wrong with the expressions of every stage."""
    if kind.each_stage is None:
        return
    stage = Kind(at="stage", **{name: getattr(kind.each_stage, name) for name in SHARED_WITH_KIND})
    names = names_of(stage.entries)
    for text in _texts(stage, f"{at}/each_stage"):
        known = _IN_FIELDS_OF_A_STAGE if "/fields" in text.at else {"stage"}
        yield from expression_notes(text.text, text.at, names, text.names | known)
        yield from _of_stage(text) if "/fields" in text.at else ()
    for number, rule in enumerate(stage.rules):
        yield from _rule(rule, f"{at}/each_stage/rules/{number}")


def _of_stage(text: _Text) -> Iterator[Note]:
    """Yield each part of `stage` that the fields of a stage have not."""
    for reference in references(text.text):
        part = reference.parts[0] if reference.root == "stage" and reference.parts else "id"
        if part not in _OF_A_STAGE:
            hint = "`summary` is a name of its own: `fields: summary`" if part == "summary" else ""
            expected = ", ".join(sorted(_OF_A_STAGE))
            message = f"a stage has no `{part}`"
            yield Note(text.at, message, expected, reference.text, hint or nearest(part, _OF_A_STAGE))


def names_of(entries: tuple[Entry, ...]) -> set[str]:
    """Return the names by which expressions may speak of entries."""
    named = {entry.as_ for entry in entries if entry.as_ is not None}
    return named | {stem_of(path) for entry in entries if entry.as_ is None for path in entry.paths}


def expression_notes(
    text: str, at: str, known: set[str], names: frozenset[str] = frozenset()
) -> Iterator[Note]:
    """Yield why an expression cannot be read, and the names in it that nothing has."""
    try:
        compile_expression(text)
    except ExpressionError as error:
        yield Note(at, f"the expression cannot be read: {error}", "a CEL expression", text)
        return
    for called in calls(text):
        if called not in _CALLABLE:
            hint = nearest(called, _CALLABLE)
            yield Note(at, f"there is no function `{called}`", "a function of the language", text, hint)
    local = names | set(_MACRO.findall(text))
    for reference in references(text):
        if reference.name is not None and reference.name not in known and reference.root not in local:
            yield _unnamed(at, reference.text, known, nearest(reference.name, known))
        elif reference.root not in _ALWAYS | _TYPES | local:
            expected = ", ".join(sorted(names | {"doc", "files", "rows", "run"}))
            hint = nearest(reference.root, [*names, *_ALWAYS])
            message = f"nothing is named `{reference.root}` here"
            yield Note(at, message, expected, reference.text, hint, is_about_names=True)


def _unnamed(at: str, got: str, known: set[str], hint: str) -> Note:
    name = got.split(".")[1] if "." in got else got
    expected = ", ".join(sorted(known - {"manifest"})) or "an entry"
    return Note(at, f"no entry is named `{name}`", expected, got, hint, is_about_names=True)


def _texts(kind: Kind, at: str) -> Iterator[_Text]:
    for number, entry in enumerate(kind.entries):
        yield from _entry_texts(entry, f"{at}/entries/{number}")
    for number, rule in enumerate(kind.rules):
        yield from rule_texts(rule, f"{at}/rules/{number}")
    yield from _kind_texts(kind, at)


def _kind_texts(kind: Kind, at: str) -> Iterator[_Text]:
    if kind.told_by is not None:
        yield _Text(f"{at}/told_by", kind.told_by)
    for name, text in kind.dimensions.items():
        yield _Text(f"{at}/dimensions/{name}", text)
    for name, tier in kind.tiers.items():
        yield _Text(f"{at}/tiers/{name}/when", tier.when)
    for number, inventory in enumerate(kind.inventories):
        if isinstance(inventory.covers, str):
            yield _Text(f"{at}/inventories/{number}/covers", inventory.covers)
    for name, text in (kind.session.ready if kind.session is not None else {}).items():
        yield _Text(f"{at}/session/ready/{escaped(name)}", text)
    if kind.states is not None:
        for key in ("word", "history", "reason"):
            value = getattr(kind.states, key)
            if value is not None:
                yield _Text(f"{at}/states/{key}", value)


def _entry_texts(entry: Entry, at: str) -> Iterator[_Text]:
    bound = frozenset(entry.foreach)
    names = bound | _captures(entry)
    yield from _binding_texts(entry.foreach, f"{at}/foreach")
    for path in entry.paths or (entry.path,):
        yield from (_Text(at, text, names) for text in slots_of(path))
    for word in ("when", "required", "forbidden", "present", "fields"):
        value = getattr(entry, word)
        if isinstance(value, str):
            yield _Text(f"{at}/{word}", value, names)
    if isinstance(entry.fields, dict):
        yield from (_Text(f"{at}/fields/{escaped(key)}", text) for key, text in entry.fields.items())
    for holder, word in ((entry.count, "count"), (entry.size, "size")):
        if holder is not None and isinstance(holder.equals, str):
            yield _Text(f"{at}/{word}/equals", holder.equals, names)
    yield from _content_texts(entry, at, names)


def _content_texts(entry: Entry, at: str, names: frozenset[str]) -> Iterator[_Text]:
    if entry.table is not None and isinstance(entry.table.columns, dict):
        for name, column in entry.table.columns.items():
            if column.equals is not None:
                yield _Text(f"{at}/table/columns/{escaped(name)}/equals", column.equals, names)
    for name, array in (entry.arrays or {}).items():
        yield from _binding_texts(array.foreach, f"{at}/arrays/{escaped(name)}/foreach")
        if array.step is not None:
            yield _Text(f"{at}/arrays/{escaped(name)}/step", array.step, names | frozenset(array.foreach))


def rule_texts(rule: Rule, at: str) -> Iterator[_Text]:
    """Yield every expression of a rule."""
    names = frozenset(rule.foreach)
    yield from _binding_texts(rule.foreach, f"{at}/foreach")
    checks = (rule.check,) if isinstance(rule.check, str) else rule.check or ()
    for number, check in enumerate(checks):
        yield _Text(f"{at}/check" if isinstance(rule.check, str) else f"{at}/check/{number}", check, names)
    for word in ("when", "at"):
        value = getattr(rule, word)
        if value is not None:
            yield _Text(f"{at}/{word}", value, names)
    if rule.match is not None:
        yield _Text(f"{at}/match/each", rule.match.each, names)
        yield _Text(f"{at}/match/with", rule.match.with_, names)


def _binding_texts(foreach: dict[str, str], at: str) -> Iterator[_Text]:
    bound: frozenset[str] = frozenset()
    for name, text in foreach.items():
        yield _Text(f"{at}/{name}", text, bound)
        bound |= {name}


def _captures(entry: Entry) -> frozenset[str]:
    try:
        captures = PathTemplate.pattern(entry.pattern).captures if entry.pattern is not None else ()
    except RunpactError:
        captures = ()
    return frozenset(name.split(".")[0] for name in captures)


def _rule(rule: Rule, at: str) -> Iterator[Note]:
    given = [word for word in ("check", "match", "validator") if getattr(rule, word) is not None]
    if len(given) != 1:
        yield Note(
            at, "a rule is one of check, match, validator", "exactly one of them", ", ".join(given) or "none"
        )
    yield from version_notes(rule.error_from, f"{at}/error_from")
    for name in rule.foreach:
        if name in _ALWAYS:
            yield Note(f"{at}/foreach/{name}", "the name has a meaning of its own", "another name", name)
