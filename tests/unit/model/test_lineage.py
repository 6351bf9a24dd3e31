from __future__ import annotations

import pytest

from runpact.model.inputs import Input
from runpact.model.lineage import CuratedCopy, Edge, KnownMaker, Lineage, Relation, Sort, lineage_of


def run(key: str, started: str = "1", **fields: object) -> KnownMaker:
    return KnownMaker(key=key, path=f"runs/{key}", state="finished", started=started, **fields)


def read(digest: str, name: str = "x", **fields: object) -> tuple[Input, ...]:
    return (Input(name=name, digest=digest, size=1, **fields),)


CHAIN = (
    run("c", "3", inputs=read("d2", "baseline"), parent="b"),
    run("b", "2", inputs=read("d1"), files={"d2": "model"}),
    run("a", "1", inputs=read("d0", "raw", path="raw.csv"), files={"d1": "clean"}),
)


def told(graph: Lineage) -> set[tuple[str, str, str]]:
    return {(edge.older, edge.younger, edge.relation.value) for edge in graph.edges}


def test_a_chain_is_followed_both_ways() -> None:
    graph = lineage_of("b", CHAIN)
    assert told(graph) == {
        ("a", "b", "input"),
        ("file:d0", "a", "input"),
        ("b", "c", "baseline"),
        ("b", "c", "part"),
    }
    assert graph.nodes["file:d0"].sort is Sort.FILE
    assert graph.nodes["file:d0"].path == "raw.csv"
    assert [edge.younger for edge in graph.steps(is_up=False)["b"]] == ["c", "c"]
    assert graph.steps(is_up=True)["b"] == [Edge(older="a", younger="b", relation=Relation.INPUT, name="x")]


def test_a_walk_goes_one_way_and_so_far() -> None:
    assert told(lineage_of("b", CHAIN, is_down=False)) == {("a", "b", "input"), ("file:d0", "a", "input")}
    assert told(lineage_of("b", CHAIN, is_up=False)) == {("b", "c", "baseline"), ("b", "c", "part")}
    assert told(lineage_of("c", CHAIN, depth=1)) == {("b", "c", "baseline"), ("b", "c", "part")}


def test_a_run_alone_has_a_graph_of_one_node() -> None:
    graph = lineage_of("z", [run("z")])
    assert (list(graph.nodes), graph.edges) == (["z"], ())


def test_an_input_names_its_run_better_than_a_digest_does() -> None:
    runs = [run("a", files={"d": "m"}), run("b", "2", inputs=read("d", run="other"))]
    graph = lineage_of("b", runs)
    assert told(graph) == {("other", "b", "input")}
    assert graph.nodes["other"].state == ""


def test_a_run_that_read_its_own_file_is_not_its_own_source() -> None:
    graph = lineage_of("a", [run("a", inputs=read("d", run="a"), files={"d": "m"})])
    assert told(graph) == {("file:d", "a", "input")}


def test_of_several_makers_the_one_whose_file_was_read_is_the_source() -> None:
    makers = [run("a", files={"d": "m"}), run("b", files={"d": "m"})]
    assert told(lineage_of("c", [*makers, run("c", "2", inputs=read("d", path="runs/b/m"))])) == {
        ("b", "c", "input")
    }
    assert told(lineage_of("c", [*makers, run("c", "2", inputs=read("d", path="copy/m"))])) == {
        ("a", "c", "input"),
        ("b", "c", "input"),
    }


def test_what_was_made_later_is_no_source() -> None:
    runs = [run("a", "1", inputs=read("d")), run("b", "2", files={"d": "m"})]
    assert told(lineage_of("a", runs)) == {("file:d", "a", "input")}


def test_a_parent_that_is_gone_is_named_by_where_it_stood() -> None:
    gone = lineage_of("a", [run("a", parent="p", parent_path="runs/p")])
    assert gone.nodes["p"].path == "runs/p"
    assert lineage_of("a", [run("a", parent="p")]).nodes["p"].path == "p"


def test_copies_follow_from_the_files_they_share() -> None:
    copies = [CuratedCopy(path="reports/x", files={"d2": "model.bin", "d9": "note"})]
    graph = lineage_of("b", CHAIN, copies)
    assert ("b", "copy:reports/x", "promoted") in told(graph)
    assert graph.nodes["copy:reports/x"].sort is Sort.COPY


def test_a_run_that_stands_twice_is_one_run() -> None:
    twice = [CHAIN[1], KnownMaker(key="b", path="backup/b", state="finished")]
    assert lineage_of("b", twice).nodes["b"].path == "runs/b"


MODEL = "local://vision/depth/tiny/pretrained/midas"
AT = "copy:models/vision/depth/tiny/pretrained/midas"


@pytest.mark.requirement("A-056", "A-060")
def test_a_model_stands_between_the_run_that_made_it_and_the_runs_that_used_it() -> None:
    runs = (run("maker"), run("user", "2", inputs=read("d", MODEL, run="maker", uri=MODEL)))
    copy = CuratedCopy(path=AT[5:], files={"d": "model.npz"}, run="maker")
    for known in ((copy,), ()):  # it is told as well when the model was removed
        graph = lineage_of("user", runs, known)
        assert told(graph) == {("maker", AT, "promoted"), (AT, "user", "input")}
    assert told(lineage_of("maker", runs, (copy,))) == {("maker", AT, "promoted"), (AT, "user", "input")}


def test_a_model_of_which_nobody_knows_the_maker_stands_alone() -> None:
    runs = (run("user", "2", inputs=read("d", MODEL, uri=MODEL)),)
    assert told(lineage_of("user", runs)) == {(AT, "user", "input")}
    copy = CuratedCopy(path="models/x", files={}, run="gone")
    assert told(lineage_of("user", runs, [copy])) == {(AT, "user", "input")}
