"""The trained network as ONNX, and the same with weights of eight bits.

The graph takes whole scenes, float32[N, 1, H, W]: SpaceToDepth turns each cell into 16 channels, 25 shifted
slices put a cell's neighbours beside it, and what then remains are three matrix products. Dynamic
quantisation turns those into products of integers.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from share.detector import CELL, MARGIN, WINDOW

from train.network import CONTRAST, LEVEL, Parameters

BLOCKS = WINDOW // CELL
END = np.iinfo(np.int64).max


def export(parameters: Parameters, path: Path, *, opset: int) -> None:
    """Write the network as ONNX."""
    model = build(parameters, opset=opset)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def quantise(path: Path, to: Path) -> None:
    """Write the model with weights of eight bits; activations are quantised as they come."""
    logging.disable(logging.WARNING)  # it recommends a step that this graph does not need
    try:
        quantize_dynamic(
            path, to, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"]
        )
    finally:
        logging.disable(logging.NOTSET)


def operators(path: Path) -> dict[str, int]:
    """Return how often each operator stands in a model."""
    graph = onnx.load(path).graph
    names = [node.op_type for node in graph.node]
    return {name: names.count(name) for name in sorted(set(names))}


def build(parameters: Parameters, *, opset: int) -> onnx.ModelProto:
    """Return the graph."""
    constants = {
        name: numpy_helper.from_array(np.ascontiguousarray(value), name)
        for name, value in _tensors(parameters).items()
    }
    classes = parameters["b2"].shape[0] - 4
    outputs = [
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", "cells", classes]),
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", "cells", 4]),
    ]
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 1, "H", "W"])]
    graph = helper.make_graph(
        [*_gather(), *_layers()], "digits", inputs, outputs, initializer=list(constants.values())
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="vision")
    model.ir_version = 8
    return model


def _tensors(parameters: Parameters) -> dict[str, np.ndarray]:
    """Return the graph's constants.

    The first weights stand in the order in which the slices come, and hold what is done to the pixels.
    """
    stretched = parameters["w0"] * CONTRAST
    moved = parameters["b0"] - LEVEL * stretched.sum(axis=0)
    rows = stretched.reshape(BLOCKS, CELL, BLOCKS, CELL, -1).transpose(0, 2, 1, 3, 4)
    numbers = {"pads": [0, 0, MARGIN, MARGIN, 0, 0, MARGIN, MARGIN], "cells": [0, -1, WINDOW**2]}
    tensors = {name: np.array(value, dtype=np.int64) for name, value in numbers.items()}
    for block in range(BLOCKS):
        tensors[f"from{block}"] = np.array([block], dtype=np.int64)
        tensors[f"until{block}"] = np.array([block - BLOCKS + 1 or END], dtype=np.int64)
    tensors |= {"row": np.array([2], dtype=np.int64), "column": np.array([3], dtype=np.int64)}
    tensors |= {"split": np.array([parameters["b2"].shape[0] - 4, 4], dtype=np.int64)}
    return tensors | parameters | {"w0": rows.reshape(WINDOW**2, -1), "b0": moved}


def _gather() -> list[onnx.NodeProto]:
    """Return the nodes that put what each cell sees into one row."""
    nodes = [
        helper.make_node("Pad", ["images", "pads"], ["framed"], mode="constant"),
        helper.make_node("SpaceToDepth", ["framed"], ["deep"], blocksize=CELL),
    ]
    parts = []
    for row in range(BLOCKS):
        nodes.append(helper.make_node("Slice", ["deep", f"from{row}", f"until{row}", "row"], [f"rows{row}"]))
        for column in range(BLOCKS):
            parts.append(f"part{row}{column}")
            bounds = [f"rows{row}", f"from{column}", f"until{column}", "column"]
            nodes.append(helper.make_node("Slice", bounds, [parts[-1]]))
    return [
        *nodes,
        helper.make_node("Concat", parts, ["beside"], axis=1),
        helper.make_node("Transpose", ["beside"], ["last"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["last", "cells"], ["rows"]),
    ]


def _layers() -> list[onnx.NodeProto]:
    nodes, name = [], "rows"
    for number in range(3):
        nodes.append(helper.make_node("MatMul", [name, f"w{number}"], [f"product{number}"]))
        nodes.append(helper.make_node("Add", [f"product{number}", f"b{number}"], [f"sum{number}"]))
        name = f"sum{number}"
        if number < 2:
            nodes.append(helper.make_node("Relu", [name], [f"active{number}"]))
            name = f"active{number}"
    return [
        *nodes,
        helper.make_node("Split", [name, "split"], ["raw", "boxes"], axis=2),
        helper.make_node("Softmax", ["raw"], ["scores"], axis=2),
    ]
