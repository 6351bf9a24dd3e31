import msgspec
import pytest

from runpact.model.confinement import (
    COMPARISON_GAPS,
    HOOK_GAPS,
    MOST_STRAYS,
    TRACE_GAP,
    Confinement,
    Enforcement,
    Stray,
    confinement_at_start,
    confinement_of,
    is_reached,
    named_outside,
    without_host,
)
from runpact.model.judge.origin import judge_origin
from runpact.model.provenance import Provenance
from runpact.model.territory import Territory

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
        ("/home/me/work/.coverage", True),
        ("/home/me/work/.coveragerc", False),
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


def test_a_fence_opens_whole_folders_and_leaves_closed_what_holds_others() -> None:
    openings = TERRITORY.openings(
        ("tmp/**", "*.lock", "/data/cache/**", "~/shared/*.db", "data/x.db", "**", "/tmp/cwd", "/*", "~/**")
    )
    assert openings.own == ("/home/me/work/runs/a",)
    assert openings.caches == (
        "/home/me/.cache",
        "/home/me/work/scratch",
        "/home/me/work/tmp",
        "/data/cache",
        "/home/me/shared",
        "/home/me/work/data/x.db",
    )
    assert openings.declared == ("/home/me/work/tmp", "/data/cache")
    assert openings.wide == ("~/shared/*.db",)
    assert openings.closed == ("/tmp", "*.lock", "**", "/tmp/cwd", "/*", "~/**")


def test_a_run_that_is_its_own_workspace_is_opened() -> None:
    territory = Territory(root="/work", home="/home/me", own=("/work",), watched=("/work",), caches=("/tmp",))
    assert territory.openings(()).caches == ("/tmp",)


KERNEL = Enforcement(level="W2", abi=7, mechanism=("landlock",), opened=("/tmp",), gaps=("a gap",))


@pytest.mark.parametrize(
    ("mode", "wanted", "compared", "enforced", "requested", "level"),
    [
        ("compare", "W2", True, KERNEL, "W2", "W2"),
        ("off", "W2", None, KERNEL, "W2", "W2"),
        ("compare", "W2", True, Enforcement(lacking=("why",)), "W2", "W1"),
        ("off", "W2", None, Enforcement(), "W2", "W0"),
        ("compare", "W1", True, Enforcement(), "W1", "W1"),
        ("refuse", "W2", True, KERNEL, "W2+hook", "W2+hook"),
        ("refuse", "W2", None, msgspec.structs.replace(KERNEL, is_whole=False), "W2+hook", "W0+hook+kernel"),
        ("compare", "W2", True, msgspec.structs.replace(KERNEL, is_whole=False), "W2", "W1+kernel"),
        ("compare", "W3", True, msgspec.structs.replace(KERNEL, level="W3"), "W3", "W3"),
    ],
)
def test_the_level_is_what_was_enforced_and_never_what_was_asked(
    mode: str, wanted: str, compared: bool | None, enforced: Enforcement, requested: str, level: str
) -> None:
    record = confinement_of(mode, compared=compared, wanted=wanted, enforced=enforced)
    assert (record.requested, record.level) == (requested, level)
    assert record.lacking == enforced.lacking


def test_what_the_kernel_refuses_is_no_gap_of_the_hook() -> None:
    fenced = confinement_of("refuse", compared=None, wanted="W2", enforced=KERNEL)
    assert fenced.gaps == ("a gap",)
    assert fenced.mechanism == ("hook", "landlock")
    assert (fenced.abi, fenced.opened) == (7, ("/tmp",))


@pytest.mark.parametrize(
    ("level", "least", "is_reached_"),
    [
        ("W2", "W2", True),
        ("W1+kernel", "W2", False),
        ("W3", "W2", True),
        ("W0", "W0", True),
        ("W1+hook", "W1", True),
    ],
)
def test_a_level_is_compared_by_what_it_begins_with(level: str, least: str, is_reached_: bool) -> None:
    assert is_reached(level, least) is is_reached_


def test_a_traced_command_records_what_it_read_and_its_limits() -> None:
    record = confinement_of("off", compared=None, undeclared=tuple(map(str, range(MOST_STRAYS + 2))))
    assert (record.requested, record.level, record.mechanism) == ("W0", "W0", ("trace",))
    assert (len(record.undeclared), record.more_undeclared) == (MOST_STRAYS, 2)
    assert record.gaps == (TRACE_GAP,)


def test_a_refusal_in_the_run_or_of_a_compiled_module_is_of_no_interest() -> None:
    assert TERRITORY.ignores("/home/me/work/runs/a/x")
    assert TERRITORY.ignores("/home/me/work/lib/__pycache__/x.pyc")
    assert not TERRITORY.ignores("/tmp/x")


def test_a_record_names_what_lies_elsewhere_without_its_folder() -> None:
    strays = tuple(
        Stray(path=path, action="open", seen_by="hook") for path in ("in/a", "~/b", "/srv/x/c", "/")
    )
    held = Confinement(strays=strays, undeclared=("/srv/x/d", "e"), opened=("/tmp",))
    recorded = without_host(held)
    assert [stray.path for stray in recorded.strays] == ["in/a", "~/b", "[outside]/c", "[outside]/"]
    assert (recorded.undeclared, recorded.opened) == (("[outside]/d", "e"), ("/tmp",))
    assert without_host(recorded) == recorded


def test_a_record_names_what_lies_around_the_workspace_from_the_innermost_folder() -> None:
    around = ("/", "/srv/repository", "/srv/repository/inner")
    paths = ("/srv/repository/inner/a/b", "/srv/repository/c/d", "/srv/repository-else/e", "/srv/repository")
    shown = ["[outside]/a/b", "[outside]/c/d", "[outside]/e", "[outside]/repository"]
    assert [named_outside(path, around=around) for path in paths] == shown
