"""Entry point of the command `runpact`.

`--version` alone is answered before anything else is imported.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    if sys.argv[1:] == ["--version"]:
        from runpact.version import VERSION  # noqa: PLC0415 - the fast path

        sys.stdout.write(f"runpact {VERSION}\n")
        return 0
    from runpact.cli.main import run_command_line  # noqa: PLC0415 - click and the verbs are not needed for --version

    return run_command_line(sys.argv[1:], is_own=True)


if __name__ == "__main__":
    sys.exit(main())
