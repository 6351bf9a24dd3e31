"""ONNX models, by what surrounds their weights.

Knows: the fields that say who made a model, for which operators, and what goes in and comes out.
Does not know: operators, weights; nothing is executed.

Source:
    https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from runpact.formats.headerbytes import DamagedHeaderError, HeaderBytes, read_header
from runpact.formats.protobuf import Field, Messages
from runpact.model.facts import FormatFault, HeaderFact, Json

_TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
}
_TEXTS = {2: "producer", 3: "producer_version", 4: "domain"}
_NUMBERS = {1: "ir_version", 5: "model_version"}
_GRAPH, _OPSET, _METADATA = 7, 8, 14


def inspect(stream: BinaryIO) -> HeaderFact | FormatFault:
    """Report opset, producer, inputs and outputs of a model."""
    return read_header(stream, "invalid-onnx", _model)


def _model(source: HeaderBytes) -> Json:
    messages = Messages(source)
    model: dict[str, Json] = {}
    opset: dict[str, Json] = {}
    metadata: dict[str, Json] = {}
    graph: Field | None = None
    for field in messages.fields(0, source.size):
        if field.number in _TEXTS and field.is_bytes:
            model[_TEXTS[field.number]] = messages.text(field)
        elif field.number in _NUMBERS:
            model[_NUMBERS[field.number]] = field.value
        elif field.number == _OPSET and field.is_bytes:
            domain, version = _pair(messages, field)
            opset[str(domain or "ai.onnx")] = version
        elif field.number == _METADATA and field.is_bytes:
            key, value = _pair(messages, field)
            metadata[str(key)] = value
        elif field.number == _GRAPH and field.is_bytes:
            graph = field
    if graph is None:
        raise DamagedHeaderError("it holds no graph")
    return {**model, "opset": opset, "metadata": metadata, **_graph(messages, graph)}


def _pair(messages: Messages, outer: Field) -> tuple[Json, Json]:
    """Return the first and the second field of a message, text or number."""
    found: dict[int, Json] = {1: "", 2: ""}
    for field in messages.fields(outer.start, outer.end):
        found[field.number] = messages.text(field) if field.is_bytes else field.value
    return found[1], found[2]


def _graph(messages: Messages, outer: Field) -> dict[str, Json]:
    """Return what a graph is called, what goes in and comes out; weights that are inputs too are none."""
    name, nodes = "", 0
    weights: set[str] = set()
    inputs: dict[str, Json] = {}
    outputs: dict[str, Json] = {}
    for field in messages.fields(outer.start, outer.end):
        if field.number == 1:
            nodes += 1
        elif field.number == 2 and field.is_bytes:  # noqa: PLR2004 - the field of the name
            name = messages.text(field)
        elif field.number == 5 and field.is_bytes:  # noqa: PLR2004 - the field of weights
            weights.add(_weight(messages, field))
        elif field.number in {11, 12} and field.is_bytes:
            key, value = _value(messages, field)
            (inputs if field.number == 11 else outputs)[key] = value  # noqa: PLR2004 - the field of inputs
    given = {key: value for key, value in inputs.items() if key not in weights}
    return {"graph": name, "nodes": nodes, "weights": len(weights), "inputs": given, "outputs": outputs}


def _weight(messages: Messages, outer: Field) -> str:
    fields = messages.fields(outer.start, outer.end)
    return next((messages.text(field) for field in fields if field.number == 8 and field.is_bytes), "")  # noqa: PLR2004 - the field of the name


def _value(messages: Messages, outer: Field) -> tuple[str, Json]:
    name, told = "", _Told()
    for field in messages.fields(outer.start, outer.end):
        if field.number == 1 and field.is_bytes:
            name = messages.text(field)
        elif field.number == 2 and field.is_bytes:  # noqa: PLR2004 - the field of the type
            _inside(messages, field, 1, told.tensor)
    return name, told.document()


def _inside(messages: Messages, outer: Field, number: int, read: Callable[[Messages, Field], None]) -> None:
    for field in messages.fields(outer.start, outer.end):
        if field.number == number and field.is_bytes:
            read(messages, field)


class _Told:
    """Type and shape of one input or output."""

    def __init__(self) -> None:
        self._dtype = "other"
        self._shape: list[Json] | None = None

    def document(self) -> Json:
        told: dict[str, Json] = {"dtype": self._dtype}
        return told if self._shape is None else told | {"shape": self._shape}

    def tensor(self, messages: Messages, outer: Field) -> None:
        for field in messages.fields(outer.start, outer.end):
            if field.number == 1 and not field.is_bytes:
                self._dtype = _TYPES.get(field.value, f"type {field.value}")
            elif field.number == 2 and field.is_bytes:  # noqa: PLR2004 - the field of the shape
                self._shape = []
                _inside(messages, field, 1, self._dimension)

    def _dimension(self, messages: Messages, outer: Field) -> None:
        size: Json = "*"
        for field in messages.fields(outer.start, outer.end):
            size = messages.text(field) if field.is_bytes else field.value
        if self._shape is not None:
            self._shape.append(size)
