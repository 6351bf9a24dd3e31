"""What of a contract's places git is to ignore.

Knows: that runs are not committed and promoted copies are.
Does not know: git, files.
"""

from __future__ import annotations

import re

from runpact.model.contract.language import Contract
from runpact.model.contract.surroundings import Promotion
from runpact.model.template import PathTemplate

_CERTIFICATE = ".cert.json"
BEGIN, END = "# runpact: begin (generated; edit outside the block)", "# runpact: end"


def ignored_patterns(contract: Contract) -> tuple[str, ...]:
    """Return the patterns git is to ignore: the first folder of every kind's place, and scratch evidence.

    Where promoted copies share that folder, the pattern is as long as the place's fixed beginning. Beside a
    folder of certificates, those are scratch that have its name and more behind a `_`.
    """
    kept = copy_folders(contract)
    folders = {_narrowed(fixed_folder(contract.kinds[name].at), kept) for name in scratch_kinds(contract)}
    scratch = {f"{fixed_folder(each.at)}_*" for each in contract.promotions.values() if _is_evidence(each)}
    return tuple(f"/{folder}/" for folder in sorted(folders | scratch) if folder)


def copy_folders(contract: Contract) -> list[str]:
    """Return the folders that promoted copies stand in; an empty one is the root."""
    return [fixed_folder(promotion.at) for promotion in contract.promotions.values()]


def scratch_kinds(contract: Contract) -> tuple[str, ...]:
    """Return the kinds whose runs git is to ignore: those that do not stand among promoted copies."""
    kept = copy_folders(contract)
    return tuple(name for name, kind in contract.kinds.items() if fixed_folder(kind.at) not in kept)


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


def _narrowed(folder: str, kept: list[str]) -> str:
    top = folder.partition("/")[0]
    is_shared = any(each.partition("/")[0] == top for each in kept)
    return folder if is_shared else top
