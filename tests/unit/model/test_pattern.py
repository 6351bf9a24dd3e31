"""Patterns that end soon, whatever they are tried on."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runpact.model.automaton import Automaton, size_of
from runpact.model.pattern import CostlyMatchError, UnsafePatternError, compile_pattern
from runpact.model.regextree import tree_of

PATTERNS = (
    *("a*a*a*a*b", "(a|a)(a|a)(a|b)c", "(.*)foo(.*)", ".*foo.*bar", r"(\d+)-(\d+)", "([a-z]+?)([a-z]*)"),
    *("(a|ab)(c|bcd)(d*)", "x{2,5}x", "(a?)?b", "(?i)A+a", r"\w+\b.*", "[^,]+,[^,]+", "^a*$", "(a*?)(a*)"),
    *(
        "(|a)(b|)",
        "a{2}?b??",
        r"(?s).*\Z",
        "(a|b?|^)a",
        "[^a-c]*d?",
        "(?:(?:a?b?)|c)?a",
        "(?:(?:ab)|^|a{0,2})?a",
        r"(?:a|b*)?\Bb",
        "a?" * 12 + "a" * 12,
    ),
)


@given(st.sampled_from(PATTERNS), st.text("aabbcdfo-1xA,\n", max_size=10))
def test_the_slow_engine_says_what_the_fast_one_says(source: str, text: str) -> None:
    found = re.fullmatch(source, text)
    told = None if found is None else (found[0], *(group or "" for group in found.groups()))
    assert Automaton(tree_of(source), re.compile(source).groups).fullmatch(text) == told
    assert compile_pattern(source).fullmatch(text) == told


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a*a*a*a*b", "a" * 5000),
        ("a?" * 30 + "a" * 30, "a" * 29),
        ("(a|a)" * 40, "a" * 39 + "b"),
        ("(|)" * 40, "b"),
        (".*foo.*bar", "foo" * 3000),
        ("(.*)foo(.*)", "x" * 1_000_000),
    ],
)
def test_what_competes_ends_soon(source: str, text: str) -> None:
    began = time.process_time()
    assert compile_pattern(source).fullmatch(text) is None
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("source", "text"), [("a*a*a*a*b", "a" * 1_000_000), ("a?a{1,4000000}a*b", "a" * 100_000)]
)
def test_a_text_that_is_too_long_is_not_matched(source: str, text: str) -> None:
    with pytest.raises(CostlyMatchError, match="too long"):
        compile_pattern(source).fullmatch(text)


def test_what_texts_cost_together_is_bounded() -> None:
    matcher = compile_pattern("a*a*a*b").matcher()
    assert matcher.fullmatch("a" * 60) is None
    with pytest.raises(CostlyMatchError):
        all(matcher.fullmatch("a" * 60) is None for _time in range(1_000_000))


@pytest.mark.parametrize("source", ["a*+b?", "[[:alpha:]--x]", "(?>a)b", "a?+", "(?i:", "a{9,1}"])
def test_what_is_no_plain_expression_is_refused(source: str) -> None:
    with pytest.raises(UnsafePatternError):
        compile_pattern(source)


def test_the_length_of_a_program_is_known_beforehand() -> None:
    for source in PATTERNS:
        tree = tree_of(source)
        assert len(Automaton(tree, 9)._steps) <= size_of(tree) + 1
