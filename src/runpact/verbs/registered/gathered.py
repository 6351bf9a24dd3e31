"""Gather what a model is made of: weights, what the run says of itself, what a person says of the model.

Knows: where a run keeps its checkpoints and the description of its model.
Does not know: where the model goes.
"""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Sequence

from runpact.disk.archive import Content, Original
from runpact.disk.inputs import look_at_input
from runpact.disk.reader import Reading
from runpact.disk.source import read_source
from runpact.disk.tree import digest_file, list_tree, read_file
from runpact.formats.encode import encode_value
from runpact.formats.inspect import Inspector
from runpact.model.errors import CannotStartError, MalformedDocumentError, NotPromotableError
from runpact.model.facts import FormatFault
from runpact.model.ledger.entry import ArchivedFile
from runpact.model.manifest import FileRecord
from runpact.model.registered.manifest import FORMATS, Described, read_description
from runpact.model.registered.uri import Registry
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.judging.compare import series_in
from runpact.verbs.judging.sealedcontents import layout_files

CHECKPOINTS = "artifacts/checkpoints"
CONFIG, METRICS = "config_resolved.yaml", "metrics.json"
DESCRIPTIONS = ("artifacts/model.json", "artifacts/model.yaml", "model.json", "model.yaml")
"""Where a run says what its model is, unless a person says it."""
_LARGEST = 16_000_000
_NO_FILES = frozenset({"symlink", "special", "unreadable"})


def checkpoint_of(reading: Reading, wanted: str, *, shown: str) -> FileRecord:
    """Return the weights that are meant.

    Args:
        reading: A sealed run.
        wanted: Name of a checkpoint without its suffix, or path of a file in the run.
        shown: The run, as people know it.

    Raises:
        CannotStartError: There are none, or several.
    """
    weights = {
        each.path: each
        for each in layout_files(reading)
        if posixpath.splitext(each.path)[1] in FORMATS and each.type not in _NO_FILES
    }
    if wanted in weights:
        return weights[wanted]
    found = [
        path
        for path in weights
        if posixpath.dirname(path) == CHECKPOINTS
        and posixpath.splitext(posixpath.basename(path))[0] == wanted
    ]
    if len(found) == 1:
        return weights[found[0]]
    raise CannotStartError(
        f"{len(found) or 'no'} checkpoints `{wanted}` in the run",
        at=shown,
        expected=f"one {CHECKPOINTS}/{wanted} with " + ", ".join(FORMATS),
        got=", ".join(found or sorted(weights)[:10]) or "no weights at all",
        hint="name one with --checkpoint: its name without the suffix, or its path in the run",
    )


def description(directory: str, said: str | None, registry: Registry, *, cwd: str) -> tuple[Described, str]:
    """Return what is said of a model or a data set, and where.

    Args:
        directory: Absolute, of the run; empty when there is none.
        said: A document of a person's, relative to `cwd`; None to look into the run.
        registry: Which of both it is about.
        cwd: Absolute current directory.

    Raises:
        CannotStartError: The document cannot be read.
        MalformedDocumentError: It is no description.
    """
    if said is not None:
        path = posixpath.normpath(posixpath.join(cwd, said))
        read_source(path, limit=_LARGEST)
        return _described(posixpath.dirname(path), posixpath.basename(path), registry), said
    for path in DESCRIPTIONS if directory else ():
        fact = Inspector(directory).document(path)
        if not isinstance(fact, FormatFault):
            return _described(directory, path, registry), path
    return Described(), DESCRIPTIONS[0]


def _described(folder: str, path: str, registry: Registry) -> Described:
    fact = Inspector(folder).document(path)
    if isinstance(fact, FormatFault):
        raise MalformedDocumentError(
            f"the description cannot be read: {fact.message}", at=path, expected="a JSON or YAML document"
        )
    return read_description(fact.value, registry, at=path)


def companions(directory: str, reading: Reading) -> dict[str, Content]:
    """Return configuration and metrics of a run, as files that stand beside its model."""
    deepest_first = sorted(layout_files(reading), key=_depth, reverse=True)
    files = {posixpath.basename(each.path): each.path for each in deepest_first}
    found: dict[str, Content] = {}
    for name in (CONFIG, METRICS):
        if name in files:
            found[name] = read_file(directory, files[name], _LARGEST)
    origin = origin_of(reading)
    if CONFIG not in found and origin is not None:
        found[CONFIG] = encode_value(origin.config.resolved, ".yaml")[0]
    if METRICS not in found:
        last = {name: series[-1].value for name, series in series_in(reading).items() if series}
        found[METRICS] = encode_value(last, ".json")[0]
    return found


def weights_at(path: str) -> tuple[Original, str]:
    """Return a file of weights to be copied, and its format.

    Args:
        path: Absolute.

    Raises:
        CannotStartError: It cannot be read, or its name is that of no weights.
        NotPromotableError: Its content is not what its name says.
    """
    look_at_input(path)
    folder, name = posixpath.split(path)
    form = FORMATS.get(posixpath.splitext(name)[1])
    if form is None:
        raise CannotStartError(
            f"`{name}` is no file of weights by its name", at=path, expected=", ".join(FORMATS), got=name
        )
    content = Inspector(folder).content(name)
    if isinstance(content, FormatFault) or form not in content.fits or (content.pickle and form != "pt"):
        got = content.message if isinstance(content, FormatFault) else content.content
        raise NotPromotableError(
            "the content of the weights is not what their name says", at=path, expected=form, got=got
        )
    return Original(path, ArchivedFile(*digest_file(folder, name))), form


def files_at(path: str) -> dict[str, Content]:
    """Return the files of a folder, or the one file, by their path in the data set.

    Raises:
        CannotStartError: There is nothing to be read.
        NotPromotableError: Something there is no plain file.
    """
    status = look_at_input(path)
    folder, name = posixpath.split(path)
    names: Sequence[str] = (name,)
    if stat.S_ISDIR(status.st_mode):
        folder, facts = path, list_tree(path)
        odd = [fact.path for fact in facts if fact.kind not in {"file", "dir"}]
        if odd:
            raise NotPromotableError(
                "a data set is made of plain files", at=f"{path}/{odd[0]}", got="a link, or something else"
            )
        names = [fact.path for fact in facts if fact.kind == "file"]
    if not names:
        raise CannotStartError("the folder holds no file", at=path, expected="the files of a data set")
    return {
        each: Original(posixpath.join(folder, each), ArchivedFile(*digest_file(folder, each)))
        for each in names
    }


def _depth(file: FileRecord) -> int:
    return file.path.count("/")
