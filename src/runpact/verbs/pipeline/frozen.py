"""The frozen configuration: the file that stages read, held against the birth record.

Knows: that the birth record tells, and the file follows.
Does not know: how a configuration is resolved.
"""

from __future__ import annotations

import posixpath

from runpact.disk.experiment import replace_record
from runpact.disk.layout import CONTRACT
from runpact.model.digest import digest_bytes
from runpact.model.errors import RunpactError
from runpact.verbs.pipeline.experiment import Experiment


def frozen_digest(experiment: Experiment) -> str | None:
    """Return the digest that the file of the frozen configuration must have; None where nothing says that."""

    def born() -> str | None:
        data = _born(experiment)
        return digest_bytes(data) if data is not None else None

    return experiment.proven.born(born) if experiment.config_file is not None else None


def altered_config(experiment: Experiment) -> str | None:
    """Return the file of the frozen configuration if it is not the one of the birth record, else None."""
    path, wanted = experiment.config_file, frozen_digest(experiment)
    if path is None or wanted is None:
        return None
    return path if experiment.proven.digest(posixpath.join(experiment.directory, path)) != wanted else None


def restore_config(experiment: Experiment) -> str | None:
    """Write the frozen configuration from the birth record if its file says otherwise; return that file.

    Raises:
        StorageError: It could not be written.
    """
    path = altered_config(experiment)
    data = _born(experiment) if path is not None else None
    if path is not None and data is not None:
        replace_record(experiment.directory, path, data)
    return path


def _born(experiment: Experiment) -> bytes | None:
    """Return the file as birth record and the contract of that day make it; None where they make none."""
    from runpact.verbs.contracts.load_contract import load_copy  # noqa: PLC0415 - proven once, it is not asked again
    from runpact.verbs.life.project import birth_files  # noqa: PLC0415 - as above

    record, kind = experiment.record, experiment.kind
    try:
        copy = load_copy(posixpath.join(experiment.directory, CONTRACT))
    except RunpactError:
        copy = None
    if copy is not None and copy.digest == record.contract.digest:
        kind = copy.contract.kinds.get(record.kind, kind)
    return birth_files(record, kind).get(experiment.config_file or "")
