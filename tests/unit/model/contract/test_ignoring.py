"""What git is to ignore of a contract's places."""

from __future__ import annotations

import pytest

from runpact.model.contract.ignoring import ignored_patterns, is_right, with_block
from runpact.model.contract.kind import Latest, OwnedPlace
from runpact.model.contract.language import Contract, Kind
from runpact.model.contract.merge import merge
from runpact.model.contract.page.surroundings import workspace_section
from runpact.model.contract.surroundings import GitRules, Promotion, WorkspaceRules

KIND = Kind(
    at="runs/{name}",
    places={"models": OwnedPlace(at="models/{run.id}"), "home": OwnedPlace(at="{run.id}/x")},
    latest=(
        Latest(copy="c.toml", to="c.toml"),
        Latest(link="models", to="models/latest"),
        Latest(copy="m.json", to="newest-{name}.json"),
    ),
)


def contract(git: GitRules | None, **others: object) -> Contract:
    rules = WorkspaceRules(directories=("data", "models", "tmp/"), log="log.txt", git=git)
    return Contract(contract="a.b", version="1.0.0", workspace=rules, kinds={"run": KIND}, **others)  # type: ignore[arg-type]  # as the test names them


@pytest.mark.requirement("D12.4")
def test_all_that_is_written_at_run_time_is_ignored_and_what_is_kept_comes_last() -> None:
    git = GitRules(ignored=("*.pid",), kept=("README.md",), outside=("codex.md",))
    assert ignored_patterns(contract(git), prefix="work/") == (
        "work/*.pid",
        "work/c.toml",
        "work/log.txt",
        "work/newest-*.json",
        "work/data/",
        "work/models/",
        "work/runs/",
        "work/tmp/",
        "codex.md",
        "!work/README.md",
    )


def test_without_a_prefix_patterns_begin_at_the_ignore_file() -> None:
    assert ignored_patterns(contract(GitRules()))[:2] == ("/c.toml", "/log.txt")


def test_a_contract_that_says_nothing_of_git_ignores_the_runs_alone() -> None:
    assert ignored_patterns(contract(None)) == ("/runs/",)


def test_a_directory_that_holds_promoted_copies_is_not_ignored() -> None:
    promotions = {"p": Promotion(from_=("run",), at="data/best/{label}")}
    assert "/data/" not in ignored_patterns(contract(GitRules(), promotions=promotions))


def test_a_child_adds_to_what_its_parent_ignores_and_keeps() -> None:
    parent = contract(GitRules(ignored=("a",), kept=("b",)))
    child = contract(GitRules(ignored=("c",), outside=("d",)))
    git = merge(child, parent).workspace.git
    assert git == GitRules(ignored=("a", "c"), kept=("b",), outside=("d",))
    assert merge(contract(None), parent).workspace.git == parent.workspace.git


def test_the_block_is_renewed_in_place_and_other_lines_stay() -> None:
    first = with_block("mine\n", ("/a/",))
    assert with_block(first + "after\n", ("/b/",)).splitlines()[::3] == ["mine", "# runpact: end"]
    assert "/a/" not in with_block(first, ("/b/",))


def test_the_page_says_what_git_ignores_and_keeps() -> None:
    page = workspace_section(contract(GitRules(ignored=("*.pid",), kept=("README.md",))))
    assert "git ignores `*.pid` too" in page
    assert "git keeps `README.md`" in page


def test_without_a_log_of_all_runs_none_is_ignored() -> None:
    rules = WorkspaceRules(git=GitRules())
    told = Contract(contract="a.b", version="1.0.0", workspace=rules, kinds={"run": Kind(at="runs/{name}")})
    assert ignored_patterns(told) == ("/runs/",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mine\n/runs/\n!README.md\n", True),
        ("!README.md\n/runs/\n", False),
        ("/runs/\n", False),
        ("# runpact: begin (generated; edit outside the block)\n/runs/\n# runpact: end\n!README.md\n", False),
        (with_block("", ("/runs/", "!README.md")), True),
    ],
)
def test_lines_of_ones_own_are_as_good_as_the_block(text: str, expected: bool) -> None:
    assert is_right(text, ("/runs/", "!README.md")) is expected


def test_nothing_to_ignore_is_done_by_any_file() -> None:
    assert is_right("", ("!README.md",)) is False
    assert is_right("!README.md\n", ("!README.md",)) is True


def test_where_the_data_stand_is_on_the_page() -> None:
    rules = WorkspaceRules(data="work")
    page = workspace_section(Contract(contract="a.b", version="1.0.0", workspace=rules, kinds={"run": KIND}))
    assert "the data stand in `work`" in page
