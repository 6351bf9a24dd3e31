"""Every word of the contract language, as immutable values.

Knows: what a contract consists of; the other modules here hold its parts.
Does not know: YAML, files, how a run is judged.

A struct's field is a key of the document, `in_` standing for `in`. The reader, the JSON Schema of
the contract file and the reference are all made from these declarations.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import msgspec

from runpact.model.contract.clause import Bindings, Clause, Count, Expression, Grade, Presence, Size
from runpact.model.contract.entry import (
    Array,
    ArtifactType,
    Column,
    Entry,
    FormatRule,
    Line,
    Numbering,
    Table,
    Text,
    stem_of,
)
from runpact.model.contract.kind import (
    SHARED_WITH_KIND,
    Configuration,
    EachStage,
    Kind,
    Latest,
    Others,
    Output,
    OwnedPlace,
    Read,
    Records,
    Session,
    Stage,
    Strays,
)
from runpact.model.contract.rule import (
    Determinism,
    Inventory,
    Match,
    Rule,
    States,
    Tier,
    Tolerance,
    Validator,
)
from runpact.model.contract.surroundings import (
    IndexView,
    MarkdownView,
    Policy,
    Promotion,
    RegisteredValidator,
    WorkspaceRules,
)

__all__ = [
    "SHARED_WITH_KIND",
    "Array",
    "ArtifactType",
    "Bindings",
    "Clause",
    "Column",
    "Configuration",
    "Contract",
    "Count",
    "Determinism",
    "EachStage",
    "Entry",
    "Expression",
    "FormatRule",
    "Grade",
    "IndexView",
    "Inventory",
    "Kind",
    "Latest",
    "Line",
    "LoadedContract",
    "MarkdownView",
    "Match",
    "Numbering",
    "Others",
    "Output",
    "OwnedPlace",
    "Policy",
    "Presence",
    "Promotion",
    "Read",
    "Records",
    "RegisteredValidator",
    "Rule",
    "Session",
    "Size",
    "Stage",
    "States",
    "Strays",
    "Table",
    "Text",
    "Tier",
    "Tolerance",
    "Validator",
    "WorkspaceRules",
    "stem_of",
]


class Contract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What runs of a workspace must look like."""

    contract: str
    """The contract's id, as in `acme.training`."""
    version: str
    """Semantic version; readers refuse another major."""
    extends: str | None = None
    """A pack, `name@major`, or a file beside the contract."""
    description: str = ""
    """For people; printed by `contract docs`."""
    workspace: WorkspaceRules = WorkspaceRules()
    """What stands beside the runs: directories, caches, frozen folders, registry files."""
    kinds: dict[str, Kind] = {}
    """By name; inherited kinds join them."""
    types: dict[str, ArtifactType] = {}
    """Artifact types by `Name@version`."""
    formats: tuple[FormatRule, ...] = ()
    """Formats by location in every kind; a kind's own come first."""
    promotions: dict[str, Promotion] = {}
    """Curated copies that `promote` makes, by name."""
    policies: dict[str, Policy] = {}
    """What a certificate must show, by name."""
    validators: dict[str, RegisteredValidator] = {}
    """Python checks that the workspace's own code provides; never run from a run's copy."""

    @property
    def major(self) -> int:
        """First number of the version."""
        return int(self.version.split(".", 1)[0])


class LoadedContract(msgspec.Struct, frozen=True, kw_only=True):
    """A contract, merged with what it extends, and the bytes it came from."""

    contract: Contract
    schemas: dict[str, bytes] = {}
    """Schema documents by the path entries name them with; inline ones by their digest."""
    sources: dict[str, bytes]
    """Every file that belongs to it, by its path in a copy; `contract.yaml` is the contract."""
    digest: str
    """Over the names and digests of `sources`."""
    origin: str = ""
    """Where it was read, for messages."""
    code_folder: str | None = None
    """Absolute folder whose validators may be imported; None where the contract's code is not trusted."""
