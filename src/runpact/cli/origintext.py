"""Where a run came from, in lines to read.

Knows: what of its provenance a person wants to see at a glance.
Does not know: where the rest is shown; `runpact show --json` has all of it.
"""

from __future__ import annotations

from runpact.model.provenance import Code, Devices, Environment, Provenance

_STATES = {True: "dirty", False: "clean", None: "clean or dirty: not known"}


def origin_lines(origin: Provenance) -> list[tuple[str, str]]:
    """Return name and text of what is known; an empty text stands for nothing to say."""
    return [
        ("command", " ".join(origin.command)),
        ("code", _code(origin.code)),
        ("stored", _stored(origin.code, origin.environment)),
        ("not stored", _left_out(origin.code)),
        ("not known", "; ".join(origin.code.reasons)),
        ("python", _python(origin.environment)),
        ("machine", _machine(origin.devices)),
        ("host", f"{origin.host.name}, {origin.host.user}" if origin.host else ""),
    ]


def _code(code: Code) -> str:
    if code.commit == "unknown" and code.repository is None:
        return "no repository"
    return f"{code.commit} ({code.branch}, {_STATES[code.dirty]})"


def _stored(code: Code, environment: Environment) -> str:
    told = [f"diff of {code.diff.size:,} B"] if code.diff and code.diff.path else []
    if code.untracked:
        plural = "s" * (code.untracked.files != 1)
        told.append(f"{code.untracked.files} untracked file{plural} of {code.untracked.size:,} B")
    return ", ".join([*told, *(lock.source for lock in environment.locks if lock.path)])


def _left_out(code: Code) -> str:
    told = [f"diff of {code.diff.size:,} B: {code.diff.reason}"] if code.diff and not code.diff.path else []
    told += [f"{each.path}: {each.reason}" for each in code.left_out[:3]]
    more = len(code.left_out[3:]) + code.left_out_more
    return "; ".join(told) + (f"; and {more} more" if more else "")


def _python(environment: Environment) -> str:
    torch = environment.torch
    built_for = f" for CUDA {torch.cuda}" if torch and torch.cuda else ""
    told = f"{environment.python} on {environment.platform}, {len(environment.packages)} packages"
    return f"{told}, torch {torch.version}{built_for}" if torch else told


def _machine(devices: Devices) -> str:
    told = [devices.cpu] if devices.cpu else []
    told += [f"{devices.cores} cores"] if devices.cores else []
    told += [f"{devices.memory_bytes / 2**30:.1f} GiB"] if devices.memory_bytes else []
    told += [gpu.name or gpu.pci or gpu.driver or "GPU" for gpu in devices.gpus or ()]
    return ", ".join(told)
