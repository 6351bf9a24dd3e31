# ruff: noqa: E501 - a contract has long lines
"""Trees, expressions and patterns that nobody meant, judged by a contract that asks everything.

Knows: a contract with a claim of every sort; how to make up expressions and patterns.
Does not know: what becomes of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from runpact.model.expression import ExpressionError, Scope, Undecided
from runpact.model.finding import Verdict
from runpact.model.pattern import CostlyMatchError, UnsafePatternError, compile_pattern
from runpact.workspace import Workspace

SUFFIXES = (".json", ".yaml", ".toml", ".jsonl", ".csv", ".npz", ".npy", ".txt")
_COLUMNS = 'columns: {"a": {type: number, minimum: 0, unique: true, order: ascending, pattern: "a*a*b"}, "*": {type: date}}'
_ARRAYS = (
    'arrays: {"*": {finite: true, order: ascending, minimum: 0, first: 0, last: 5, step: "1", dtype: "<f8"}}'
)
CONTRACT = f"""contract: acme.asked
version: "1.0.0"
kinds:
  run:
    at: "runs/{{name}}"
    entries:
      - {{files: "*.json", as: js, format: json, schema: {{type: object, additionalProperties: {{type: string}}}}, canonical: true}}
      - {{files: "*.yaml", as: ys, format: yaml, schema: {{type: object}}}}
      - {{files: "*.toml", as: ts, format: toml, schema: {{type: object}}}}
      - {{files: "*.jsonl", as: jl, format: jsonl, table: {{{_COLUMNS}, key: [a], order: [a]}}}}
      - {{files: "*.csv", as: cs, format: csv, table: {{{_COLUMNS}, key: [a], order: [a]}}}}
      - {{files: "*.np?", as: nn, {_ARRAYS}}}
      - {{files: "*.txt", as: tx, text: {{sections: [A], each: "[a-z]*", lines: [{{pattern: "a*a*a*b"}}, {{pattern: ".*foo.*bar", where: last}}], final_newline: true}}}}
    rules:
      - {{id: R1, check: "files.js.all(f, size(f.doc) >= 0)", message: m}}
      - {{id: R2, check: "files.cs.all(f, f.rows.all(r, r.a != '' && size(caught(f.lines, '.*')) > 0))", message: m}}
      - {{id: R3, check: "files.tx.all(f, size(groups(f.text, '(.*)')) > 0)", message: m}}
      - {{id: R4, check: "files.nn.all(f, sum(array_at(f.path, 'a')) > 0.0)", message: m}}
      - {{id: R5, check: "files.ys.all(f, canonical_digest(f.doc) != '')", message: m}}
    others: refused
"""
_VALUES = {
    "doc": {"a": {"b": [1, 2.5, "x", None, True], "n": 2**70}, "s": "\udcff"},
    "rows": {"t": [{"k": number, "s": "y" * 50} for number in range(2000)]},
    "text": {"r": "a" * 200_000},
    "lines": {"r": ["ab" * 40] * 2000},
    "n": 3,
}
_ATOMS = (
    *(
        "1",
        "-1",
        "9223372036854775807",
        "1.5",
        "1e308",
        "''",
        "'a'",
        "null",
        "true",
        "[]",
        "{}",
        "n",
        "doc.a",
    ),
    *("doc.a.b", "doc.a.n", "doc.s", "doc.x.y", "rows.t", "rows.t[0]", "text.r", "lines.r", "range(3000)"),
    *("range(-5, 9999999)", "[1, 2, 3]", "{'a': 1}", "'\\\\u0000'", "b'x'", "duration('1h')", "x", "y"),
)
_FORMS = (
    *(
        "({a} + {b})",
        "({a} == {b})",
        "({a} < {b})",
        "({a} in {b})",
        "({a} && {b})",
        "({a} ? {b} : {a})",
        "!{a}",
    ),
    *("{a}.map(x, {b})", "{a}.all(x, {b})", "{a}.exists(y, {b})", "{a}.filter(x, {b})", "{a}[{b}]", "-{a}"),
    *(
        "size({a})",
        "string({a})",
        "int({a})",
        "join({a}, {b})",
        "split({a}, {b})",
        "flatten({a})",
        "zip({a}, {b})",
    ),
    *(
        "replace({a}, 'a', {b})",
        "pad({a}, {b})",
        "sum({a})",
        "groups({a}, {b})",
        "caught({a}, {b})",
        "keys({a})",
    ),
    *(
        "{a}.matches({b})",
        "unique({a})",
        "sorted({a})",
        "distinct({a})",
        "close({a}, {b})",
        "without({a}, {b})",
    ),
)
_PIECES = (
    *(
        "a",
        "b",
        ".",
        "a*",
        "a+?",
        "a?",
        "[ab]*",
        "[^a]*",
        ".*",
        "(a|b)",
        "(a|a)",
        "(|a)",
        "(.*)",
        "x{2,900}",
        "(?i)",
    ),
    *(
        r"\d+",
        r"\w*",
        r"\b",
        "^",
        "$",
        "(",
        ")",
        "[",
        "a{1,4000000}",
        r"\1",
        "(?=a)",
        "*",
        "[[:a:]]",
        "é*",
        r"\Z",
    ),
)
_TEXTS = ("", "a" * 30, "a" * 5000 + "c", "ab" * 400, "foo bar " * 50, "x" * 900, "\n" * 90, "é" * 300)


def judge(folder: Path, suffix: str) -> Callable[[bytes], bool]:
    """Return what judges a run that holds one file of that suffix."""
    run = folder / "runs/a"
    run.mkdir(parents=True, exist_ok=True)
    (folder / "contract.yaml").write_text(CONTRACT)
    path = run / f"a{suffix}"

    def read(data: bytes) -> bool:
        path.write_bytes(data)
        try:
            (checked,) = Workspace.open(workspace=str(folder)).check(["runs/a"])
            return checked.verdict is not Verdict.OK
        finally:
            path.unlink()

    return read


def odd_expression(chance: random.Random, depth: int = 4) -> str:
    """Return an expression that somebody may write, or not."""
    if depth == 0 or chance.random() < 0.2:
        return chance.choice(_ATOMS)
    parts = (odd_expression(chance, depth - 1), odd_expression(chance, depth - 1))
    return chance.choice(_FORMS).replace("{a}", parts[0]).replace("{b}", parts[1])


def expression(data: bytes) -> bool:
    """Evaluate an expression; one without an answer is refused."""
    try:
        return isinstance(Scope(_VALUES).evaluate(data.decode()), Undecided)
    except ExpressionError:
        return True


def odd_pattern(chance: random.Random) -> str:
    """Return a regular expression that somebody may write, or not."""
    return "".join(chance.choice(_PIECES) for _piece in range(chance.randrange(1, 12)))


def pattern(data: bytes) -> bool:
    """Match a regular expression against texts."""
    try:
        matcher = compile_pattern(data.decode()).matcher()
        for text in _TEXTS:
            matcher.fullmatch(text)
    except (UnsafePatternError, CostlyMatchError):
        return True
    return False
