"""What of a contract's places git is to ignore.

Knows: that what runs write is not committed, and promoted copies are.
Does not know: git, files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runpact.model.contract.copies import is_registered
from runpact.model.contract.language import Contract
from runpact.model.contract.surroundings import Promotion
from runpact.model.template import PathTemplate

_CERTIFICATE = ".cert.json"
BEGIN, END = "# runpact: begin (generated; edit outside the block)", "# runpact: end"
_CAPTURE = re.compile(r"\{[^}]*\}")


def ignored_patterns(contract: Contract, *, prefix: str = "") -> tuple[str, ...]:
    """Return the patterns that git is to read, in order: what it ignores, then what it keeps all the same.

    Without `workspace.git` they are the first folder of every kind's place, and scratch evidence; where
    promoted copies share that folder, as long a path as the place's fixed beginning. Beside a folder of
    certificates, those are scratch that have its name and more behind a `_`. With `workspace.git` they are
    all that the contract says is written at run time: directories, places, latest copies, the log.

    Args:
        contract: The one to go by.
        prefix: Path of the data root from the folder of the ignore file, ending in `/`; empty when they are
            one and the same.
    """
    git = contract.workspace.git
    if git is None:
        return tuple(_anchored(f"{folder}/", prefix) for folder in sorted(set(_run_folders(contract))))
    shared = set(copy_folders(contract))
    folders = {folder for folder in _folders(contract) if not _holds_any(folder, shared)}
    folders |= set(_run_folders(contract))
    files = {*_files(contract), *git.ignored}
    inside = {path for path in files | folders if any(path.startswith(f"{each}/") for each in folders)}
    ignored = [*sorted(files - inside), *(f"{folder}/" for folder in sorted(folders - inside))]
    return (
        *(_anchored(each, prefix) for each in ignored),
        *git.outside,
        *(f"!{_anchored(each, prefix)}" for each in git.kept),
    )


def copy_folders(contract: Contract) -> list[str]:
    """Return the folders that promoted copies stand in; an empty one is the root."""
    return [fixed_folder(promotion.at) for promotion in contract.promotions.values()]


def scratch_kinds(contract: Contract) -> tuple[str, ...]:
    """Return the kinds whose runs git is to ignore: those that do not stand among promoted copies.

    A registry's folder is committed, and has an ignore file of its own for what is in it.
    """
    kept = copy_folders(contract)
    return tuple(
        name
        for name, kind in contract.kinds.items()
        if fixed_folder(kind.at) not in kept and not is_registered(kind)
    )


def registries_of(contract: Contract) -> tuple[str, ...]:
    """Return the folders of the registries, where a contract has a kind that stands in one."""
    return ("models", "data") if any(map(is_registered, contract.kinds.values())) else ()


def lacking(text: str, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the patterns that a generated block lacks; none where there is no block.

    Args:
        text: Of `.gitignore`.
        patterns: What the block is to ignore.
    """
    block = text.partition(BEGIN)[2].partition(END)[0].splitlines()
    return tuple(pattern for pattern in patterns if pattern not in block) if BEGIN in text else ()


def is_right(text: str, patterns: tuple[str, ...]) -> bool:
    """Whether an ignore file does what a contract wants: by the generated block, or by lines of its own."""
    if BEGIN in text:
        return with_block(text, patterns) == text
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for line in patterns if line.startswith("!")]
    ignored = [line for line in patterns if line not in kept]
    if not set(patterns) <= set(lines):
        return False
    last = max((lines.index(line) for line in ignored), default=-1)  # what git keeps, it has to read later
    return all(last < len(lines) - 1 - lines[::-1].index(line) for line in kept)


def with_block(text: str, patterns: tuple[str, ...]) -> str:
    """Return `text` with the generated block in it, once."""
    block = "\n".join([BEGIN, *patterns, END]) + "\n"
    pattern = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END) + r"\n?", re.DOTALL)
    if pattern.search(text):
        return pattern.sub(lambda _match: block, text, count=1)
    return text + ("\n" if text and not text.endswith("\n") else "") + block


def fixed_folder(at: str) -> str:
    """Return the folder that everything of a template stands in; empty when that is the root."""
    prefix = PathTemplate.parse(at).static_prefix.strip("/")
    return "" if prefix == "." else prefix


def _is_evidence(promotion: Promotion) -> bool:
    """Whether a promotion keeps certificates."""
    named = (each.file if isinstance(each.file, tuple) else (each.file,) for each in promotion.entries)
    return bool(fixed_folder(promotion.at)) and any(
        str(path).endswith(_CERTIFICATE) for paths in named for path in paths
    )


def _run_folders(contract: Contract) -> Iterator[str]:
    kept = copy_folders(contract)
    folders = [_narrowed(fixed_folder(contract.kinds[name].at), kept) for name in scratch_kinds(contract)]
    scratch = [f"{fixed_folder(each.at)}_*" for each in contract.promotions.values() if _is_evidence(each)]
    return filter(None, (*folders, *scratch))


def _folders(contract: Contract) -> Iterator[str]:
    yield from (directory.strip("/") for directory in contract.workspace.directories)
    places = (place.at for kind in contract.kinds.values() for place in kind.places.values())
    yield from filter(None, map(fixed_folder, places))


def _files(contract: Contract) -> Iterator[str]:
    for kind in contract.kinds.values():
        yield from (_CAPTURE.sub("*", latest.to) for latest in kind.latest)
    if contract.workspace.shared_log is not None:
        yield contract.workspace.shared_log.file


def _holds_any(folder: str, others: set[str]) -> bool:
    return any(f"{other}/".startswith(f"{folder}/") for other in others)


def _anchored(path: str, prefix: str) -> str:
    """Return a pattern that begins where the ignore file stands, and nowhere else."""
    return f"{prefix}{path}" if prefix else f"/{path}"


def _narrowed(folder: str, kept: list[str]) -> str:
    top = folder.partition("/")[0]
    is_shared = any(each.partition("/")[0] == top for each in kept)
    return folder if is_shared else top
