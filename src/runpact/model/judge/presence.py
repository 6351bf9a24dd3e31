"""What must, may and must not stand in a run.

Knows: required, forbidden, one of several, how many, numbered how, how large, legacy names.
Does not know: what is in a file.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from runpact.model.contract.language import Count, Entry, Size
from runpact.model.expression import Undecided
from runpact.model.finding import Finding, Severity
from runpact.model.judge.claim import Claim, Group
from runpact.model.judge.claims import filled, pattern_bound
from runpact.model.judge.frame import EMPTY, Frame
from runpact.model.judge.grade import Fault
from runpact.model.judge.numbering import gaps
from runpact.model.judge.subject import Subject
from runpact.model.reference import slots_of


def judge_presence(subject: Subject) -> Iterator[Finding]:
    """Yield what is missing, forbidden, miscounted, misnumbered, of the wrong size or sort."""
    lacking: set[str] = set()
    for entry in subject.kind.entries:
        for fault in _entry(subject, entry):
            told = fault
            if fault.code == "missing":
                told = msgspec.structs.replace(fault, leans=(fault.path,)) if fault.path in lacking else fault
                lacking.add(fault.path)
            yield subject.finding(entry, entry.rule, told)


def _entry(subject: Subject, entry: Entry) -> Iterator[Fault]:
    for group in subject.groups(entry):
        if group.undecided is not None:
            texts = (*entry.foreach.values(), *([entry.when] if entry.when else []), *slots_of(entry.path))
            yield undecided(subject, entry.path, group.undecided, texts, "whether it applies", group.frame)
            continue
        if not any(subject.is_record(claim.path) for claim in group.claims):
            yield from _group(subject, entry, group)


def _group(subject: Subject, entry: Entry, group: Group) -> Iterator[Fault]:
    yield from (_legacy(claim) for claim in group.claims if claim.legacy is not None)
    if entry.one_of is not None or entry.any_of is not None:
        yield from _alternatives(subject, entry, group)
        return
    wrong = [fault for claim in group.claims if (fault := _wrong_sort(subject, entry, claim)) is not None]
    yield from wrong
    standing = [claim for claim in group.claims if claim.fact is not None]
    yield from _forbidden(subject, entry, standing)
    required, doubt = _required(subject, entry, group.frame)
    yield from doubt
    if required and not wrong:
        yield from _missing(subject, entry, group, standing)
    if entry.count is not None and (required or standing):
        where = _shown(entry, group.frame)
        yield from counted(subject, entry.count, len(standing), where, "files", frame=group.frame)
    if entry.numbering is not None:
        yield from gaps(entry, pattern_bound(entry.pattern or "", group.frame), standing)
    for claim in standing:
        yield from _size(subject, entry.size, claim)


def _required(subject: Subject, entry: Entry, frame: Frame) -> tuple[bool, list[Fault]]:
    condition = entry.present if entry.present is not None else entry.required
    if entry.forbidden is True:
        return False, []
    answer = subject.decide(condition, frame)
    if not isinstance(answer, Undecided):
        return answer, []
    path = _shown(entry, frame)
    return False, [undecided(subject, path, answer, (str(condition),), "whether it is required", frame)]


def _missing(subject: Subject, entry: Entry, group: Group, standing: list[Claim]) -> Iterator[Fault]:
    if entry.pattern is not None:
        if not standing and entry.count is None:
            yield _lacking(entry, _shown(entry, group.frame), "every file of the pattern is missing")
        return
    for claim in group.claims:
        if claim.fact is None and not _stands_below(subject, entry, claim.path):
            what = "the directory" if entry.wants_directory else "the file"
            yield _lacking(entry, claim.path, f"{what} is missing")


def _stands_below(subject: Subject, entry: Entry, path: str) -> bool:
    """Whether a directory was listed only through what it holds."""
    return entry.wants_directory and any(each.startswith(f"{path}/") for each in subject.by_path)


def _lacking(entry: Entry, path: str, message: str) -> Fault:
    condition = entry.present if entry.present is not None else entry.required
    because = f" (required: {condition})" if isinstance(condition, str) else ""
    return Fault(
        code="missing",
        severity=Severity.INCOMPLETE,
        path=path,
        message=message + because,
        expected=entry.description or path,
        got="nothing",
        hint=_hint(entry),
    )


def _hint(entry: Entry) -> str:
    if entry.fields is not None:
        return "runpact writes it into runs made under this contract; this one was made otherwise"
    if entry.formerly:
        return "legacy names are no longer read; rename the file"
    return "write it into the run, or say `required: false` where it may be left out"


def _forbidden(subject: Subject, entry: Entry, standing: list[Claim]) -> Iterator[Fault]:
    for claim in standing:
        if entry.present is not None:
            answer = subject.decide(entry.present, claim.frame)
            holds: bool | Undecided = False if isinstance(answer, Undecided) else not answer
            condition = f"!({entry.present})"
        else:
            holds, condition = subject.decide(entry.forbidden, claim.frame), str(entry.forbidden)
        if isinstance(holds, Undecided):
            texts = (str(entry.forbidden),)
            yield undecided(subject, claim.path, holds, texts, "whether it is forbidden", claim.frame)
        elif holds:
            when = f" when {condition}" if entry.forbidden is not True else ""
            message = f"it must not stand here{when}"
            yield Fault(
                code="forbidden", path=claim.path, message=message, expected="nothing", got=claim.path
            )


def _alternatives(subject: Subject, entry: Entry, group: Group) -> Iterator[Fault]:
    standing = [claim for claim in group.claims if claim.fact is not None]
    required, doubt = _required(subject, entry, group.frame)
    yield from doubt
    paths = " or ".join(claim.path for claim in group.claims)
    if required and not standing:
        yield _lacking(entry, group.claims[0].path, f"none of {paths} stands here")
    if entry.one_of is not None and len(standing) > 1:
        for claim in standing[1:]:
            yield Fault(
                code="too-many",
                path=claim.path,
                message="more than one of several stands here",
                expected=f"one of {paths}",
                got=" and ".join(each.path for each in standing),
            )


def _wrong_sort(subject: Subject, entry: Entry, claim: Claim) -> Fault | None:
    present = subject.by_path.get(claim.path)
    if claim.fact is not None or present is None or entry.pattern is not None:
        return None
    wanted = "directory" if entry.wants_directory else "file"
    return Fault(
        code="wrong-sort",
        path=claim.path,
        message=f"it is no {wanted}",
        expected=f"a {wanted}",
        got=present.kind,
    )


def _legacy(claim: Claim) -> Fault:
    return Fault(
        code="legacy-name",
        severity=Severity.ADVICE,
        path=claim.path,
        message="it stands under a legacy name",
        expected=claim.legacy,
        got=claim.path,
        hint="rename it; the legacy name is read only until a later version of the contract",
    )


def _size(subject: Subject, size: Size | None, claim: Claim) -> Iterator[Fault]:
    if size is None or claim.fact is None:
        return
    bounds = Count(min=size.min, max=size.max, equals=size.equals)
    for fault in counted(subject, bounds, claim.fact.size, claim.path, "bytes", frame=claim.frame):
        yield fault if fault.code == "undecided" else _resized(fault)


def _resized(fault: Fault) -> Fault:
    return Fault(
        code="size",
        path=fault.path,
        message="its size is not what it must be",
        expected=fault.expected,
        got=fault.got,
    )


def counted(
    subject: Subject, count: Count, number: int, path: str, what: str, *, frame: Frame = EMPTY
) -> Iterator[Fault]:
    """Yield what is wrong with a number of things.

    Args:
        subject: The run.
        count: The bounds.
        number: How many there are.
        path: What findings name.
        what: What was counted, as in `files`.
        frame: Names for an expression in `equals`.
    """
    bounds = [_bound_of(subject, bound, frame) for bound in (count.equals, count.min, count.max)]
    for said, bound in zip((count.equals, count.min, count.max), bounds, strict=True):
        if isinstance(bound, Undecided):
            yield undecided(subject, path, bound, (str(said),), f"how many {what}", frame)
            return
    exact, least, most = bounds
    few = exact if exact is not None else least
    many = exact if exact is not None else most
    if isinstance(few, int | float) and number < few:
        yield Fault(
            code="too-few",
            severity=Severity.INCOMPLETE,
            path=path,
            message=f"too few {what}",
            expected=f"{'' if exact is not None else 'at least '}{few:g} {what}",
            got=str(number),
        )
    if isinstance(many, int | float) and number > many:
        yield Fault(
            code="too-many",
            path=path,
            message=f"too many {what}",
            expected=f"{'' if exact is not None else 'at most '}{many:g} {what}",
            got=str(number),
        )


def _bound_of(subject: Subject, said: int | str | None, frame: Frame) -> float | Undecided | None:
    """Return a bound as a number; a text that spells one is taken as such, anything else decides nothing."""
    value = subject.evaluate(said, frame) if isinstance(said, str) else said
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return Undecided(f"it is {value!r:.80}, no number")
    if value is None and said is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Undecided):
        return Undecided(f"it is {value!r:.80}, no number")
    return value


def unmatched(path: str, reason: str) -> Fault:
    """Return the fault of a text that is too long to be matched against a pattern."""
    message = f"its text could not be matched: {reason}"
    hint = "say the pattern so that its repetitions do not compete, as `[^,]*,[^,]*` for `.*,.*`"
    return Fault(code="undecided", severity=Severity.INCOMPLETE, path=path, message=message, hint=hint)


def undecided(
    subject: Subject, path: str, answer: Undecided, texts: tuple[str, ...], what: str, frame: Frame
) -> Fault:
    """Return the fault of a question that has no answer, hung on the fault it follows from."""
    leans = (*answer.paths, *subject.leans_on(*texts, frame=frame))
    unread = "".join(f"; `{each}`: {why}" for each in leans if (why := subject.why_unread(each)))
    unread += "".join(f"; no file of `{name}` stands here" for name in subject.absent(*texts))
    return Fault(
        code="undecided",
        severity=Severity.INCOMPLETE,
        path=path,
        message=f"{what} could not be decided: {answer.reason}{unread}",
        expected=" and ".join(texts),
        leans=leans,
    )


def _shown(entry: Entry, frame: Frame) -> str:
    if not frame.places:
        return entry.path
    return filled(entry.path, frame) if entry.pattern is None else pattern_bound(entry.pattern, frame)
