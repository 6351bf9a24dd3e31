"""Public names speak the words of the glossary."""

import ast
import re

from tracked import ROOT, modules

GLOSSARY = ROOT / "docs" / "glossary.md"
# No public class or function is named with these; the glossary says what to say instead.
AVOIDED = {"violation", "fingerprint", "finalize", "sandbox", "jail", "gc", "job", "helper"}
# Methods that another library calls by these names.
THEIRS = {"on_job_start", "on_job_end", "finalize"}


def glossary_rows() -> list[list[str]]:
    rows = re.findall(r"^\| (.+) \|$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows if not row.startswith("word |")]


def words_of(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_every_word_has_one_meaning():
    words = [row[0] for row in glossary_rows()]
    assert len(words) > 20
    assert sorted(set(words)) == sorted(words)


def test_no_word_of_the_glossary_is_one_to_avoid():
    words = {row[0] for row in glossary_rows()}
    assert words & AVOIDED == set()


def test_public_names_avoid_the_words_that_the_glossary_replaces():
    strangers = [
        f"{module}:{node.lineno}: {node.name}"
        for module, tree, _ in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        and not node.name.startswith("_")
        and words_of(node.name) & AVOIDED
        and node.name not in THEIRS
    ]
    assert strangers == []
