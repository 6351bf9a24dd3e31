"""What is rendered reads back, and nothing else does."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime

from hypothesis import given, reject
from hypothesis import strategies as st

from runpact.model.contract.language import Kind
from runpact.model.errors import MalformedContractError, UnsafeNameError
from runpact.model.place import Place
from runpact.model.template import PathTemplate, compile_glob

NAMES = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9._+=@-]{0,20}[A-Za-z0-9_+=@-])?", fullmatch=True)
MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds have no zone
HEX = st.text("0123456789abcdef", min_size=40, max_size=40)
CAPTURES = st.sampled_from(
    [
        ("{a}", "a", NAMES),
        ("{b:%Y-%m-%d_%H-%M-%S}", "b", MOMENTS),
        ("{c:%Y%j}", "c", MOMENTS),
        ("{git:7}", "git", st.one_of(HEX, st.just("nogit"))),
        ("{d:04}", "d", st.integers(0, 10**7)),
        ("{e:3}", "e", st.integers(0, 999)),
        ("{f:int}", "f", st.integers()),
        ("{g:uuid}", "g", st.uuids().map(str)),
        ("{h:sha256}", "h", st.text("0123456789abcdef", min_size=64, max_size=64)),
        ("{i:walk|grid}", "i", st.sampled_from(["walk", "grid"])),
        ("{j:slug}", "j", st.text("abz_09", min_size=1)),
        ("{k:/[A-C]{2}[0-9]+/}", "k", st.from_regex("[A-C]{2}[0-9]+", fullmatch=True)),
        ("lit", "", st.none()),
        ("a.b*(c)", "", st.none()),
    ]
)
TEMPLATES = st.lists(
    st.tuples(CAPTURES, st.sampled_from(["/", "_", "-", ".", ""])),
    min_size=1,
    max_size=5,
    unique_by=lambda part: part[0][0],
)


def drawn(data: st.DataObject) -> tuple[PathTemplate, dict[str, object]]:
    parts = data.draw(TEMPLATES)
    text = "".join(part[0] + separator for part, separator in parts).rstrip("/")
    return PathTemplate.parse(text), {name: data.draw(values) for (_, name, values), _ in parts if name}


@given(st.data())
def test_a_rendered_path_reads_back_as_it_was_written(data):
    template, values = drawn(data)
    try:
        path = template.render(values)
    except UnsafeNameError:
        reject()  # two captures without a clear border; refused rather than misread
    found = template.match(path)
    assert found is not None
    assert set(found) == set(values)
    assert template.render(found) == path


@given(st.data())
def test_every_part_of_a_rendered_path_fits_its_segment(data):
    template, values = drawn(data)
    try:
        parts = template.render(values).split("/")
    except UnsafeNameError:
        return
    segments = template.segments
    assert len(segments) == len(parts)
    assert all(segment.fullmatch(part) for segment, part in zip(segments, parts, strict=True))


@given(st.text("{}:%YmHd/|ab01{n}\\[]()*+?.²٤", max_size=30))
def test_any_text_is_a_template_or_refused(text):
    with contextlib.suppress(MalformedContractError):
        template = PathTemplate.parse(text)
        template.match("a/b_01")
        assert template.text == text


@given(st.sampled_from(["{a}", "{a:04}", "{a:%Y}", "{a:int}", "{a:x|y}", "{git:7}"]), st.text(max_size=20))
def test_no_value_leaves_its_part_of_the_path(template, value):
    parsed = PathTemplate.parse(template)
    with contextlib.suppress(UnsafeNameError):
        path = parsed.render({"a": value, "git": value})
        assert "/" not in path
        assert path not in {"", ".", ".."}


@given(NAMES, MOMENTS, st.integers(1, 10**4))
def test_a_run_is_found_in_its_place_with_and_without_a_clash_suffix(name, moment, number):
    kind = Kind(at="runs/{name}/{started:%Y-%m-%d_%H-%M-%S}", clash="_{n:02}")
    place = Place.of("run", kind)
    path = place.template.render({"name": name, "started": moment})
    expected = {"name": name, "started": path.rsplit("/", 1)[1]}
    clashing = path + PathTemplate.parse(kind.clash).render({"n": number})
    assert [place.match(path), place.match(clashing)] == [expected, expected]
    assert all(test(part) for test, part in zip(place.levels, clashing.split("/"), strict=True))


@given(st.lists(st.text("ab.", min_size=1, max_size=3), min_size=1, max_size=5))
def test_globs_agree_with_their_meaning(parts):
    path = "/".join(parts)
    assert compile_glob("**").fullmatch(path)
    assert (compile_glob("*").fullmatch(path) is not None) == (len(parts) == 1)
    assert compile_glob("/".join("*" for _ in parts)).fullmatch(path)
    assert compile_glob(re.sub("[ab]", "?", path)).fullmatch(path)
    assert compile_glob(f"**/{parts[-1]}").fullmatch(path)
