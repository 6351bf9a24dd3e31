"""The four ingredients: each there, or missing by name."""

from __future__ import annotations

import msgspec
import pytest

from runpact.model.inputs import Input
from runpact.model.provenance import (
    Code,
    Config,
    Copy,
    Environment,
    LeftOut,
    LockCopy,
    PackageOrigin,
    Provenance,
    Untracked,
)
from runpact.model.reproduce.answer import Plan, Reproduced, answer_of, word_for
from runpact.model.reproduce.ingredients import (
    CodeFacts,
    EnvironmentFacts,
    Found,
    Ingredient,
    code_of,
    config_of,
    environment_of,
    inputs_of,
    is_lent,
    mode_of,
    requirements_of,
    variables_of,
)
from runpact.version import VERSION

pytestmark = pytest.mark.requirement("A-054")
COMMIT = "1" * 40
CLEAN = Code(commit=COMMIT, branch="main", dirty=False, repository=".")
FOUND = CodeFacts(has_repository=True, has_commit=True)
ENVIRONMENT = Environment(
    python="3.11.7", packages={"numpy": "2.0", "runpact": VERSION}, packages_digest="sha256:a"
)
LOCK = LockCopy(path=".runpact/environment/uv.lock", source="uv.lock", size=1, digest="d", copy_digest="d")


def provenance(**resolved: object) -> Provenance:
    return Provenance(command=("python", "train.py"), config=Config(resolved=resolved, digest="sha256:c"))


def test_a_configuration_is_known_when_every_value_is() -> None:
    assert config_of(provenance(lr=0.1, a={"b": "${env:HERE}"}), {"HERE"}).missing == ()
    assert config_of(provenance(), set()).uses == ("no values",)


def test_a_value_that_nobody_knows_is_named() -> None:
    found = config_of(provenance(a={"b": "${env:GONE}"}, c="[redacted]", d=["x [redacted]"]), set())
    assert found.missing == (
        "`a.b` is taken from the environment variable `GONE`, which is not set",
        "`c` is a secret that was masked",
        "`d` is a secret that was masked",
    )
    assert not found.is_there
    assert config_of(Provenance(), set()).missing == ("the run has no command on record",)
    masked = Provenance(command=("x", "--key=[redacted]"))
    assert config_of(masked, set()).missing == ("a secret was masked in the command",)


def test_code_is_there_when_commit_diff_and_files_are() -> None:
    code = msgspec.structs.replace(
        CLEAN,
        dirty=True,
        diff=Copy(path="p", size=3, digest="d", copy_digest="d"),
        untracked=Untracked(path="u", files=2, size=1, digest="u"),
    )
    found = code_of(code, msgspec.structs.replace(FOUND, diff="d", untracked="u"))
    assert found.is_there
    assert found.uses == (f"commit {COMMIT[:12]} of main", "a diff of 3 bytes", "2 untracked files")


def test_what_of_the_code_is_missing_is_named() -> None:
    left = tuple(LeftOut(f"f{number}", 1, "too large") for number in range(7))
    code = Code(
        commit=COMMIT,
        branch="main",
        dirty=None,
        diff=Copy(reason="larger than 3 bytes"),
        untracked=Untracked(path="u", files=1, size=1, digest="u", masked=("a.py",)),
        left_out=left,
        left_out_more=3,
    )
    found = code_of(code, CodeFacts(is_inside=False))
    assert found.missing == (
        "the workspace is in no repository any more",
        "the data stand outside the repository, so a clean tree has no place for them",
        "the diff was not stored: larger than 3 bytes",
        "secrets were masked in `a.py`",
        "the stored untracked files are gone",
        *(f"`f{number}` was not stored: too large" for number in range(5)),
        "5 more files were not stored",
        "whether the working tree had changes was not known",
    )
    masked = msgspec.structs.replace(CLEAN, diff=Copy(path="p", copy_digest="d"))
    assert code_of(masked, FOUND).missing == ("secrets were masked in the diff",)
    changed = msgspec.structs.replace(CLEAN, diff=Copy(path="p", digest="d", copy_digest="d"))
    other = msgspec.structs.replace(FOUND, diff="e")
    assert code_of(changed, other).missing == ("the stored diff is not the one that was recorded",)
    (why,) = code_of(CLEAN, CodeFacts(has_repository=True)).missing
    assert why.startswith(f"commit {COMMIT} is not in the repository")
    assert code_of(Code(), FOUND).missing == ("no commit was recorded",)
    assert code_of(Code(reasons=("git is not installed",)), FOUND).missing == (
        "no commit was recorded: git is not installed",
    )


def test_packages_are_had_from_here_when_they_are_the_same() -> None:
    facts = EnvironmentFacts(here=ENVIRONMENT)
    assert mode_of(ENVIRONMENT, facts) == "present"
    found = environment_of(ENVIRONMENT, facts)
    assert found.is_there
    assert found.uses == ("the present environment: the same 1 packages",)


def test_another_runpact_alone_needs_no_other_environment() -> None:
    older = msgspec.structs.replace(ENVIRONMENT, packages={"numpy": "2.0", "runpact": "0.0.1"})
    facts = EnvironmentFacts(here=ENVIRONMENT)
    assert mode_of(older, facts) == "present"
    assert environment_of(older, facts).uses[1:] == (f"runpact {VERSION} (0.0.1 was recorded)",)


def test_runpact_is_lent_to_an_environment_unless_the_workspace_holds_it() -> None:
    own = msgspec.structs.replace(ENVIRONMENT, origins={"runpact": PackageOrigin(url=".", editable=True)})
    elsewhere = msgspec.structs.replace(ENVIRONMENT, origins={"runpact": PackageOrigin(editable=True)})
    assert [is_lent(each) for each in (ENVIRONMENT, elsewhere, own)] == [True, True, False]
    assert len(environment_of(own, EnvironmentFacts(here=Environment(python="3.11.7"))).uses) == 1


def test_packages_are_had_by_uv_or_by_pip_which_need_the_network() -> None:
    other = msgspec.structs.replace(ENVIRONMENT, packages={"numpy": "1.0"})
    locked = msgspec.structs.replace(ENVIRONMENT, locks=(LOCK,))
    facts = EnvironmentFacts(here=other, locks={LOCK.path: "d"}, has_uv=True)
    assert environment_of(locked, facts).uses == (
        "lock file `uv.lock`",
        "`uv sync --frozen`, Python 3.11.7 (needs the network)",
        f"runpact {VERSION}, lent by the one that runs unless the lock file has it",
    )
    found = environment_of(ENVIRONMENT, facts)
    assert (mode_of(ENVIRONMENT, facts), found.uses) == (
        "pip",
        (
            "`pip install` of 1 packages (needs the network)",
            f"runpact {VERSION}, lent by the one that runs",
        ),
    )


def test_what_of_the_environment_is_missing_is_named() -> None:
    locked = msgspec.structs.replace(
        ENVIRONMENT, packages={}, locks=(LOCK, LockCopy(source="big.lock", reason="larger than 3 bytes"))
    )
    facts = EnvironmentFacts(here=ENVIRONMENT, locks={LOCK.path: None})
    assert environment_of(locked, facts).missing == (
        "the lock file `uv.lock` is gone",
        "the lock file `big.lock` was not stored: larger than 3 bytes",
        "no packages were recorded",
    )
    local = msgspec.structs.replace(ENVIRONMENT, origins={"mine": PackageOrigin(editable=True)})
    facts = EnvironmentFacts(here=Environment(python="3.12.1"))
    assert environment_of(local, facts).missing == (
        "Python 3.11.7 (here is 3.12.1); with a uv.lock and uv it could be had",
        "mine: installed from a folder outside the workspace",
    )
    own = msgspec.structs.replace(ENVIRONMENT, origins={"runpact": PackageOrigin(editable=True)})
    assert environment_of(own, EnvironmentFacts(here=Environment(python="3.11.9"))).is_there


def test_requirements_are_versions_and_addresses_without_what_the_workspace_holds() -> None:
    recorded = Environment(
        packages={"a": "1", "b": "2", "c": "3", "d": "4", "runpact": "5"},
        origins={
            "b": PackageOrigin(url="https://example.org/b.git", vcs="git", commit="f00"),
            "c": PackageOrigin(url="https://example.org/c.zip"),
            "d": PackageOrigin(url="libs/d", editable=True),
        },
    )
    assert requirements_of(recorded) == (
        "a==1",
        "b @ git+https://example.org/b.git@f00",
        "c @ https://example.org/c.zip",
    )


def test_inputs_are_told_with_where_they_are_or_why_not() -> None:
    inputs = (
        Input(name="a", digest="d", size=1),
        Input(name="b", digest="d", size=1, changed=True),
        Input(name="local://m", digest="d", size=1, uri="local://m"),
        Input(name="data://d", digest="d", size=1, uri="data://d"),
    )
    found = inputs_of(
        inputs, {"a": Found("workspace", "/a"), "b": Found("workspace", "/b"), "data://d": "it is gone"}
    )
    assert found.uses == ("input `a` from the workspace",)
    assert found.missing == (
        "input `b` changed while the run read it",
        "model `local://m`: nobody looked for it",
        "data set `data://d`: it is gone",
    )
    assert inputs_of((), {}).uses == ("none",)


def test_variables_come_back_but_for_paths() -> None:
    recorded = Environment(variables={"OMP_NUM_THREADS": "1", "TZ": "[path]"})
    assert variables_of(recorded) == ({"OMP_NUM_THREADS": "1"}, ("TZ",))


def test_the_word_follows_from_what_was_found() -> None:
    there, gone = Ingredient(name="config"), Ingredient(name="commit", missing=("x",))
    plan = Plan(run="r", uid="u", ingredients=(there,), command=(), cwd="", is_command=True)
    assert (answer_of(plan).word, answer_of(plan).exit_code) == ("reproducible", 0)
    lacking = answer_of(msgspec.structs.replace(plan, ingredients=(there, gone)))
    assert (lacking.word, lacking.exit_code, lacking.plan.missing) == ("not reproducible", 2, (gone,))
    assert word_for((), (), 3) == "reproduced"
    assert word_for((), (), 0) == word_for((), ("x",), 3) == "differs"
    assert Reproduced(word="differs", plan=plan).exit_code == 1
