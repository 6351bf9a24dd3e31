"""Settings from `configs/`: a file, the files that its `defaults` name, then the command line.

Knows: how YAML files are laid over each other (OmegaConf).
Does not know: what a setting means.
"""

from __future__ import annotations

import msgspec
from omegaconf import OmegaConf

import runpact


def composed(name, overrides):
    """Compose `configs/NAME.yaml`."""
    folder = runpact.workspace_root(__file__) / "configs"
    own = OmegaConf.load(folder / f"{name}.yaml")
    whole = OmegaConf.create()
    for each in own.pop("defaults", []):
        ((group, option),) = each.items()
        whole = OmegaConf.merge(whole, {group: OmegaConf.load(folder / group / f"{option}.yaml")})
    return OmegaConf.merge(whole, own, OmegaConf.from_dotlist(list(overrides)))


def plain(config):
    """Resolve it into plain data."""
    return OmegaConf.to_container(config, resolve=True)


def typed(config, kind):
    """Convert at the gate; a fault names its key."""
    return msgspec.convert(dict(config), kind)
