"""What a program says of itself while it runs, kept until it is claimed.

Knows: how words, counts and findings become a status.
Does not know: where the claim is written, whether it is true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from runpact.model.errors import UsageError
from runpact.model.finding import Finding, Report, Verdict, worst
from runpact.model.pipeline.claim import Counts
from runpact.model.pipeline.gate import gate_line


class Saying:
    """Errors, warnings and counts of one program."""

    def __init__(self) -> None:
        """Begin with nothing said, which is OK."""
        self.counts = Counts()
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self._said = Verdict.OK

    @property
    def status(self) -> Verdict:
        """What it comes to so far; failed inputs are at least a warning."""
        return worst((self._said, Verdict.WARNING)) if self.counts.inputs_failed else self._said

    def count(self, given: Mapping[str, int | None]) -> None:
        """Take over counts; None leaves what was said before.

        Raises:
            UsageError: One is no whole number from 0.
        """
        known = {name: value for name, value in given.items() if value is not None}
        for name, value in known.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise UsageError(
                    f"`{name}` is a count", expected="a whole number from 0", got=f"{value!r:.60}"
                )
        self.counts = msgspec.structs.replace(self.counts, **known)

    def warn(self, message: str) -> None:
        """Keep a warning."""
        self.warnings.append(message)
        self._said = worst((self._said, Verdict.WARNING))

    def fail(self, verdict: Verdict, message: str) -> None:
        """Keep an error; the status is at least this verdict."""
        self.errors.append(message)
        self._said = worst((self._said, verdict))

    def take(self, findings: Iterable[Finding], *, is_input: bool = False) -> None:
        """Take over what was found of inputs or outputs, each with how it is mended.

        Args:
            findings: What was found.
            is_input: Whatever is wrong with an input, the stage itself is INCOMPLETE and did nothing wrong.
        """
        for finding in findings:
            verdict = Report((finding,)).verdict
            if verdict is Verdict.WARNING:
                self.warn(gate_line(finding))
            elif verdict is not Verdict.OK:
                self.fail(Verdict.INCOMPLETE if is_input else verdict, gate_line(finding))

    def document(
        self,
        *,
        stage: str,
        experiment: str,
        artifacts: Mapping[str, str],
        code: Sequence[str],
        opened: Sequence[str] = (),
    ) -> dict[str, object]:
        """Return the summary that says all this.

        Args:
            stage: `NN_slug`.
            experiment: Its id.
            artifacts: Path relative to the experiment, by logical name.
            code: Files of the workspace that the program loaded.
            opened: Paths in directories of other stages that it opened, relative to the experiment.
        """
        counts = {
            name: value for name, value in msgspec.structs.asdict(self.counts).items() if value is not None
        }
        return {
            "stage": stage,
            "experiment": experiment,
            "status": self.status.value,
            "exit_code": self.status.exit_code,
            "counts": counts,
            "errors": list(self.errors),
            "warnings": list(self.warnings),
            "artifacts": dict(artifacts),
            "origin": "stage",
            "code": list(code),
            "opened": list(opened),
        }
