"""The front door to the registries: models and data sets that are kept for good.

Knows: which workspace, which run a person means.
Does not know: what may be entered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact.model.errors import RunpactError
    from runpact.model.finding import Report
    from runpact.model.ledger.entry import Entry
    from runpact.model.registered.uri import Registry, Uri
    from runpact.verbs.finding.resolve import Registered
    from runpact.verbs.registered.enter import Entered
    from runpact.workspace import Workspace


def promote_model(
    place: Workspace, reference: str, target: str, *, checkpoint: str = "best", describe: str | None = None
) -> Entered:
    """Make a model of a run's checkpoint; the arguments are those of `runpact models promote`.

    Raises:
        NoContractError: The workspace has no contract.
        PromotionIncompleteError: Something is not there yet.
        NotPromotableError: Contract, records or content speak against it.
    """
    from runpact.verbs.registered.register import promote_model

    return promote_model(
        place.data_root,
        place.resolve(reference),
        target,
        loaded=place.lint(),
        checkpoint=checkpoint,
        describe=describe,
        cwd=place.cwd,
    )


def add_model(
    place: Workspace, path: str, target: str, *, source: str, describe: str | None = None
) -> Entered:
    """Enter weights that come from elsewhere; the arguments are those of `runpact models add`."""
    from runpact.verbs.registered.register import add_model

    return add_model(place.data_root, path, target, source=source, describe=describe, cwd=place.cwd)


def add_data(
    place: Workspace, path: str, target: str, *, source: str | None = None, describe: str | None = None
) -> Entered:
    """Enter a data set; the arguments are those of `runpact data add`."""
    from runpact.verbs.registered.register import add_data

    return add_data(place.data_root, path, target, source=source, describe=describe, cwd=place.cwd)


def resolve(place: Workspace, uri: str, registry: Registry | None = None) -> Registered:
    """Return what a URI names.

    Raises:
        UsageError: It is no URI.
        CannotStartError: It names nothing, or several things.
    """
    from runpact.verbs.finding.resolve import resolve

    return resolve(place.data_root, uri, registry)


def listed(place: Workspace, registry: Registry) -> list[tuple[Uri, Registered | RunpactError]]:
    """Return what a registry holds; for what is gone or cannot be read, why."""
    from runpact.verbs.archive.ledger import ledger_of
    from runpact.verbs.finding.resolve import registered_in
    from runpact.verbs.registered.gone import error_of_gone, gone_from

    root = place.data_root
    found = list(registered_in(root, registry))
    missed = gone_from(root, registry, ledger_of(root), [uri for uri, _found in found])
    return sorted(
        [*found, *((uri, error_of_gone(uri, why)) for uri, why in missed)], key=lambda row: str(row[0])
    )


def users(place: Workspace, uri: Uri) -> tuple[str, ...]:
    """Return the paths of the runs that used what a URI names."""
    from runpact.verbs.registered.enter import users_of

    return tuple(users_of(place.data_root, place.working_contract.contract, uri))


def remove(place: Workspace, uri: str, registry: Registry, *, reason: str, is_forced: bool) -> Entry:
    """Let a model or a data set go, for good.

    Raises:
        CannotStartError: Nothing is registered so, runs used it, or the reason is missing.
    """
    from runpact.verbs.registered.enter import remove

    return remove(
        place.data_root,
        uri,
        registry,
        contract=place.working_contract.contract,
        reason=reason,
        is_forced=is_forced,
    )


def verify(place: Workspace, registry: Registry, text: str | None = None) -> list[tuple[Uri | None, Report]]:
    """Return what everything a registry holds comes to, or what a URI names; nothing is INCOMPLETE.

    Raises:
        UsageError: It is no URI.
        CannotStartError: It names nothing, or several things.
    """
    from runpact.model.registered.uri import parse_uri
    from runpact.verbs.archive.ledger import ledger_of
    from runpact.verbs.finding.resolve import resolve, uris_in
    from runpact.verbs.registered.gone import gone_from, report_of_gone
    from runpact.verbs.registered.verify import nothing_in, verify_registered

    root = place.data_root
    ledger = ledger_of(root)
    there = list(uris_in(root, registry))
    missed = dict(gone_from(root, registry, ledger, there))
    uris = sorted([*there, *missed], key=str)
    if text is not None:
        wanted = parse_uri(text, registry)
        uris = [uri for uri in uris if wanted.holds(uri)]
        if not uris:
            resolve(root, text, registry)
    if not uris:
        return [(None, nothing_in(registry))]
    return [
        (uri, report_of_gone(uri, missed[uri]) if uri in missed else verify_registered(root, uri, ledger))
        for uri in uris
    ]
