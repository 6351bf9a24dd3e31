"""What a stage's program left as its claim, taken into the record.

Knows: where the program's own summary lies, what of it may be kept.
Does not know: whether it is true.
"""

from __future__ import annotations

import os
import posixpath

import msgspec

from runpact.disk.layout import CLAIM
from runpact.formats.inspect import Inspector
from runpact.model.facts import Form
from runpact.model.names import is_relative
from runpact.model.pipeline.claim import SUMMARY, Claim, claim_of, encode_claim
from runpact.model.pipeline.result import Basis, CodeFile
from runpact.verbs.life.active import ActiveRun
from runpact.verbs.pipeline.experiment import Experiment


def take_claim(run: ActiveRun) -> Claim | None:
    """Return what the program says of itself, and keep it beside the summary that replaces it."""
    if not os.path.lexists(run.writer.paths.at(SUMMARY)):
        return None
    found = claim_of(Inspector(run.dir, {}).document(SUMMARY, Form()))
    claim = msgspec.structs.replace(
        found, errors=_masked(run, found.errors), warnings=_masked(run, found.warnings)
    )
    run.writer.replace(CLAIM, encode_claim(claim))
    return claim


def _masked(run: ActiveRun, texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(run.masker.text("error", text) for text in texts)


def with_loaded_code(experiment: Experiment, basis: Basis | None, claim: Claim | None) -> Basis | None:
    """Return what an attempt follows from with the modules that its program says it loaded."""
    if basis is None or claim is None:
        return basis
    known = {file.path for file in basis.code}
    digests = {
        path: experiment.proven.digest(posixpath.join(experiment.root, path))
        for path in claim.code
        if path not in known and is_relative(path)
    }
    loaded = (CodeFile(path, digest) for path, digest in digests.items() if digest is not None)
    return msgspec.structs.replace(
        basis, code=tuple(sorted((*basis.code, *loaded), key=lambda file: file.path))
    )
