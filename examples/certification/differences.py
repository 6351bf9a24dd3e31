"""Draw what a certificate rests on: the difference of every window, the interval of their mean, the bound.

python differences.py reports_scratch/quant8_balanced_… [--out FILE.svg]

It reads the certificate and its reports, and changes none of them.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

from charlm.plot import difference_plot


def main() -> int:
    """Write one picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of the certificate")
    parser.add_argument("--out", type=Path)
    said = parser.parse_args()
    certificate = json.loads((said.folder / "evaluation.cert.json").read_bytes())
    subject, baseline = (
        json.loads((said.folder / each["path"]).read_bytes())["evaluation_windows"]["final"]
        for each in certificate["evidence"]
    )
    differences = [new["value"] - old["value"] for new, old in zip(subject, baseline, strict=True)]
    bounds = [math.log(each["maximum"]) for each in certificate["gates"] if each["maximum"]]
    metric = certificate["primary_metric"]
    text = difference_plot(
        f"{said.folder.name}: {certificate['decision']}",
        differences,
        mean=metric["difference_vs_baseline"],
        interval=tuple(metric["ci"]),
        bound=bounds[0],
    )
    out = said.out or Path("outputs") / f"differences_{said.folder.name}.svg"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
