"""Stage 01: random numbers, one file each."""

import json
import random

import runpact

with runpact.stage() as st:
    numbers = random.Random(st.seed)
    for index in range(st.config["count"]):
        with open(st.output("numbers", f"{index:03}.json"), "w", encoding="utf-8") as file:
            json.dump({"value": numbers.random()}, file)
