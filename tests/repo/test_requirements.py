"""The requirement tables are complete and true."""

import re
from collections import Counter
from pathlib import Path

import requirements_table

FROZEN = Path(__file__).with_name("requirement_numbers.txt").read_text(encoding="utf-8").split()


def test_every_number_of_the_frozen_list_stands_in_the_tables_exactly_once():
    found = Counter(number for number, _, _ in requirements_table.rows())
    assert dict.fromkeys(FROZEN, 1) == dict(found)


def test_every_table_line_has_the_form_that_the_reader_understands():
    unread = [
        f"{page.name}: {line[:60]}"
        for page in requirements_table.pages()
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
        and not requirements_table.ROW.match(line)
        and not re.match(r"^\| ?(number|---) ?\|", line)
    ]
    assert unread == []


def test_every_row_is_open_or_names_a_test():
    vague = [
        f"{page.name}: {row['number']}: {row['held']}"
        for page in requirements_table.pages()
        for line in page.read_text(encoding="utf-8").splitlines()
        if (row := requirements_table.ROW.match(line))
        and not re.fullmatch(r"open|`[^`]+`(, `[^`]+`)*", row["held"])
    ]
    assert vague == []


def test_every_test_named_in_the_tables_exists():
    existing = requirements_table.test_functions()
    missing = [
        f"{number}: {node}"
        for number, _, held in requirements_table.rows()
        for node in held
        if node not in existing
    ]
    assert missing == []


def test_every_marked_test_stands_in_the_row_of_its_number():
    held = {number: nodes for number, _, nodes in requirements_table.rows()}
    absent = [
        f"{number}: {node} (run `python3 tools/requirements_table.py --write`)"
        for number, nodes in requirements_table.marked_tests().items()
        for node in nodes
        if node not in held.get(number, [])
    ]
    assert absent == []


def test_the_counts_cover_every_number():
    assert f"of {len(FROZEN)} (" in requirements_table.counts()
