"""What a contract says of one kind of run.

Knows: the order in which people ask: where, which files, what is in them, which rules.
Does not know: Markdown's own rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from runpact.model.config.example import told_of
from runpact.model.config.faults import dotted
from runpact.model.config.schema import MISSING, ConfigSchema
from runpact.model.contract.language import Inventory, Kind, Rule
from runpact.model.contract.page.contents import content_lines
from runpact.model.contract.page.entries import entry_rows, tree_of
from runpact.model.contract.page.markdown import code, fence, heading, items, paragraph, table
from runpact.model.contract.stages import outputs_of, reads_of
from runpact.model.schema import inline_name

_ENTRIES = ("path", "must it stand", "what", "rule")


def kind_section(name: str, kind: Kind, schemas: Mapping[str, bytes]) -> str:
    """Return everything a contract says of a kind."""
    parts = [
        heading(2, name),
        paragraph(kind.description),
        items(_facts(kind)),
        heading(3, f"Files of {name}") if kind.entries else "",
        fence(tree_of(kind), "text") if kind.entries else "",
        table(_ENTRIES, entry_rows(kind.entries)),
        paragraph(_others(kind)),
        *_contents(kind, schemas),
        *_configuration(kind, schemas),
        *_rules(kind),
        *_parts(kind, schemas),
        _relaxed(kind),
    ]
    return "\n".join(part for part in parts if part)


def _facts(kind: Kind) -> Iterator[str]:
    yield f"A run stands at {code(kind.at)}; when its name is taken, {code(kind.clash)} is added."
    if kind.told_by is not None:
        yield f"It is told from other kinds at the same place by {code(kind.told_by)}."
    if kind.strays is not None and kind.strays.are != "allowed":
        yield f"Directories there with other names are {kind.strays.are}{_rule(kind.strays.id)}."
    if kind.made_by:
        yield f"Code in {' or '.join(map(code, kind.made_by))} makes such a run, and no other."
    if kind.inner_runs == "refused":
        yield "While it is open no other run is made."
    for scope, folder in kind.scopes.items():
        yield f"What the scope {code(scope)} writes stands in {code(folder)}."
    if kind.state_words:
        words = ", ".join(f"{code(word)} for {state}" for state, word in kind.state_words.items())
        yield f"States have words of this layout: {words}."
    if kind.sealed == "by_stage":
        yield "Each stage attempt is sealed; the run stays open to further stages."
    if kind.smoke is not None:
        yield f"A stage is done when it passes the experiment {code(kind.smoke)}."
    if kind.exit_codes == "contract":
        yield "Its command's exit codes 0 to 3 are verdicts."


def _rule(rule: str | None) -> str:
    return f" ({rule})" if rule else ""


def _others(kind: Kind) -> str:
    if isinstance(kind.others, str):
        return {
            "allowed": "",
            "advised": "Other files are noted as advice.",
            "refused": "No other file may stand in the run.",
        }[kind.others]
    return (
        "Files that no line above names: "
        + "; ".join(f"in {code(each.in_)} {each.are}{_rule(each.id)}" for each in kind.others)
        + "."
    )


def _configuration(kind: Kind, schemas: Mapping[str, bytes]) -> Iterator[str]:
    said = kind.config
    if said is None:
        return
    yield heading(3, "Configuration")
    yield paragraph(said.description)
    if said.file is not None:
        yield paragraph(f"Without another it is read from {code(said.file)}.")
    if said.above:
        yield paragraph(f"In a folder {code(said.above)} its relative paths begin in the folder above.")
    if said.schema is not None:
        yield table(("key", "what", "default"), _keys(ConfigSchema.of(inline_name(said.schema), schemas)))


def _keys(schema: ConfigSchema) -> Iterator[tuple[str, ...]]:
    for key, said in schema.declared.items():
        if key and not said.is_table:
            default = "" if said.default is MISSING else code(msgspec.json.encode(said.default).decode())
            yield code(dotted(key)), told_of(said), default


def _contents(kind: Kind, schemas: Mapping[str, bytes]) -> Iterator[str]:
    for entry in kind.entries:
        lines = content_lines(entry, schemas)
        if lines:
            yield heading(4, entry.path)
            yield paragraph(entry.description)
            yield lines
    if kind.dimensions:
        yield paragraph("Sizes that arrays share:")
        yield items(f"{code(name)} is {code(text)}" for name, text in kind.dimensions.items())


def _rules(kind: Kind) -> Iterator[str]:
    if kind.rules:
        yield heading(3, "Rules")
        yield table(("rule", "what holds", "condition", "weighs"), (_rule_row(rule) for rule in kind.rules))
    if kind.inventories:
        yield heading(3, "Lists of digests")
        yield items(_inventory(each) for each in kind.inventories)
    if kind.states is not None:
        yield heading(3, "States")
        yield paragraph(f"The state stands in {code(kind.states.word)}{_rule(kind.states.id)}.")
        if kind.states.initial:
            yield paragraph(f"A history begins with {' or '.join(map(code, kind.states.initial))}.")
        moves = (
            (code(word), ", ".join(code(each) for each in nexts) or "final")
            for word, nexts in kind.states.moves.items()
        )
        yield table(("state", "may become"), moves)
    if kind.tiers:
        yield heading(3, "Tiers")
        yield items(
            f"**{name}**: {tier.description} when {code(tier.when)}" for name, tier in kind.tiers.items()
        )


def _rule_row(rule: Rule) -> tuple[str, str, str, str]:
    checks = (rule.check,) if isinstance(rule.check, str) else rule.check or ()
    condition = " and ".join(code(check) for check in checks)
    if rule.match is not None:
        condition = (
            f"each of {code(rule.match.each)} matches {code(rule.match.with_)} by {code(rule.match.by)}"
        )
    if rule.validator is not None:
        condition = f"validator {code(rule.validator.name)} {rule.validator.version}"
    loops = ", ".join(f"{name} in {code(text)}" for name, text in rule.foreach.items())
    condition += f" for each {loops}" if loops else ""
    condition += f" when {code(rule.when)}" if rule.when else ""
    said = rule.description or (f"Not: {rule.message}." if rule.message else "")
    weighs: str = rule.severity or "error"
    weighs += f" from {rule.error_from}, before a warning" if rule.error_from else ""
    return rule.id, said, condition, weighs


def _inventory(each: Inventory) -> str:
    covered = (
        code(each.covers) if isinstance(each.covers, str) else ", ".join(code(glob) for glob in each.covers)
    )
    said = f"{code(each.of + ('#' + each.at if each.at else ''))} lists files with their {each.algorithm}"
    said += f"; it covers {covered}" if covered else ""
    said += f" except {', '.join(code(glob) for glob in each.exclude)}" if each.exclude else ""
    ids = [each.id, each.rules.form, each.rules.covers, each.rules.digests]
    return said + _rule(", ".join(rule for rule in ids if rule))


def _parts(kind: Kind, schemas: Mapping[str, bytes]) -> Iterator[str]:
    for name, place in kind.places.items():
        yield heading(3, f"Place {name}")
        yield paragraph(f"{place.description} It stands at {code(place.at)} and belongs to this run alone.")
        yield table(_ENTRIES, entry_rows(place.entries))
    if kind.latest:
        yield heading(3, "Latest")
        yield items(
            f"{code(each.to)} is a {'copy of' if each.copy else 'link to'} {code(each.copy or each.link)} "
            f"of the newest run that {each.of}; never evidence"
            for each in kind.latest
        )
    if kind.each_stage is not None:
        yield heading(3, "Every stage")
        yield paragraph(f"{kind.each_stage.description} A stage stands at {code(kind.each_stage.at)}.")
        yield table(_ENTRIES, entry_rows(kind.each_stage.entries))
        for entry in kind.each_stage.entries:
            lines = content_lines(entry, schemas)
            if lines:
                yield heading(4, entry.path)
                yield lines
        rules = (_rule_row(rule) for rule in kind.each_stage.rules)
        yield table(("rule", "what holds", "condition", "weighs"), rules)
    if kind.stages:
        yield heading(3, "Stages")
        rows = (
            (
                stage.id,
                stage.slug,
                ", ".join(_typed(alias, read.type_) for alias, read in reads_of(stage).items()),
                ", ".join(_typed(alias, output.type_) for alias, output in outputs_of(stage)),
                stage.description,
            )
            for stage in kind.stages
        )
        yield table(("stage", "name", "reads", "writes", "what"), rows)
    if kind.determinism.volatile or kind.determinism.tolerances:
        yield heading(3, "Determinism")
        yield items(
            [
                *(f"{code(place)} may differ between equal runs" for place in kind.determinism.volatile),
                *(
                    f"{code(place)} may differ by {each.relative:g} relative, {each.absolute:g} absolute"
                    for place, each in kind.determinism.tolerances.items()
                ),
            ]
        )


def _typed(alias: str, sort: str | None) -> str:
    return f"{code(alias)} ({sort})" if sort else code(alias)


def _relaxed(kind: Kind) -> str:
    relaxed = dict(kind.relax) | {rule.id: rule.relax for rule in kind.rules if rule.relax}
    if not relaxed:
        return ""
    return heading(3, "Loosened") + "\n" + items(f"{name}: {reason}" for name, reason in relaxed.items())
