import pytest

from runpact.model.confinement import (
    COMPARISON_GAPS,
    HOOK_GAPS,
    MOST_STRAYS,
    Confinement,
    Stray,
    Territory,
    confinement_at_start,
    confinement_of,
)
from runpact.model.judge.origin import judge_origin
from runpact.model.provenance import Provenance

TERRITORY = Territory(
    root="/home/me/work",
    home="/home/me",
    own=("/home/me/work/runs/a",),
    watched=("/home/me/work", "/tmp/cwd"),
    caches=("/tmp", "/home/me/.cache", "/home/me/work/scratch"),
    globs=("tmp/**", "*.lock", "/data/cache/**", "~/shared/*.db", "we[i]rd+/**"),
)


@pytest.mark.parametrize(
    ("path", "is_free"),
    [
        ("/home/me/work/runs/a", True),
        ("/home/me/work/runs/a/deep/x", True),
        ("/home/me/work/runs/ab", False),
        ("/home/me/work/runs/b/x", False),
        ("/home/me/work/x", False),
        ("/home/me/work/scratch/x", True),
        ("/home/me/work/tmp", True),
        ("/home/me/work/tmp/x/y", True),
        ("/home/me/work/tmpx", False),
        ("/home/me/work/x.lock", True),
        ("/home/me/work/sub/x.lock", False),
        ("/home/me/work/we[i]rd+/x", True),
        ("/home/me/work/weird/x", False),
        ("/home/me/other", False),
        ("/home/me/.cache/x", True),
        ("/home/me/.cached", False),
        ("/home/me/shared/x.db", True),
        ("/tmp/x", True),
        ("/tmp", True),
        ("/tmp/cwd/x", False),
        ("/data/cache/x", True),
        ("/data/x", False),
        ("/", False),
        ("/usr/lib/__pycache__/x.pyc", True),
        ("/home/me/work/pkg/__pycache__", True),
        ("/home/me/work/.coverage.host.1", True),
    ],
)
def test_the_innermost_folder_decides(path: str, is_free: bool) -> None:
    assert TERRITORY.allows(path) is is_free


@pytest.mark.parametrize(
    ("path", "leads"), [("/home/me", True), ("/home", True), ("/home/me/other", False), ("/home/m", False)]
)
def test_a_missing_folder_on_the_way_to_a_free_one_may_be_made(path: str, leads: bool) -> None:
    assert TERRITORY.leads_to_free(path) is leads


def test_a_workspace_that_is_the_temporary_folder_itself_stays_free() -> None:
    own = ("/tmp/runs/a",)
    territory = Territory(root="/tmp", home="/root", own=own, watched=("/tmp",), caches=("/tmp",))
    assert territory.allows("/tmp/x")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/me/work/x", "x"),
        ("/home/me/x", "~/x"),
        ("/etc/x", "/etc/x"),
        ("/home/me/work/\udcff", "\\xff"),
    ],
)
def test_a_path_is_told_without_the_folders_of_a_person(path: str, shown: str) -> None:
    assert TERRITORY.shown(path) == shown


def test_a_root_at_the_top_does_not_swallow_the_slash() -> None:
    assert Territory(root="/", home="/", own=(), watched=(), caches=()).shown("/etc/x") == "/etc/x"


@pytest.mark.parametrize(
    ("mode", "compared", "requested", "level", "mechanism"),
    [
        ("refuse", None, "W1+hook", "W0+hook", ("hook",)),
        ("refuse", False, "W1+hook", "W0+hook", ("hook",)),
        ("refuse", True, "W1+hook", "W1+hook", ("hook", "comparison")),
        ("record", None, "W1", "W0", ("recording hook",)),
        ("record", True, "W1", "W1", ("recording hook", "comparison")),
        ("compare", None, "W1", "W0", ()),
        ("compare", True, "W1", "W1", ("comparison",)),
        ("off", None, "W0", "W0", ()),
    ],
)
def test_a_level_says_no_more_than_what_was_done(mode, compared, requested, level, mechanism) -> None:
    confinement = confinement_of(mode, compared=compared)
    assert (confinement.requested, confinement.level, confinement.mechanism) == (requested, level, mechanism)
    assert set(HOOK_GAPS) <= set(confinement.gaps) or "hook" not in "".join(mechanism)
    assert set(COMPARISON_GAPS) <= set(confinement.gaps) or "comparison" not in mechanism


def test_without_any_mechanism_the_record_says_that_nothing_was_confined() -> None:
    assert confinement_at_start("off") == Confinement()
    assert Confinement().gaps == ("writes outside the run are not confined",)


def test_strays_beyond_the_limit_are_counted() -> None:
    strays = tuple(Stray(path=str(n), action="open", seen_by="hook") for n in range(MOST_STRAYS + 7))
    confinement = confinement_of("record", compared=True, strays=strays)
    assert (len(confinement.strays), confinement.more_strays) == (MOST_STRAYS, 7)


def test_every_stray_that_was_not_refused_is_a_warning() -> None:
    strays = (
        Stray(path="a", action="open", seen_by="hook", refused=True),
        Stray(path="b", action="open", seen_by="hook"),
        Stray(path="c", action="changed", seen_by="comparison"),
        Stray(path="d", action="removed", seen_by="comparison"),
    )
    confinement = confinement_of("record", compared=True, strays=strays)
    findings = list(judge_origin(Provenance(confinement=confinement), path="m.json"))
    assert [finding.path for finding in findings] == [
        f"m.json#/provenance/confinement/strays/{n}" for n in (1, 2, 3)
    ]
    assert [finding.message.partition("run, ")[2].partition(" while")[0] for finding in findings] == [
        "was written",
        "changed",
        "lost or changed names",
    ]
