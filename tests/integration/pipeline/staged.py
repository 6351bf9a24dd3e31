"""A contract of one stage under the pack of staged pipelines, and the pack's own good tree."""

from __future__ import annotations

from runpact.packs import pack_folder

GOOD = f"{pack_folder('runpact:staged-pipeline@1')}/trees/good/runs/debug"
STAGED = """\
contract: test.staged
version: "1.0.0"
extends: runpact:staged-pipeline@1
kinds:
  experiment:
    stages:
      - id: "02"
        slug: emergent_geometry_engine
        command: [sh, stages/02.sh]
        seed: 3
        writes:
          predictions:
            - {files: "predictions/{system}.npz", type: GeometryPrediction@0.1, count: {min: 1}}
            - {files: "predictions/{system}.meta.json"}
"""
