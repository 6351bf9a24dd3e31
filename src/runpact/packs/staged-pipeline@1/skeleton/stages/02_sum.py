"""Stage 02: the sum of the numbers, scaled."""

import json

import runpact

with runpact.stage() as st:
    total, paths = 0.0, st.inputs["numbers"]
    for path in paths:
        with open(path, encoding="utf-8") as file:
            total += json.load(file)["value"]
    with open(st.output("total"), "w", encoding="utf-8") as file:
        json.dump({"value": total * st.config["scale"]}, file)
    st.counts(inputs_total=len(paths), inputs_ok=len(paths), inputs_failed=0)
