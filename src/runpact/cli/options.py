"""Options that many commands share.

Knows: their names, help and the workspace they lead to.
Does not know: the commands.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import TypedDict, TypeVar

import click

from runpact.model.errors import UsageError
from runpact.workspace import Workspace

_Function = TypeVar("_Function", bound=Callable[..., object])


class Seconds(click.FloatRange):
    """A time in seconds: a number that is one, and not below the least."""

    name = "seconds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Refuse what is no number, although it is spelled like one."""
        seconds = float(super().convert(value, param, ctx))  # type: ignore[arg-type]  # click converts text as well
        if math.isnan(seconds):
            self.fail(f"{value} is no number of seconds", param, ctx)
        return seconds


def workspace_options(function: _Function) -> _Function:
    """Add --workspace, --workdir and --contract."""
    for option in (
        click.option("--contract", metavar="FILE|PACK", help="Contract to use instead of the workspace's."),
        click.option(
            "--workdir", metavar="DIR", help="Folder for the data; by default what the contract says."
        ),
        click.option("--workspace", metavar="DIR", help="Folder of the contract; by default found upwards."),
    ):
        function = option(function)
    return function


def in_workspace(function: Callable[..., int]) -> Callable[..., int]:
    """Add --workspace, --workdir and --contract, handed over as one argument, the open `place`."""

    @functools.wraps(function)
    def opened(*, workspace: str | None, workdir: str | None, contract: str | None, **others: object) -> int:
        return function(place=open_workspace(workspace, workdir, contract), **others)

    return workspace_options(opened)


json_option = click.option("--json", "is_json", is_flag=True, help="Print one JSON document instead of text.")


trust_option = click.option(
    "--trust-contract", is_flag=True, help="Run validators in Python that the named contract brings along."
)


policy_option = click.option(
    "--policy",
    metavar="TIER|CONTRACT#TIER",
    help="Policy to judge by; by default the certificate's tier here.",
)
signature_option = click.option(
    "--require-signature", "needs_signature", is_flag=True, help="Refuse what nobody trusted has signed."
)
trust_file_option = click.option(
    "--trust", "trust_file", metavar="FILE", help="Whose signatures are believed: your own trust file."
)


store_option = click.option(
    "--store", metavar="DIR", help="Folder with the files that reports refer to, as sha256/<hex>."
)


class EvidenceOptions(TypedDict):
    """What a command says of a run's evidence before it begins."""

    policy: str | None
    baseline: str | None
    profile: str | None


def evidence_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add --baseline, --policy and --profile, handed over as one argument, `evidence`."""

    @functools.wraps(function)
    def gathered(*, policy: str | None, baseline: str | None, profile: str | None, **others: object) -> int:
        demand_meant(policy=policy, baseline=baseline)
        evidence = EvidenceOptions(policy=policy, baseline=baseline, profile=profile)
        return function(evidence=evidence, **others)

    for option in (
        click.option(
            "--profile",
            type=click.Choice(["dev", "ci", "release"]),
            help="How strict pairing is; by default the policy's.",
        ),
        click.option("--policy", metavar="TIER", help="Policy that its evidence is to be judged by."),
        click.option(
            "--baseline", metavar="RUN|REPORT", help="Pair it with this; refused at once if it cannot be."
        ),
    ):
        option(gathered)
    return gathered


def demand_meant(**options: str | None) -> None:
    """Make sure that no option was given nothing, as by a variable of the shell that is not set.

    Raises:
        UsageError: One was.
    """
    for name, value in options.items():
        if value == "":
            raise UsageError(f"--{name} was given nothing", expected="a value, or not to be given at all")


def pairs(texts: Iterable[str], option: str, *, may_be_empty: bool = False) -> tuple[tuple[str, str], ...]:
    """Return what an option says as `KEY=VALUE`, several times; `KEY=` only where that means something.

    Raises:
        UsageError: One of them is no such pair.
    """
    split = [text.partition("=") for text in texts]
    for key, separator, value in split:
        if not key or not separator or not (value or may_be_empty):
            raise UsageError(f"{option} cannot be read", expected="KEY=VALUE", got=key + separator + value)
    return tuple((key, value) for key, _separator, value in split)


def open_workspace(
    workspace: str | None, workdir: str | None, contract: str | None, *, trust_contract: bool = False
) -> Workspace:
    """Return the workspace that the options lead to.

    Raises:
        UsageError: One of them was given nothing.
    """
    demand_meant(workspace=workspace, workdir=workdir, contract=contract)
    return Workspace.open(
        workspace=workspace, workdir=workdir, contract=contract, trust_contract=trust_contract
    )
