"""The interpreter, the platform, the installed packages, the variables, the host's names.

Knows: how to ask this process and the system for them.
Does not know: which of them matter.
"""

from __future__ import annotations

import functools
import os
import platform
import sys
from collections.abc import Mapping

from runpact.host import clock
from runpact.host.packages import installed_packages, package_origins, torch_of
from runpact.model.discretion import RECORDED_VARIABLES, shown_value
from runpact.model.provenance import Environment, Host


def read_environment(root: str) -> Environment:
    """Return the environment of this process; read once, and again when its search path changed.

    Args:
        root: Absolute folder of the workspace, to tell packages installed from it.
    """
    return _read(tuple(sys.path), root)


@functools.lru_cache(maxsize=4)
def _read(search: tuple[str, ...], root: str) -> Environment:
    installed = installed_packages(search)
    packages = {name: package.version for name, package in installed.items()}
    return Environment(
        python=platform.python_version(),
        implementation=sys.implementation.name,
        platform=f"{sys.platform}-{os.uname().release}",
        machine=os.uname().machine,
        packages=packages,
        packages_digest=Environment.digest_of(packages),
        captured=clock.now(),
        origins=package_origins(installed, root=root),
        torch=torch_of(installed),
    )


def recorded_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the allow-list that are set."""
    return {name: shown_value(environ[name]) for name in RECORDED_VARIABLES if name in environ}


def read_host(command: tuple[str, ...], *, cwd: str) -> Host:
    """Return what names this machine and this person; only for a caller who asked for it.

    Args:
        command: The command as it was given.
        cwd: Absolute directory that it runs in.
    """
    import shutil  # noqa: PLC0415 - only who asks for it pays

    return Host(
        name=os.uname().nodename,
        user=user_name(),
        cwd=cwd,
        executable=shutil.which(os.path.join(cwd, command[0])) or shutil.which(command[0])
        if command
        else None,
        command=command,
    )


def user_name() -> str:
    """Return the name of this account, its number where it has none."""
    import pwd  # noqa: PLC0415 - as above

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
