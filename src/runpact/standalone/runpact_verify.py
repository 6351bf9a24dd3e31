#!/usr/bin/env python3
"""Verify runpact certificates with nothing but this file and Python 3.11 or newer.

    python3 runpact_verify.py FOLDER --policy POLICY.json [--trust TRUST.json] [--require-signature]

A second implementation of docs/certificate.md, docs/statistics.md and docs/signing.md: what follows from the evidence is computed again
and compared, nothing is believed. Fetch this file from where runpact is released and compare its digest; a copy beside the
evidence may be anybody's. Exit 0 for an intact pass alone, 1 when nobody vouches, 2 for missing or insufficient, 3 for wrong.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import math
import os
import re
import struct
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from decimal import Context, Decimal
from typing import Any, NoReturn

Json = Any
Windows = list[tuple[str, str, float, float]]
BELONGS = {"evaluation.cert.json", "report.json", "metadata.json", "attestation.dsse.json", "evidence_manifest.json"}
BELONGS |= {"runpact_verify.py"}
RESAMPLES = 1000
WARNINGS = {"not_authenticated", "signature_not_checked"}
INCOMPLETE = set(
    "no_policy empty_policy unsupported_policy no_certificate evidence_missing report_unreadable no_windows "
    "policy_not_announced too_few_windows interval_too_wide gate_undecided guard_missing guard_undecided "
    "confinement_too_low provenance_missing signature_missing cannot_start".split()
)

class Refused(Exception):
    """The certificate is not accepted, or cannot be judged: the reason, then what was found."""

# ------------------------------------------------ JSON: strict reading, RFC 8785, shapes

def parsed(data: bytes, reason: str) -> Json:
    # Return strict JSON data; without repeated keys, NaN, numbers beyond a double, half a surrogate pair.

    def unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key appears twice")
        return dict(pairs)

    def finite(text: str) -> float:
        if math.isinf(float(text)):
            raise ValueError(f"{text} is no number of JSON")
        return float(text)

    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=unique, parse_float=finite, parse_constant=finite)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
        level, depth, items = [value], 0, 1
        while level := [below for each in level if isinstance(each, (dict, list)) for below in (each.values() if isinstance(each, dict) else each)]:
            depth, items = depth + 1, items + len(level)
        # The deepest container may be empty: it has a level of its own and no values.
        if depth > 64 or items > 1_000_000:
            raise ValueError("too deep, or too many values")
    except (ValueError, RecursionError) as error:
        raise Refused(reason, str(error)) from error
    return value

def canonical(value: Json, pad: str | None = None) -> str:
    # Return the RFC 8785 form; with `pad` on lines of their own, indented by it and one more space.
    start, end, gap = ("", "", "") if pad is None else (f"\n{pad} ", f"\n{pad}", " ")
    inner = None if pad is None else pad + " "
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        parts = [f"{canonical(key)}:{gap}{canonical(value[key], inner)}" for key in keys]
        return "{" + start + f",{start}".join(parts) + end + "}" if parts else "{}"
    parts = [canonical(each, inner) for each in value]
    return "[" + start + f",{start}".join(parts) + end + "]" if parts else "[]"

def _number(value: float) -> str:
    if isinstance(value, int) and abs(value) >= 2**53:
        raise ValueError(f"{value} is not exactly representable")
    if isinstance(value, int) or value == 0:
        return str(int(value))
    sign, numerals, exponent = Decimal(repr(value)).normalize().as_tuple()
    digits, minus = "".join(map(str, numerals)), "-" if sign else ""
    point = len(digits) + int(exponent)
    if len(digits) <= point <= 21:
        return minus + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{minus}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    return f"{minus}{digits[0]}{'.' * (len(digits) > 1)}{digits[1:]}e{point - 1:+d}"

def sha256(data: bytes | str) -> str:  # Return the digest as it is written in evidence.
    return "sha256:" + hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()

def fits(value: Json, shape: Json) -> bool:
    # Whether data has a shape: a type, choices (tuple), list, table (`?` optional, `...` open, `*` any key), test.
    if shape is float:
        return type(value) in (int, float)
    if isinstance(shape, type):
        return type(value) is shape
    if isinstance(shape, tuple):
        return any(fits(value, each) for each in shape)
    if isinstance(shape, list):
        return type(value) is list and all(fits(each, shape[0]) for each in value)
    if isinstance(shape, dict):
        return type(value) is dict and _fits_table(value, shape)
    return bool(shape(value)) if callable(shape) else type(value) is type(shape) and value == shape

def _fits_table(value: dict[str, Json], shape: dict[str, Json]) -> bool:
    if "*" in shape:
        return all(fits(each, shape["*"]) for each in value.values())
    known = {key.rstrip("?"): each for key, each in shape.items()}
    needed = {key for key in shape if key[-1] not in "?."}
    is_closed = "..." in shape or value.keys() <= known.keys()
    return needed <= value.keys() and is_closed and all(fits(value[key], known[key]) for key in value.keys() & known.keys())

def like(pattern: str) -> Callable[[Json], bool]:  # Return a test: text with a pattern.
    return lambda value: type(value) is str and re.search(pattern, value) is not None

def sized(least: int, most: float = math.inf) -> Callable[[Json], bool]:  # Return a test: text of so many characters.
    return lambda value: type(value) is str and least <= len(value) <= most

def whole(least: int) -> Callable[[Json], bool]:  # Return a test: an integer of at least so much.
    return lambda value: type(value) is int and value >= least

def value_of_window(value: Json) -> bool:  # Whether a metric may have this value.
    return fits(value, float) and -1e100 <= value <= 1e100

def weight_of_window(value: Json) -> bool:  # Whether a window may have this weight.
    return fits(value, float) and 0 < value <= 1e15

HASH, TEXT, SCALAR = like(r"^sha256:[0-9a-f]{64}\Z"), (str, None), (bool, float, str, None)
COUNT, REAL, NAME, OPEN = whole(0), (float, None), sized(1, 200), {"...": 0}
SEEDS = {key: (int, None) for key in ("python", "numpy", "torch")}
MODEL, ATTEMPT = (str, {"*": SCALAR}, None), {"number": whole(1), "earlier": [str]}
EDIT = {"name": str, "deltas": {"*": float}, **OPEN}
DIRECTION, LINK, OUTCOME = ("lower", "higher"), ("log", "identity"), ("pass", "fail", "insufficient_evidence")
METRIC = {"kind": NAME, "unit": str, "direction": DIRECTION, "link?": LINK, "final": value_of_window, "preview?": (value_of_window, None)}
REPORT = {
    "schema_version": "1.0",
    "meta": {
        "run_id": sized(4, 200), "seeds": SEEDS, "seed_notes?": {"*": str}, "model?": MODEL, "device?": TEXT, "nickname?": TEXT,
        "attempt?": (ATTEMPT, None), "started?": (like(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z"), None), **OPEN,
    },
    "data": {
        "dataset_hash": HASH, "tokenizer_hash": HASH, "split": str, "provider?": str, "sequence_length?": whole(1),
        "stride?": (int, None), "window_seed?": int, "windows?": {"*": COUNT}, **OPEN,
    },
    "auto": {"tier": TEXT, "policy_digest": (HASH, None), **OPEN},
    "metrics": {"primary_metric": {**METRIC, **OPEN}, **OPEN},
    "guards": [{
        "name": NAME, "verdict": ("pass", "warn", "fail", "skipped"), "measurement_point?": ({"tap": str, "matched?": [str]}, str, None),
        "evidence?": {"*": (SCALAR, {"*": SCALAR}, [SCALAR])}, **OPEN,
    }],
    "edit": EDIT,
    "evaluation_windows": {"*": [{"id": NAME, "content_digest": HASH, "weight": weight_of_window, "value": value_of_window}]},
    "artifacts?": {"events_path?": str, "sidecar?": TEXT, **OPEN},
    "provenance?": {
        "commit?": TEXT, "dirty?": (bool, None), "config_digest?": TEXT, "locks?": [str], "inputs?": {"*": str},
        "confinement?": ({"requested": str, "level": str, **OPEN}, None), **OPEN,
    },
    **OPEN,
}
GATE = {"metric": str, "of?": ("ratio", "difference", "value"), "max?": REAL, "min?": REAL, "statistic?": ("value", "upper", "lower")}
GUARD = {"name": str, "required?": (bool, str), "limits?": {"*": SCALAR}}
DEFAULTS: dict[str, Json] = {
    "profile": "ci", "gates": [], "guards": [], "minimum_windows": None, "maximum_width": None, "confidence": 0.95,
    "confinement": None, "provenance": [], "signature": "optional",
}
POLICY = {
    "profile": ("dev", "ci", "release"), "gates": [GATE], "guards": [GUARD], "minimum_windows": (int, None), "maximum_width": REAL,
    "confidence": float, "confinement": TEXT, "provenance": [str], "signature": ("optional", "required", "waived"),
}
CERTIFICATE = {
    "schema_version": "v1", "run_id": sized(4), "meta": {"model": MODEL, "device": TEXT, "seeds": SEEDS},
    "dataset": {
        "provider": str, "split": str, "seq_len": whole(1), "stride": (int, None),
        "windows": {"preview": COUNT, "final": COUNT, "seed": int, "schedule": (HASH, None), "stats": {
            "window_match_fraction": float, "window_overlap_fraction": float, "paired_windows": COUNT, "coverage": {"*": {"used": COUNT}},
        }},
    },
    "data": {"dataset_hash": HASH, "tokenizer_hash": HASH},
    "primary_metric": {
        "kind": str, "unit": str, "direction": DIRECTION, "link": LINK, "preview": REAL, "final": float, "baseline_final": float,
        "ratio_vs_baseline": REAL, "difference_vs_baseline": REAL, "display_ci": lambda v: fits(v, [REAL]) and len(v) == 2,
        "ci": lambda v: fits(v, [REAL]) and len(v) == 2, "ci_level": float, "reps": COUNT,
        "gating_basis": ("value", "lower", "upper", "none"), "aggregation_scope": "final", "estimated": False,
    },
    "statistics": (None, {
        "method": "bca-bootstrap", "stream": "runpact.bootstrap/1", "seed": str, "resamples": COUNT, "windows": COUNT,
        **dict.fromkeys("confidence effective_windows estimate lower upper bias acceleration spread".split(), float),
    }),
    "validation": {
        "paired": bool, "primary_metric_acceptable": bool, "preview_final_drift_acceptable?": (bool, None),
        "invariants_pass?": (bool, None), "variance_acceptable?": (bool, None),
    },
    "gates": [{
        "metric": str, "of": str, "statistic": str, "minimum": REAL, "maximum": REAL, "observed": REAL, "outcome": OUTCOME,
    }],
    "guards": [{
        "name": str, "source": str, "tap": str, "matched": [str], "reported": TEXT, "limits": {"*": SCALAR},
        "observed": {"*": SCALAR}, "outcome": OUTCOME,
    }],
    "variance": (None, {"tap": str, "targets": [str]}), "decision": OUTCOME,
    "reasons": [{"code": str, "subject": str, "message": str}], "limitations": [str], "attempt": (ATTEMPT, None),
    "auto": {"tier": TEXT, "policy_digest": (HASH, None)},
    "policy_digest": {
        "policy_version": "1", "tier_policy_name": str, "thresholds_hash": HASH, "hysteresis": {"*": SCALAR},
        "min_effective": COUNT, "changed": bool,
    },
    "resolved_policy": POLICY,
    "policy_provenance": {"tier": str, "overrides": [str], "policy_digest": HASH, "resolved_at": str},
    "evidence": [{"role": ("subject", "baseline"), "path": str, "sha256": HASH, "size": COUNT}],
    "baseline": {"report_path": str, "run_id": str}, "artifacts": {"report_path": str, "events_path": str},
    "plugins": {"adapters": [str], "edits": [str], "guards": [str]}, "edit": EDIT, "producer": {"name": str, "version": str},
    "created_at": str, "digest": HASH,
}  # fmt: skip

# ------------------------------------------------ signatures: RFC 8032 read strictly, DSSE, in-toto, trust

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]

def point(encoded: bytes) -> Point | None:  # Return the point of the curve that 32 bytes are the one encoding of.
    sign, y = int.from_bytes(encoded, "little") >> 255, int.from_bytes(encoded, "little") & (1 << 255) - 1
    above, below = (y * y - 1) % P, (D * y * y + 1) % P
    x = above * pow(below, -1, P) % P
    x = pow(x, (P + 3) // 8, P)
    x = x if (below * x * x - above) % P == 0 else x * ROOT % P
    if len(encoded) != 32 or y >= P or (below * x * x - above) % P or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P

def added(first: Point, second: Point) -> Point:  # Return the sum of two points.
    (x1, y1, z1, t1), (x2, y2, z2, t2) = first, second
    a, b, c, d = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), 2 * t1 * t2 * D, 2 * z1 * z2
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return e * f % P, g * h % P, f * g % P, e * h % P

def times(factor: int, of: Point) -> Point:  # Return a multiple of a point.
    total = (0, 1, 1, 0)
    while factor:
        total, of, factor = added(total, of) if factor & 1 else total, added(of, of), factor >> 1
    return total

def sound_key(raw: bytes) -> Point | None:
    # Return the point of a public key; None for one that is not to be trusted: of small order, or written otherwise.
    key = point(raw)
    x, y, z, _ = times(8, key) if key else (0, 1, 1, 0)
    return None if x == 0 and y == z else key

def signs(raw: bytes, message: bytes, signature: bytes) -> bool:  # Whether an Ed25519 signature holds.
    key, scalar = sound_key(raw), int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or scalar >= ORDER:
        return False
    factor = int.from_bytes(hashlib.sha512(signature[:32] + raw + message).digest(), "little") % ORDER
    base = point((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or (0, 1, 1, 0)
    x, y, z, _ = added(times(scalar, base), times(factor, (-key[0] % P, key[1], 1, -key[3] % P)))
    x, y = x * pow(z, -1, P) % P, y * pow(z, -1, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]

def from_base64(text: str) -> bytes | None:  # Return what base64 in its one form stands for.
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None

MOMENT = like(r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ\Z")
ROLE = re.compile(r"[a-z][a-z0-9-]{0,31}")
DER = bytes.fromhex("302a300506032b6570032100")
TRUST = {
    "format": "runpact.trust/1", "roles": {"*": {"threshold?": lambda v: whole(1)(v) and v <= 64}}, "not_before?": (MOMENT, None),
    "keys": [{
        "id": like(r"^sha256:[0-9a-f]{64}\Z"), "public": str, "owner?": sized(0, 200), "roles": [like(r"^[a-z][a-z0-9-]{0,31}\Z")],
        "valid_from?": (MOMENT, None), "valid_until?": (MOMENT, None),
        "revoked?": ({"at": MOMENT, "reason": ("compromised", "retired")}, None),
    }],
}  # fmt: skip
ENVELOPE = {"payload": str, "payloadType": str, "signatures": [{"keyid": sized(1, 200), "sig": str}]}
STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1", "subject": [{"name": str, "digest": {"sha256": like(r"^[0-9a-f]{64}\Z")}}],
    "predicateType": "urn:x-runpact:certificate:1",
    "predicate": {
        **dict.fromkeys(("decision", "run_id", "baseline_run_id", "tier", "policy_digest"), str),
        "signed_at": MOMENT, "engine": {"name": str, "version": str},
    },
}  # fmt: skip

def trusted(data: bytes) -> Json:  # Return a trust file in which everything is sound.
    trust = parsed(data, "cannot_start")
    is_sound = fits(trust, TRUST) and 1 <= len(trust["keys"]) <= 1000 and all(map(ROLE.fullmatch, trust["roles"])) and "certify" in trust["roles"]
    for key in trust["keys"] if is_sound else ():
        raw, since, until = from_base64(key["public"]) or b"", key.get("valid_from"), key.get("valid_until")
        is_sound &= raw.startswith(DER) and sound_key(raw[12:]) is not None and sha256(raw) == key["id"] and key["roles"] != []
        is_sound &= not (since and until and since >= until) and key.get("owner", "").isprintable()
    if is_sound:
        holders = [name for key in trust["keys"] for name in set(key["roles"])]
        is_sound = len({key["id"] for key in trust["keys"]}) == len(trust["keys"])
        is_sound &= all(holders.count(name) >= role.get("threshold", 1) for name, role in trust["roles"].items())
    if not is_sound:
        raise Refused("cannot_start", "the trust file is malformed")
    return trust

def authenticate(data: bytes, certificate: Json, envelope: bytes, trust: Json) -> str:
    # Return who vouches for a certificate; the order of the questions is that of docs/signing.md.
    outer = parsed(envelope, "malformed_envelope")
    demand(fits(outer, ENVELOPE) and 1 <= len(outer["signatures"]) <= 64, "malformed_envelope")
    payload, made = from_base64(outer["payload"]), [(each["keyid"], from_base64(each["sig"])) for each in outer["signatures"]]
    if payload is None or any(signature is None or len(signature) != 64 for _, signature in made):
        raise Refused("malformed_envelope", "base64 in another form, or a signature of another length")
    kind, keys = outer["payloadType"].encode(), {key["id"]: key for key in trust["keys"]}
    demand(kind == b"application/vnd.in-toto+json", "other_payload_type")
    message, found = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload), {}
    for name, signature in made:
        if name in keys:
            demand(signs((from_base64(keys[name]["public"]) or b"")[12:], message, signature or b""), "signature_broken", name)
            found[name] = keys[name]
    demand(found, "untrusted_key")
    statement = parsed(payload, "malformed_statement")
    demand(fits(statement, STATEMENT), "malformed_statement")
    said, named = statement["predicate"], certificate["policy_provenance"]
    files = [("evaluation.cert.json", sha256(data)), *((each["path"], each["sha256"]) for each in certificate["evidence"])]
    expected = {
        "decision": certificate["decision"], "run_id": certificate["run_id"], "baseline_run_id": certificate["baseline"]["run_id"],
        "tier": named["tier"], "policy_digest": named["policy_digest"], "signed_at": said["signed_at"], "engine": said["engine"],
    }  # fmt: skip
    subjects = [{"name": name, "digest": {"sha256": digest[7:]}} for name, digest in files]
    demand(said == expected and statement["subject"] == subjects, "statement_differs")
    doubts = {name: _doubt(key, said["signed_at"]) for name, key in found.items()}
    vouching = [name for name, doubt in doubts.items() if not doubt]
    if len(vouching) < trust["roles"]["certify"].get("threshold", 1):
        raise Refused(next(filter(None, doubts.values()), "threshold_not_met"), f"signed {said['signed_at']}")
    demand(said["signed_at"] >= (trust.get("not_before") or ""), "signature_too_old", said["signed_at"])
    return f"{said['decision']} of {said['run_id']}, signed {said['signed_at']} by {' and '.join(vouching)}"

def _doubt(key: Json, signed_at: str) -> str:
    revoked = key.get("revoked")
    if "certify" not in key["roles"]:
        return "wrong_role"
    if revoked and (revoked["reason"] == "compromised" or signed_at >= revoked["at"]):
        return "key_revoked"
    if signed_at < (key.get("valid_from") or ""):
        return "key_not_yet_valid"
    return "key_expired" if key.get("valid_until") and signed_at >= key["valid_until"] else ""

def demand(holds: object, reason: str, found: str = "") -> None:  # Refuse for a reason unless something holds.
    if not holds:
        raise Refused(reason, found)

# ------------------------------------------------ evidence: reports, pairing, statistics

def mean(windows: Windows) -> float:  # Return the mean of values by weight.
    return math.fsum(w * v for *_, w, v in windows) / math.fsum(w for *_, w, _ in windows)

class Report:  # A report that is evidence: what certificates take from it, by itself consistent.

    def __init__(self, data: bytes) -> None:  # Read it, or refuse it.
        self.data = data
        self.document = document = parsed(data, "malformed_report")
        demand(fits(document, dict), "malformed_report")
        arms = document.get("evaluation_windows")
        demand(fits(arms, dict) and arms.get("final"), "no_windows")
        demand(fits(document, REPORT), "malformed_report")
        self.meta, self.guards, self.auto = document["meta"], document["guards"], document["auto"]
        self.metric = {"link": "identity", "preview": None, **document["metrics"]["primary_metric"]}
        self.set = {"provider": "unknown", "sequence_length": 1, "stride": None, "window_seed": 0, "windows": {}, **document["data"]}
        self.provenance = document.get("provenance", {})
        self.arms: dict[str, Windows] = {
            arm: [(w["id"], w["content_digest"], float(w["weight"]), float(w["value"])) for w in rows] for arm, rows in arms.items()
        }
        self.final, self.preview = self.arms["final"], self.arms.get("preview", [])
        for name, seed in self.meta["seeds"].items():
            demand(seed is not None or self.meta.get("seed_notes", {}).get(name), "seed_unexplained", name)
        self._refuse_repeated()
        for rows, stated in ((self.final, self.metric["final"]), (self.preview, self.metric["preview"])):
            demand(bool(rows) == (stated is not None), "report_inconsistent")
            demand(not rows or abs(mean(rows) - stated) <= 2e-6 * max(1, abs(mean(rows))), "report_inconsistent")
        demand(all(len(self.arms.get(arm, ())) == count for arm, count in self.set["windows"].items()), "lengths_differ")
        demand(len(self.final) > 1, "no_windows")
        demand(len({guard["name"] for guard in self.guards}) == len(self.guards), "report_inconsistent")

    def _refuse_repeated(self) -> None:
        seen: set[str] = set()
        for rows in self.arms.values():
            ids, contents = {row[0] for row in rows}, {row[1] for row in rows}
            demand(len(ids) == len(rows), "duplicate_windows")
            # Ids and contents are told apart by a mark that no digest begins with.
            marked = {f"id {each}" for each in ids} | {f"of {each}" for each in contents}
            demand(not marked & seen, "arms_overlap")
            seen |= marked

def refuse_unpaired(new: Report, old: Report) -> None:  # Refuse two reports that are no pair.
    keys = ("provider", "sequence_length", "stride", "window_seed")
    told = [[each.metric[key] for key in ("kind", "unit", "direction", "link")] for each in (new, old)]
    demand(new.set["dataset_hash"] == old.set["dataset_hash"], "dataset_differs")
    demand(new.set["split"] == old.set["split"], "split_differs")
    demand(new.set["tokenizer_hash"] == old.set["tokenizer_hash"], "encoder_differs")
    demand([new.set[key] for key in keys] == [old.set[key] for key in keys], "settings_differ")
    demand(new.meta["seeds"] == old.meta["seeds"], "seeds_differ")
    demand(told[0] == told[1], "metric_differs")
    demand({a: len(rows) for a, rows in new.arms.items()} == {a: len(rows) for a, rows in old.arms.items()}, "lengths_differ")
    for arm, rows in old.arms.items():
        for was, now in zip(rows, new.arms[arm], strict=True):
            for place, reason in enumerate(("windows_differ", "contents_differ", "weights_differ")):
                demand(was[place] == now[place], reason, was[0])

def phi(value: float) -> float:  # Return the standard normal distribution function.
    return math.erfc(-value / math.sqrt(2)) / 2

def quantile(level: float) -> float:  # Return its inverse.
    low, high = -9.0, 9.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if phi(middle) < level else (low, middle)
    return (low + high) / 2

def integers(values: list[float]) -> tuple[list[float], int]:
    # Return values as integers in doubles, whose sums are exact, and the power of two they were scaled by.
    shift = 53 - len(values).bit_length() - math.frexp(max(map(abs, values)))[1]
    return [float(round(math.ldexp(each, shift))) for each in values], shift

def statistics(new: Report, old: Report, confidence: float) -> tuple[dict[str, Json], str]:
    # Return the interval of the paired difference, and the digest of the schedule.
    weights = [row[2] for row in new.final]
    products, up = integers([w * (a[3] - b[3]) for w, a, b in zip(weights, new.final, old.final, strict=True)])
    scaled, down = integers(weights)
    n, total, size = len(weights), sum(scaled), 2 if len(weights) <= 4096 else 4
    arms = {arm: [[i, c, int(w) if w.is_integer() else w] for i, c, w, _ in rows] for arm, rows in new.arms.items()}
    schedule = sha256(canonical({"arms": arms, "format": "runpact.schedule/1"}))
    values = [row[3] + 0.0 for report in (new, old) for row in report.final]
    seed = hashlib.sha256(b"runpact.bootstrap/1\n" + schedule.encode() + struct.pack(f"<{2 * n}d", *values)).digest()
    words: list[int] = []
    limit, asked = (1 << 8 * size) - (1 << 8 * size) % n, RESAMPLES * n + 64
    while len(words) < RESAMPLES * n:
        stream = memoryview(hashlib.shake_128(seed).digest(asked * size)).cast("H" if size == 2 else "I")
        words, asked = [word % n for word in stream if word < limit], asked * 2
    samples = (words[start : start + n] for start in range(0, RESAMPLES * n, n))
    drawn = sorted(sum(products[i] for i in sample) / sum(scaled[i] for i in sample) for sample in samples)
    estimate, share = sum(products) / total, 0.0
    share = (bisect_left(drawn, estimate) + bisect_right(drawn, estimate)) / 2 / RESAMPLES
    bias = quantile(min(max(share, 0.5 / RESAMPLES), 1 - 0.5 / RESAMPLES))
    without = [(sum(products) - p) / (total - w) for p, w in zip(products, scaled, strict=True)]
    steps = [math.fsum(without) / n - each for each in without]
    pulls = [(p - estimate * w) / total for p, w in zip(products, scaled, strict=True)]
    largest, acceleration, spread = max(map(abs, steps)), 0.0, 1.0
    if largest > 2.0**-45 * abs(estimate):
        squares, pulled = (math.fsum((each / largest) * (each / largest) for each in each_of) for each_of in (steps, pulls))
        cubes = math.fsum((each / largest) * (each / largest) * (each / largest) for each in steps)
        acceleration = cubes / (6 * squares * math.sqrt(squares))
        spread = math.sqrt(squares / pulled * (n - 1) / n)
    effective = max(total * total / math.fsum(w * w for w in scaled), 2.0)
    z, free = quantile((1 + confidence) / 2), effective - 1
    reach = spread * (z + (z**3 + z) / 4 / free + (5 * z**5 + 16 * z**3 + 3 * z) / 96 / free**2)
    ends = []
    for at, rounded in ((bias - reach, math.floor), (bias + reach, math.ceil)):
        room = 1 - acceleration * at
        level = phi(bias + at / room) if room > 0 else float(at > 0)
        ends.append(math.ldexp(drawn[min(max(rounded(level * (RESAMPLES + 1)) - 1, 0), RESAMPLES - 1)], down - up))
    return {
        "method": "bca-bootstrap", "stream": "runpact.bootstrap/1", "seed": seed.hex(), "resamples": RESAMPLES, "confidence": confidence,
        "windows": n, "effective_windows": effective, "estimate": math.ldexp(estimate, down - up), "lower": ends[0], "upper": ends[1],
        "bias": bias, "acceleration": acceleration, "spread": spread,
    }, schedule  # fmt: skip

# ------------------------------------------------ the policy, gates, guards; the certificate that follows

def policy_of(contract: Json, tier: str) -> dict[str, Json]:  # Return the policy of a tier with every key said, if it can judge.
    policies = contract.get("policies", {}) if fits(contract, dict) else {}
    demand(fits(policies, dict) and tier in policies, "no_policy", tier)
    demand("extends" not in contract and "like" not in policies[tier], "unsupported_policy", "write the policy out")
    given = {key: each for key, each in policies[tier].items() if key not in {"rules", "keep", "description"}}
    policy = DEFAULTS | given
    demand(fits(policy, POLICY), "unsupported_policy", "it is malformed")
    policy["gates"] = [{"of": "ratio", "max": None, "min": None, "statistic": "value", **gate} for gate in policy["gates"]]
    policy["guards"] = [{"required": True, "limits": {}, **guard} for guard in policy["guards"]]
    demand(policy["gates"] or any(guard["required"] for guard in policy["guards"]), "empty_policy")
    demand(not policies[tier].get("rules"), "unsupported_policy")
    demand(all(type(guard["required"]) is bool for guard in policy["guards"]), "unsupported_policy")
    demand(all(gate["min"] is not None or gate["max"] is not None for gate in policy["gates"]), "empty_policy")
    return policy

class Judgement:  # What a policy makes of a pair: the numbers, gates, guards, and why it is no pass.

    def __init__(self, new: Report, old: Report, policy: dict[str, Json], tier: str) -> None:  # Judge.
        self.new, self.old, self.policy = new, old, policy
        self.causes: list[dict[str, str]] = []
        self.digest = sha256(canonical(policy))
        self.numbers, self.schedule = statistics(new, old, float(policy["confidence"]))
        self.difference = tuple(self.numbers[key] for key in ("estimate", "lower", "upper"))
        context = Context(prec=40, Emax=999999, Emin=-999999)
        is_ratio = new.metric["link"] == "log" and max(map(abs, self.difference)) <= 700
        self.ratio = tuple(float(context.exp(Decimal(end))) for end in self.difference) if is_ratio else None
        self.shown = self.ratio or self.difference
        self._demands(tier)
        self.gates = [self._gate(gate) for gate in policy["gates"]]
        self.guards = [each for guard in policy["guards"] if (each := self._guard(guard))]
        codes = {cause["code"] for cause in self.causes}
        self.decision = "fail" if codes - INCOMPLETE else "insufficient_evidence" if codes else "pass"

    def _cause(self, code: str, subject: str, message: str) -> None:
        self.causes.append({"code": code, "subject": subject, "message": message})

    def _demands(self, tier: str) -> None:
        auto, facts, policy, width = self.new.auto, self.new.provenance, self.policy, self.shown[2] - self.shown[1]
        if auto["policy_digest"] != self.digest or auto["tier"] != tier:
            under = "no policy" if auto["tier"] is None else f"`{auto['tier']}` ({(auto['policy_digest'] or 'no digest')[:19]}…)"
            self._cause("policy_not_announced", "auto.policy_digest", f"the run was made under {under}, it is judged by `{tier}`")
        least, most, wanted = policy["minimum_windows"], policy["maximum_width"], policy["confinement"]
        if least is not None and len(self.new.final) < least:
            self._cause("too_few_windows", "minimum_windows", f"{len(self.new.final)} paired windows, {least} are demanded")
        if most is not None and width > most:
            self._cause("interval_too_wide", "maximum_width", f"{width:.6g} wide, at most {most:.6g} is allowed")
        if wanted is not None:
            level = re.fullmatch(r"W(\d)(\+hook)?", (facts.get("confinement") or {"level": ""})["level"])
            demanded = re.fullmatch(r"W(\d)(\+hook)?", wanted)
            if not (demanded and level and int(level[1]) >= int(demanded[1]) and (demanded[2] is None or level[2])):
                self._cause("confinement_too_low", "confinement", f"{level[0] if level else 'nothing recorded'}, at least {wanted} is demanded")
        has = {
            "commit": facts.get("commit") not in {None, "", "unknown"}, "clean": facts.get("dirty") is False, "lock": facts.get("locks"),
            "inputs": facts.get("inputs"), "config": facts.get("config_digest"),
        }  # fmt: skip
        for name in policy["provenance"]:
            if not has.get(name):
                self._cause("provenance_missing", name, f"the report has no `{name}`")

    def _gate(self, gate: Json) -> Json:
        numbers, limits = self._numbers(gate), [None if gate[key] is None else float(gate[key]) for key in ("min", "max")]
        bounds = " and ".join(f"{word} {each}" for word, each in zip(("at least", "at most"), limits, strict=True) if each is not None)

        def holds(number: float) -> bool:
            return (limits[0] is None or number >= limits[0]) and (limits[1] is None or number <= limits[1])

        outcome, about, most = "insufficient_evidence", f"{gate['metric']} ({gate['of']})", self.policy["maximum_width"]
        if numbers is None:
            self._cause("gate_undecided", about, f"there is no {gate['statistic']} of it to be {bounds}")
        elif not holds(numbers[0]):
            outcome = "fail"
            self._cause("gate_failed", about, f"{numbers[0]:.6g} is not {bounds}")
        else:
            ends = {"value": numbers[1:], "lower": numbers[1:2], "upper": numbers[2:]}[gate["statistic"]]
            is_narrow = gate["statistic"] == "value" and most is not None
            if numbers[2] - numbers[1] <= most if is_narrow else all(map(holds, ends)):
                outcome = "pass"
            else:
                told = f"{numbers[0]:.6g} is {bounds}, its interval {numbers[1]:.6g} to {numbers[2]:.6g} is not"
                self._cause("gate_undecided", about, told)
        observed = None if numbers is None else numbers[("value", "lower", "upper").index(gate["statistic"])]
        names = {key: gate[key] for key in ("metric", "of", "statistic")}
        return {**names, "minimum": limits[0], "maximum": limits[1], "observed": observed, "outcome": outcome}

    def _numbers(self, gate: Json) -> tuple[float, ...] | None:
        if gate["metric"] not in {"primary", self.new.metric["kind"]}:
            stated = self.new.document["metrics"].get(gate["metric"])
            return (float(stated),) * 3 if gate["of"] == gate["statistic"] == "value" and fits(stated, float) else None
        if gate["of"] == "value":
            return (mean(self.new.final),) * 3 if gate["statistic"] == "value" else None
        return self.ratio if gate["of"] == "ratio" else self.difference

    def _guard(self, guard: Json) -> Json:
        name = guard["name"]
        record = next((each for each in self.new.guards if each["name"] == name), None)
        is_derived = name in {"metric_drift", "variance"}
        if record is None and not is_derived:
            if guard["required"]:
                self._cause("guard_missing", name, "the run left no measurement of it")
            return None
        evidence = record.get("evidence", {}) if record else {}
        seen = {key: each for key, each in evidence.items() if fits(each, SCALAR)} | self._derived(name, evidence)
        code, told = self._verdict(guard, record, seen)
        if code:
            self._cause(code, name, told)
        place = record.get("measurement_point") if record else None
        place = place if isinstance(place, dict) else {"tap": place or ""}
        return {
            "name": name, "source": "windows" if is_derived else "report", "tap": place["tap"] or "evaluation_windows" * is_derived,
            "matched": place.get("matched") or ["final"] * is_derived, "reported": record["verdict"] if record else None,
            "limits": guard["limits"], "observed": seen,
            "outcome": {"": "pass", "guard_failed": "fail"}.get(code, "insufficient_evidence"),
        }  # fmt: skip

    def _derived(self, name: str, evidence: Json) -> dict[str, Json]:
        def inner(key: str) -> dict[str, Json]:
            return evidence[key] if isinstance(evidence.get(key), dict) else {}

        if name == "metric_drift":
            return {"drift": abs(mean(self.new.final) - mean(self.new.preview)) if self.new.preview else None}
        if name == "variance":
            ours, theirs = (mean([(*row[:3], (row[3] - mean(each.final)) ** 2) for row in each.final]) for each in (self.new, self.old))
            return {"variance": ours, "baseline_variance": theirs, "ratio": ours / theirs if theirs else None if ours else 1.0}
        if name == "invariants":
            checks = inner("checks")
            broken = sorted(key for key, holds in checks.items() if holds is not True)
            return {"checked": len(checks), "broken": len(broken), "first_broken": broken[0] if broken else None}
        if name == "norm":
            norms = inner("norms").values()
            return {"norm": max(map(abs, norms)) if norms and all(fits(each, float) for each in norms) else None, "tensors": len(norms)}
        if name == "negative_control":
            worse = evidence["control"] - mean(self.new.final) if fits(evidence.get("control"), float) else None
            return {"effect": worse if worse is None or self.new.metric["direction"] == "lower" else -worse}
        return {}

    def _verdict(self, guard: Json, record: Json, seen: dict[str, Json]) -> tuple[str, str]:
        limits = ({"max_broken": 0, "min_checked": 1} if guard["name"] == "invariants" else {}) | guard["limits"]
        if record and record["verdict"] in {"fail", "skipped"}:
            return ("guard_failed", "the run reported that it failed") if record["verdict"] == "fail" else ("guard_undecided", "the run skipped it")
        if not limits and guard["name"] in {"metric_drift", "variance", "norm", "negative_control"}:
            return "guard_undecided", "the policy gives it no limit"
        answers = {name: self._keeps(seen, name, limit) for name, limit in limits.items()}
        for name, holds in answers.items():
            if holds is False:
                return "guard_failed", f"{name} is {limits[name]}, seen {seen.get(name, seen.get(name[4:]))}"
        unseen = [name for name, holds in answers.items() if holds is None]
        return ("guard_undecided", f"nothing was measured that `{unseen[0]}` speaks of") if unseen else ("", "")

    def _keeps(self, seen: dict[str, Json], name: str, limit: Json) -> bool | None:
        sort, _, key = name.partition("_")
        if sort not in {"max", "min"} or not key:
            return None if name not in seen else bool(seen[name] == limit and type(seen[name]) is type(limit))
        value = seen.get(key)
        if not fits(value, float) or not fits(limit, float):
            return None
        return bool(value <= limit if sort == "max" else value >= limit)

    def certificate(self, stated: Json, tier: str) -> dict[str, Json]:
        # Return the certificate that follows; who made it and when is taken from the one that is judged.
        new, old, policy, numbers, meta = self.new, self.old, self.policy, self.numbers, self.new.meta
        first = next((gate["statistic"] for gate in policy["gates"] if gate["metric"] in {"primary", new.metric["kind"]}), "none")
        guards = {guard["name"]: guard for guard in reversed(self.guards)}
        answers = {"metric_drift": "preview_final_drift_acceptable", "invariants": "invariants_pass", "variance": "variance_acceptable"}
        limitations = ["the reports are what the runs wrote; that they measured what they say rests on whoever signed"]
        limitations += [f"guard `{each['name']}`: its measurement is the run's own" for each in self.guards if each["source"] == "report"]
        limitations += [f"guard `{each['name']}` warned in the run" for each in new.guards if each["verdict"] == "warn"]
        limitations += ["the report does not say how many attempts came before"] * (meta.get("attempt") is None)
        limitations += ["the report does not say how windows were cut"] * (new.set["sequence_length"] == 1 and new.set["stride"] is None)
        thresholds = {key: policy[key] for key in ("gates", "guards", "minimum_windows", "maximum_width", "confidence")}
        paths, at = ("report.json", "../baseline/report.json"), stated["policy_provenance"]["resolved_at"]
        used = {arm: {"used": len(rows)} for arm, rows in new.arms.items()}
        return {
            "schema_version": "v1", "run_id": meta["run_id"], "producer": stated["producer"], "created_at": stated["created_at"],
            "meta": {"model": meta.get("model"), "device": meta.get("device"), "seeds": meta["seeds"]},
            "dataset": {
                "provider": new.set["provider"], "split": new.set["split"], "seq_len": new.set["sequence_length"],
                "stride": new.set["stride"], "windows": {
                    "preview": len(new.preview), "final": len(new.final), "seed": new.set["window_seed"], "schedule": self.schedule,
                    "stats": {"window_match_fraction": 1, "window_overlap_fraction": 0, "paired_windows": len(new.final), "coverage": used},
                },
            },
            "data": {key: new.set[key] for key in ("dataset_hash", "tokenizer_hash")},
            "primary_metric": {
                **{key: new.metric[key] for key in ("kind", "unit", "direction", "link")}, "ci_level": float(policy["confidence"]),
                "preview": mean(new.preview) if new.preview else None, "final": mean(new.final), "baseline_final": mean(old.final),
                "ratio_vs_baseline": self.ratio[0] if self.ratio else None, "difference_vs_baseline": self.difference[0],
                "display_ci": list(self.shown[1:]), "ci": list(self.difference[1:]), "reps": RESAMPLES, "gating_basis": first,
                "aggregation_scope": "final", "estimated": False,
            },
            "statistics": numbers,
            "validation": {
                "paired": True, "primary_metric_acceptable": bool(self.gates) and all(gate["outcome"] == "pass" for gate in self.gates),
                **{answers[name]: guard["outcome"] == "pass" for guard in self.guards if (name := guard["name"]) in answers},
            },
            "gates": self.gates, "guards": self.guards, "decision": self.decision, "reasons": self.causes, "limitations": limitations,
            "variance": {"tap": guards["variance"]["tap"], "targets": guards["variance"]["matched"]} if "variance" in guards else None,
            "attempt": meta.get("attempt"), "auto": {key: new.auto[key] for key in ("tier", "policy_digest")},
            "policy_digest": {
                "policy_version": "1", "tier_policy_name": tier, "thresholds_hash": sha256(canonical(thresholds)), "hysteresis": {},
                "min_effective": policy["minimum_windows"] or 0, "changed": new.auto["policy_digest"] != self.digest,
            },
            "resolved_policy": policy,
            "policy_provenance": {"tier": tier, "overrides": [], "policy_digest": self.digest, "resolved_at": at},
            "evidence": [
                {"role": role, "path": path, "sha256": sha256(each.data), "size": len(each.data)}
                for role, path, each in zip(("subject", "baseline"), paths, (new, old), strict=True)
            ],
            "baseline": {"report_path": paths[1], "run_id": old.meta["run_id"]},
            "artifacts": {"report_path": paths[0], "events_path": new.document.get("artifacts", {}).get("events_path", "events.jsonl")},
            "plugins": {"adapters": [], "edits": [new.document["edit"]["name"]], "guards": [guard["name"] for guard in new.guards]},
            "edit": {key: new.document["edit"][key] for key in ("name", "deltas")},
        }  # fmt: skip

# ------------------------------------------------ the steps

STEPS = (
    (("/dataset/windows", "/validation/paired"), "pairing_differs"), (("/statistics", "/primary_metric"), "statistics_differ"),
    (("/gates",), "gates_differ"), (("/guards", "/variance"), "guards_differ"), (("/attempt",), "attempts_differ"),
    (("/decision", "/reasons", "/validation"), "decision_differs"), (("",), "fields_differ"),
)  # fmt: skip
ORDER_OF_STEPS = ["pairing_differs", "statistics_differ", "gates_differ", "guards_differ", "attempts_differ fields_differ", "decision_differs"]

def leaves(stated: Json, expected: Json, at: str) -> Iterator[str]:  # Yield the pointers of what differs.
    if isinstance(stated, dict) and isinstance(expected, dict):
        for key in sorted(stated.keys() | expected.keys()):
            yield from leaves(stated.get(key, leaves), expected.get(key, leaves), f"{at}/{key}")
    elif isinstance(stated, list) and isinstance(expected, list):
        for place in range(max(len(stated), len(expected))):
            yield from leaves([*stated, leaves][min(place, len(stated))], [*expected, leaves][min(place, len(expected))], f"{at}/{place}")
    elif isinstance(stated, bool) is not isinstance(expected, bool) or stated != expected:
        yield at

def read(root: str, path: str, reason: str) -> bytes:  # Return the bytes of a regular file below a folder; no link is followed.
    parts = os.path.normpath(path).split(os.sep)
    place = os.path.join(root, *parts)
    if not os.path.lexists(place):
        raise Refused("evidence_missing", path)
    if any(os.path.islink(os.path.join(root, *parts[: count + 1])) for count in range(len(parts))) or not os.path.isfile(place):
        raise Refused(reason, f"{path} is no regular file")
    with open(place, "rb") as file:
        data = file.read(16_000_001)
    if len(data) > 16_000_000:
        raise Refused(reason, f"{path} is too large")
    return data

def whole_certificate(data: bytes) -> Json:  # Return a certificate that is whole by itself.
    stated = parsed(data, "malformed_certificate")
    demand(fits(stated, dict) and "schema_version" in stated, "malformed_certificate", "it is no certificate: it says no schema_version")
    version = stated.get("schema_version")
    demand(not isinstance(version, str) or version == "v1", "unknown_version")
    try:
        is_sound = fits(stated, CERTIFICATE) and (canonical(stated, "") + "\n").encode() == data
        own = sha256(canonical({key: stated[key] for key in stated if key != "digest"}))
    except ValueError:
        is_sound = False
    demand(is_sound, "malformed_certificate")
    for moment in (stated["created_at"], stated["policy_provenance"]["resolved_at"]):
        demand(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", moment), "malformed_certificate")
    demand(own == stated["digest"], "altered_certificate")
    return stated

def verify(path: str, contract: Json, tier: str, trust: Json, *, needs_signature: bool) -> tuple[str, str]:
    # Return why a certificate is not accepted (nothing for an intact pass), and what was found.
    folder, name = os.path.split(os.path.abspath(path))
    root, base = os.path.split(folder)
    data = read(folder, name, "cannot_start")
    stated = whole_certificate(data)
    demand([each["role"] for each in stated["evidence"]] == ["subject", "baseline"], "wrong_references")
    for each in stated["evidence"]:
        inner = each["path"].removeprefix("../")
        is_plain = inner and not (inner.startswith("/") or "\\" in inner or "\0" in inner or ".." in inner.split("/"))
        demand(is_plain and os.path.normpath(inner) == inner, "escaping_path", each["path"])
    contents = []
    for each in stated["evidence"]:
        contents.append(read(root, os.path.normpath(os.path.join(base, each["path"])), "report_unreadable"))
        demand((sha256(contents[-1]), len(contents[-1])) == (each["sha256"], each["size"]), "digest_differs", each["path"])
    beside = os.listdir(folder)
    demand(set(beside) <= BELONGS | {name} and not any(os.path.isdir(os.path.join(folder, each)) for each in beside), "extra_file")
    demand(contents[0] != contents[1], "self_comparison")
    signature, told = "not_authenticated", "no signature"
    if os.path.lexists(os.path.join(folder, "attestation.dsse.json")):
        signature = "" if trust else "signature_not_checked"
        told = authenticate(data, stated, read(root, f"{base}/attestation.dsse.json", "malformed_envelope"), trust) if trust else "a signature"
    new, old = Report(contents[0]), Report(contents[1])
    refuse_unpaired(new, old)
    policy = policy_of(contract, tier := tier or stated["policy_provenance"]["tier"])
    named, judged = stated["policy_provenance"], sha256(canonical(policy))
    demand((named["tier"], named["policy_digest"]) == (tier, judged) and filled(stated["resolved_policy"]) == policy, "policy_differs", judged)
    judgement = Judgement(new, old, policy, tier)
    differing: dict[str, str] = {}
    for at in leaves({**stated, "digest": 0}, {**judgement.certificate(stated, tier), "digest": 0}, ""):
        prefixes = ((prefix, reason) for prefixes, reason in STEPS for prefix in prefixes)
        differing.setdefault(next(reason for prefix, reason in prefixes if at == prefix or at.startswith(prefix + "/")), at)
    for reason in (each for group in ORDER_OF_STEPS for each in group.split()):
        demand(reason not in differing, reason, differing.get(reason, ""))
    found = [(cause["code"], f"{cause['subject']}: {cause['message']}") for cause in judgement.causes]
    if signature and (needs_signature or policy["signature"] == "required"):
        signature = "signature_missing"
    if signature != "not_authenticated" or policy["signature"] != "waived":
        found.append((signature, told))
    return max(found or [("", told)], key=lambda each: exit_code(each[0]))

def filled(policy: Json) -> Json:  # Return an embedded policy with the keys of its gates and guards said.
    gates = [{"of": "ratio", "max": None, "min": None, "statistic": "value", **gate} for gate in policy["gates"]]
    return {**policy, "gates": gates, "guards": [{"required": True, "limits": {}, **guard} for guard in policy["guards"]]}

def exit_code(reason: str) -> int:  # Return what a reason weighs.
    return 0 if not reason else 1 if reason in WARNINGS else 2 if reason in INCOMPLETE else 3

def certificates_at(path: str) -> list[str]:
    # Return the certificates that a path means: itself, the one in it, or those in the folders below it.
    if os.path.isfile(path):
        return [path]
    own = os.path.join(path, "evaluation.cert.json")
    if os.path.lexists(own) or not os.path.isdir(path):
        return [own]
    below = [os.path.join(path, name, "evaluation.cert.json") for name in sorted(os.listdir(path))]
    return [place for place in below if os.path.lexists(place)]

def main(arguments: list[str]) -> int:  # Verify what the command line names.
    parser = argparse.ArgumentParser(description="Verify runpact certificates: what does not follow from the evidence is refused.")
    parser.add_argument("path", nargs="+", help="certificate, its folder, or a folder of such folders")
    parser.add_argument("--policy", metavar="FILE[#TIER]", required=True, help="contract in JSON with the policies; yours, not theirs")
    parser.add_argument("--trust", metavar="FILE", help="whom you trust")
    parser.add_argument("--require-signature", action="store_true", help="refuse what nobody whom you trust signed")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each certificate")
    parser.error = lambda message: parser.exit(64, f"{parser.prog}: {message}; --help explains\n")  # type: ignore[method-assign] # as the tool
    chosen = parser.parse_args(arguments)
    place, _, tier = chosen.policy.partition("#")
    worst = 0
    try:
        told = "a policy is read as JSON here; `runpact contract policies --output policy.json` writes it"
        demand(not place.endswith((".yaml", ".yml")), "cannot_start", told)
        contract = parsed(read(*os.path.split(os.path.abspath(place)), "cannot_start"), "cannot_start")
        trust = trusted(read(*os.path.split(os.path.abspath(chosen.trust)), "cannot_start")) if chosen.trust else None
        if gone := [path for path in chosen.path if not os.path.lexists(path)]:
            return say(gone[0], "no_certificate", "nothing stands there", is_json=chosen.json)
        paths = [each for path in chosen.path for each in certificates_at(path)]
        demand(paths, "no_certificate")
    except Refused as error:
        return say(chosen.policy, error.args[0], error.args[-1], is_json=chosen.json)
    for path in paths:
        try:
            reason, told = verify(path, contract, tier, trust, needs_signature=chosen.require_signature)
        except Refused as error:
            reason, told = error.args[0], error.args[-1]
        worst = max(worst, say(path, reason, told, is_json=chosen.json))
    return worst

def say(path: str, reason: str, told: str, *, is_json: bool) -> int:  # Print one verdict and return its exit code.
    code = exit_code(reason)
    verdict = ("OK", "WARNING", "INCOMPLETE", "ERROR")[code]
    if is_json:
        sys.stdout.write(json.dumps({"path": path, "verdict": verdict, "reason": reason, "told": told}) + "\n")
    else:
        text = f"{verdict} {path}{': ' * bool(reason)}{reason} {f'({told})' if told else ''}"
        sys.stdout.write("".join(each if each.isprintable() else "?" for each in text) + "\n")
    return code

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
