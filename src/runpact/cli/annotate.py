"""`runpact tag` and `runpact note`.

Knows: how tags are spelled on a command line.
Does not know: where tags and notes are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.output import paint, plain, print_json, say
from runpact.model.errors import UsageError
from runpact.workspace.annotating import annotated, note, tag

if TYPE_CHECKING:
    from runpact.workspace.annotating import AnnotatedRun

_REMOVE = "--remove"


class SignedTags(click.Command):
    """Reads `-tag` as a tag to take away, where other commands would see options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Spell `-tag` as the option it stands for; behind `--` it is told by its sign anyway."""
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, [word for each in args[:end] for word in _spelled(each)] + args[end:])


def _spelled(word: str) -> tuple[str, ...]:
    is_tag = len(word) > 1 and word.startswith("-") and not word.startswith("--") and word != "-h"
    return (_REMOVE, word[1:]) if is_tag else (word,)


@click.command("tag", cls=SignedTags)
@click.argument("run")
@click.argument("tags", nargs=-1, metavar="[+TAG | -TAG]...")
@click.option("--add", "added", multiple=True, metavar="TAG", help="The same as +TAG.")
@click.option(_REMOVE, "removed", multiple=True, metavar="TAG", help="The same as -TAG.")
@workspace_options
@json_option
def tag_command(
    *,
    run: str,
    tags: tuple[str, ...],
    added: tuple[str, ...],
    removed: tuple[str, ...],
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Give RUN tags (+TAG) and take others away (-TAG); without any, list what it has.

    They are kept beside the run, which never changes.
    """
    place = open_workspace(workspace, workdir, contract)
    _check_signs(run, tags)
    add = [*(word[1:] for word in tags if word.startswith("+")), *added]
    remove = [*(word[1:] for word in tags if word.startswith("-")), *removed]
    found = tag(place, run, add=add, remove=remove) if add or remove else annotated(place, run)
    if is_json:
        print_json("tag", **_head(found), tags=found.annotations.tags)
        return 0
    told = " ".join(found.annotations.tags) or "no tags"
    say(f"{paint(plain(found.path), 'bold')}  {plain(told)}")
    _tell_damage(found)
    return 0


def _check_signs(run: str, words: tuple[str, ...]) -> None:
    """Refuse words without a sign: each might as well be a second run.

    Raises:
        UsageError: One has none.
    """
    for word in words:
        if not word.startswith(("+", "-")):
            raise UsageError(
                f"`{word}` is neither a tag to give nor one to take away",
                expected=f"+{word} or -{word}",
                got=word,
                hint=f"tags are given to one run at a time: `runpact tag {run} +{word}`",
            )


@click.command("note")
@click.argument("run")
@click.argument("text", required=False)
@workspace_options
@json_option
def note_command(
    *,
    run: str,
    text: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Add TEXT to the notes on RUN; without it, list them.

    They are kept beside the run, which never changes.
    """
    place = open_workspace(workspace, workdir, contract)
    found = note(place, run, text) if text is not None else annotated(place, run)
    if is_json:
        print_json("note", **_head(found), notes=msgspec.to_builtins(found.annotations.notes))
        return 0
    say(paint(plain(found.path), "bold"))
    for each in found.annotations.notes:
        first, *more = each.text.splitlines()
        say(f"  {each.time[:16].replace('T', ' ')}  {plain(first)}")
        for line in more:
            say(f"{'':20}{plain(line)}")
    if not found.annotations.notes:
        say("  no notes")
    _tell_damage(found)
    return 0


def _head(found: AnnotatedRun) -> dict[str, object]:
    return {"uid": found.uid, "path": found.path, "damaged": found.annotations.damaged}


def _tell_damage(found: AnnotatedRun) -> None:
    if found.annotations.damaged:
        say(f"  {found.annotations.damaged} lines of its tags and notes cannot be read")
