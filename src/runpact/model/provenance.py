"""What a run came from: code, environment, machine, config, command.

Knows: the facts worth recording, as values.
Does not know: how they are captured, which of them may be recorded (`model/discretion.py`).
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import msgspec

from runpact.model.confinement import Confinement
from runpact.model.digest import digest_of_set
from runpact.model.inputs import Input
from runpact.model.masking import Masking


class LeftOut(msgspec.Struct, frozen=True):
    """A file that belongs to the state of the code and was not stored in the run."""

    path: str
    """Relative to the root of the repository."""
    size: int | None
    """Bytes; None when it could not be read, or was deleted."""
    reason: str


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A text captured into the run, whole but for its secrets."""

    path: str | None = None
    """Relative to the run directory; None when it was not stored."""
    size: int = 0
    """Bytes of the original."""
    digest: str = ""
    """Of the original; empty when secrets were masked in the copy."""
    copy_digest: str = ""
    """Of what stands in the run."""
    reason: str = ""
    """Why it was not stored."""


class LockCopy(Copy, frozen=True, kw_only=True):
    """The lock file of a project, with where it stood."""

    source: str = ""
    """Relative to the workspace where possible, else its name."""


class Untracked(msgspec.Struct, frozen=True, kw_only=True):
    """Files that git neither tracks nor ignores, stored in the run under their own paths."""

    path: str
    """Folder, relative to the run directory."""
    files: int
    size: int
    digest: str
    """Of the set of its files, as they stand in the run."""
    masked: tuple[str, ...] = ()
    """Those of them that secrets were taken out of."""


class Code(msgspec.Struct, frozen=True):
    """State of the source repository; every field is `unknown`/None outside one, never "clean"."""

    commit: str = "unknown"
    """40 or 64 hex digits, or `unknown`."""
    branch: str = "unknown"
    """Short branch name, `detached`, or `unknown`."""
    dirty: bool | None = None
    """None when it could not be decided."""
    captured: str = ""
    """When these facts were read, RFC 3339 UTC."""
    repository: str | None = None
    """Root of the repository, relative to the workspace."""
    remote: str | None = None
    """Where it was cloned from, without credentials."""
    diff: Copy | None = None
    """Changes of tracked files, staged or not, against the commit; None when there are none."""
    untracked: Untracked | None = None
    left_out: tuple[LeftOut, ...] = ()
    left_out_more: int = 0
    """How many further files were left out and are not named."""
    reasons: tuple[str, ...] = ()
    """What could not be captured, and why."""

    @property
    def short(self) -> str:
        """First seven digits of the commit, `nogit` without one."""
        return "nogit" if self.commit == "unknown" else self.commit[:7]


class PackageOrigin(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where an installed package came from when that was not an index."""

    url: str | None = None
    """Without credentials; None for a folder of this machine that lies outside the workspace."""
    editable: bool = False
    vcs: str | None = None
    commit: str | None = None
    archive_digest: str | None = None


class Torch(msgspec.Struct, frozen=True):
    """PyTorch as it is installed; it is never imported for this."""

    version: str
    cuda: str | None = None
    """CUDA version it was built for; None for a build without."""
    hip: str | None = None


class Environment(msgspec.Struct, frozen=True):
    """The interpreter, the sort of machine, the installed packages, a few variables, the lock files."""

    python: str = "unknown"
    implementation: str = "unknown"
    platform: str = "unknown"
    machine: str = "unknown"
    packages: dict[str, str] = {}
    """Distribution name to version, without importing any of them."""
    packages_digest: str = ""
    captured: str = ""
    origins: dict[str, PackageOrigin] = {}
    """Packages that were installed from a folder, a repository or a file, by name."""
    torch: Torch | None = None
    variables: dict[str, str] = {}
    """Environment variables of the allow-list that are set."""
    locks: tuple[LockCopy, ...] = ()

    @staticmethod
    def digest_of(packages: dict[str, str]) -> str:
        """Return the digest over names and versions."""
        return digest_of_set(packages)


class Gpu(msgspec.Struct, frozen=True):
    """A graphics processor that the system's files name."""

    name: str | None
    """None when only its identifiers are known."""
    pci: str | None
    """Vendor and device, hexadecimal, as in `10de:2684`."""
    driver: str | None


class Devices(msgspec.Struct, frozen=True, kw_only=True):
    """The machine's means of computing; what no file tells is None, never guessed."""

    cpu: str | None = None
    cores: int | None = None
    """Those that this process may use."""
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    """What the control group allows; None without a limit."""
    gpus: tuple[Gpu, ...] | None = None
    """None when no file tells of them."""
    nvidia_driver: str | None = None
    cuda: str | None = None
    """Version of the installed toolkit."""
    captured: str = ""


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """What names a machine and a person; recorded only when somebody asks for it."""

    name: str
    user: str
    cwd: str
    """Absolute."""
    executable: str | None
    """Absolute path of the program that ran."""
    command: tuple[str, ...]
    """As it was given."""


class Composition(msgspec.Struct, frozen=True):
    """What a configuration was composed of, before its interpolations were resolved."""

    composed: dict[str, object] = {}
    """The configuration with its interpolations, as `${model.width}`."""
    by: str = ""
    """What composed it, with its version: `hydra 1.3.8`."""
    choices: dict[str, str | None] = {}
    """Option chosen of each group of configurations."""


class Config(msgspec.Struct, frozen=True):
    """The resolved configuration and where it came from; in a record, without its secrets."""

    resolved: dict[str, object] = {}
    digest: str = ""
    source: str | None = None
    """File it was read from, relative to the workspace where possible."""
    source_digest: str | None = None
    """None as well when a secret was masked: whoever knows the rest could find it by trying."""
    overrides: tuple[str, ...] = ()
    composition: Composition | msgspec.UnsetType = msgspec.UNSET
    """Of a configuration that was composed, how it stood before it was resolved; absent of any other."""


class AskedBy(msgspec.Struct, frozen=True):
    """The request of a program that a run was made for."""

    id: str | None
    """The asker's own name for it."""
    command: str


class Provenance(msgspec.Struct, frozen=True):
    """All that is recorded about the origin of a run."""

    command: tuple[str, ...] = ()
    cwd: str = ""
    """Relative to the workspace; empty when it lies outside."""
    code: Code = Code()
    environment: Environment = Environment()
    config: Config = Config()
    seeds: dict[str, int | None] = {}
    inputs: tuple[Input, ...] = ()
    """Empty in the birth record; the sealed manifest names them."""
    confinement: Confinement = Confinement()
    devices: Devices = Devices()
    host: Host | None = None
    """None unless it was asked for."""
    masking: Masking = Masking()
    request: AskedBy | None = None
    """None when no program asked for the run."""
