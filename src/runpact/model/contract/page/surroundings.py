"""What a contract says beside its kinds.

Knows: workspace, formats, promotions in words.
Does not know: how any of it acts.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.contract.language import Contract, IndexView
from runpact.model.contract.page.entries import entry_rows
from runpact.model.contract.page.markdown import code, heading, items, paragraph, table
from runpact.model.contract.surroundings import GitRules, ImportRules, WorkspaceLog
from runpact.model.worklog import LEVELS


def workspace_section(contract: Contract) -> str:
    """Return what the workspace must look like."""
    rules = contract.workspace
    lines = [
        *(
            [f"the data stand in {code(rules.data)}: paths of this contract begin there"]
            if rules.data != "."
            else []
        ),
        *(f"{code(each)} is made on first run" for each in rules.directories),
        *(
            f"{code(each)} is a cache: anyone may write there, nothing there is evidence"
            for each in rules.caches
        ),
        *(f"{code(each)} is frozen: nobody may write there" for each in rules.frozen),
        *(
            f"environment variable {code(each.lstrip('!'))} holds {'no' if each[0] == '!' else 'a'} secret"
            for each in rules.secrets
        ),
        *(
            f"the layer {code(name)} is {', '.join(code(glob) for glob in globs)}"
            for name, globs in rules.layers.items()
        ),
        *(_imports(rules.imports) if rules.imports else ()),
        *([_log(rules.shared_log)] if rules.shared_log else []),
        *(_git(rules.git) if rules.git else ()),
        *(f"{rule.description or rule.message or code(str(rule.check))} ({rule.id})" for rule in rules.rules),
        *(_view(view) for view in rules.indexes),
    ]
    return heading(2, "Workspace") + "\n" + items(lines) + _columns(contract) if lines else ""


def _imports(rules: ImportRules) -> Iterator[str]:
    """Yield which layer may import which."""
    yield f"layers import themselves and those before them: {', '.join(map(code, rules.order))}"
    yield from (f"the parts of the layer {code(name)} import each other not" for name in rules.apart)
    if rules.library:
        names = ", ".join(map(code, rules.library))
        yield f"library code ({names}) catches no broad exceptions and does not ask for the current directory"


def _git(git: GitRules) -> Iterator[str]:
    """Yield what git is to ignore and to keep."""
    yield "git ignores what is written at run time: the block of `runpact contract ignore`"
    yield from (f"git ignores {code(each)} too" for each in (*git.ignored, *git.outside))
    yield from (f"git keeps {code(each)}" for each in git.kept)


def _log(log: WorkspaceLog) -> str:
    """Return where all runs are logged, and from which level on."""
    least = f", from level {code(log.level)} on" if log.level != LEVELS[0] else ""
    return f"{code(log.file)} is the log of all runs{least}"


def _view(view: IndexView) -> str:
    """Return which runs a registry view lists, and in which order."""
    whose = f" of kind {' or '.join(map(code, view.kinds))}" if view.kinds else ""
    where = f", unless {code(view.where)} is false" if view.where != "true" else ""
    order = f", ordered by {', '.join(map(code, view.order))}" if view.order else ""
    return f"{code(view.files)} lists the runs{whose} that have ended{where}{order}"


def _columns(contract: Contract) -> str:
    """Return what stands in each column of each registry view."""
    views = contract.workspace.indexes
    tables = (table(("column", "value"), _column_rows(view)) for view in views)
    return "".join(
        f"\nColumns of {code(view.files)}:\n\n{columns}" for view, columns in zip(views, tables, strict=True)
    )


def _column_rows(view: IndexView) -> list[tuple[str, str]]:
    return [(code(name), code(text)) for name, text in view.columns.items()]


def formats_section(contract: Contract) -> str:
    """Return which file formats may stand where."""
    rules = [
        (code(rule.in_), ", ".join(rule.allow), rule.id or "", name)
        for name, formats in (
            *((name, kind.formats) for name, kind in contract.kinds.items()),
            ("", contract.formats),
        )
        for rule in formats
    ]
    if not rules:
        return ""
    said = paragraph("The first line that matches a file decides; a file that none matches is a fault.")
    return "\n".join([heading(2, "File formats"), said, table(("where", "formats", "rule", "kind"), rules)])


def promotions_section(contract: Contract) -> str:
    """Return the curated copies and the policies."""
    parts: list[str] = []
    for name, promotion in contract.promotions.items():
        sources = ", ".join(code(kind) for kind in promotion.from_)
        parts += [
            heading(3, name),
            paragraph(promotion.description),
            paragraph(f"From {sources} to {code(promotion.at)}, when {code(promotion.needs)}."),
            table(("path", "must it stand", "what", "rule"), entry_rows(promotion.entries)),
        ]
    if parts:
        parts.insert(0, heading(2, "Promotions"))
    if contract.policies:
        parts.append(heading(2, "Policies"))
        rows = (
            (
                code(name),
                policy.description,
                ", ".join(f"{code(gate.metric)} {_bound(gate.min, gate.max)}" for gate in policy.gates),
                ", ".join(guard.name for guard in policy.guards),
                str(policy.minimum_windows or ""),
            )
            for name, policy in contract.policies.items()
        )
        parts.append(table(("policy", "what", "gates", "guards", "windows"), rows))
    return "\n".join(part for part in parts if part)


def _bound(least: float | None, most: float | None) -> str:
    said = [f"≥ {least:g}"] if least is not None else []
    return " ".join([*said, *([f"≤ {most:g}"] if most is not None else [])])
