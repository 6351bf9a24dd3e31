"""The settings of all projects, typed: nothing untyped goes further than the first line of a project.

Knows: which settings there are, and which values they may have.
Does not know: files, Hydra.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from core.camera import Camera
from core.path import Path
from msgspec import Meta

Count = Annotated[int, Meta(ge=1, le=10_000)]
Positive = Annotated[float, Meta(gt=0, le=1e6)]
Share = Annotated[float, Meta(gt=0, le=1)]
Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Name = Literal[
    *("drawn", "astronaut", "brick", "camera", "chelsea", "coffee"),
    *("coins", "grass", "gravel", "moon", "page", "text"),
]
"""Of a picture: all but the drawn one come with scikit-image."""


@dataclass(frozen=True)
class Scene:
    """What hangs on the wall, and how long it is looked at."""

    picture: Name = "camera"
    frames: Count = 12
    rate: Positive = 30.0


@dataclass(frozen=True)
class FeatureSettings:
    """Of the skill that finds points and finds them again."""

    method: Literal["orb", "corners"] = "orb"
    wall: Count = 700
    frame: Count = 500
    least: Share = 0.4
    ratio: Share = 0.85


@dataclass(frozen=True)
class MotionSettings:
    """Of the skill that finds the motion."""

    seed: Seed = 7
    threshold: Positive = 4.0
    trials: Count = 400


@dataclass(frozen=True)
class Settings:
    """What every project has."""

    seed: Seed = 7
    scene: Scene = field(default_factory=Scene)
    camera: Camera = field(default_factory=Camera)
    path: Path = field(default_factory=Path)
    features: FeatureSettings = field(default_factory=FeatureSettings)
    motion: MotionSettings = field(default_factory=MotionSettings)
    drawn: Annotated[int, Meta(ge=0, le=1000)] = 6
    """So many frames are drawn for a person."""


@dataclass(frozen=True)
class TrainSettings(Settings):
    """What the training has besides."""

    others: tuple[Name, ...] = ()
    """Further pictures to learn from."""
    held: Name = "chelsea"
    """The picture that is not learnt from; it says which penalty is best."""
    reach: Positive = 20.0
    """Points further off than that, in pixels, were mistaken for others."""
    degree: Annotated[int, Meta(ge=1, le=9)] = 5
    strongest: Positive = 1.0
    weakest: Positive = 1e-7
    steps: Count = 24


@dataclass(frozen=True)
class ApplySettings(Settings):
    """What applying a model has besides."""

    model: Annotated[str, Meta(pattern="^local://")] = "local://vision/corrector/lens"
    """URI of the model, never a path."""
