"""`runpact keygen`.

Knows: flags, how a passphrase is asked for, what to do with a new key.
Does not know: how a key is made.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from runpact.cli.options import demand_meant, json_option
from runpact.cli.output import plain, print_json, say
from runpact.cli.passphrase import new_passphrase
from runpact.workspace.signing import make_key

if TYPE_CHECKING:
    from runpact.model.signing.key import PublicKey


@click.command("keygen")
@click.argument("path")
@click.option("--owner", metavar="TEXT", default="", help="Whose key it is; for the entry of a trust file.")
@click.option("--passphrase", "is_asked", is_flag=True, help="Ask for a passphrase on the terminal.")
@click.option("--passphrase-env", "variable", metavar="NAME", help="Environment variable with a passphrase.")
@json_option
def keygen_command(*, path: str, owner: str, is_asked: bool, variable: str | None, is_json: bool) -> int:
    """Make an Ed25519 key that signs certificates.

    PATH becomes the private key (mode 0600, PKCS #8), PATH.pub the public one. Keys are never
    overwritten. The printed entry belongs into the trust file of those who are to believe the key.

    \b
      runpact keygen ~/.keys/ada --owner "Ada"
      runpact report RUN --format cert --baseline BASE --sign ~/.keys/ada
    """
    demand_meant(**{"passphrase-env": variable})
    made = make_key(path, passphrase=new_passphrase(variable, is_asked=is_asked))
    entry = _entry(made.public, owner)
    if is_json:
        print_json("key", id=made.public.id, private=made.private_path, public=made.public_path, entry=entry)
        return 0
    say(f"key {made.public.id}")
    say(f"  private  {plain(made.private_path)}  (keep it to yourself)")
    say(f"  public   {plain(made.public_path)}")
    say("entry for a trust file (docs/signing.md):")
    say(json.dumps(entry, indent=1, ensure_ascii=False))
    return 0


def _entry(public: PublicKey, owner: str) -> dict[str, object]:
    return {"id": public.id, "public": public.text, "owner": owner, "roles": ["certify"]}
