"""Counts the floating-point operations of a traced graph, one operation at a time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

# An operation whose name begins with this and a number belongs to the layer of that number.
SCOPE = "recnotes_trace_"

# Operations that move, select, create or convert values and compute none.
_FREE = frozenset(
    """
    Placeholder Const Identity IdentityN ReadVariableOp VariableV2 VarHandleOp NoOp StopGradient
    PreventGradient EnsureShape Assert CheckNumerics Snapshot Cast Bitcast Reshape ExpandDims Squeeze
    Shape ShapeN Size Rank Transpose ConjugateTranspose Reverse ReverseV2 ReverseSequence ConcatV2
    Concat Pack Unpack Split SplitV Slice StridedSlice Tile BroadcastTo Fill ZerosLike OnesLike Range
    Pad PadV2 MirrorPad Gather GatherV2 GatherNd ResourceGather ResourceGatherNd ScatterNd
    TensorScatterUpdate DynamicPartition DynamicStitch ParallelDynamicStitch InvertPermutation Where
    Select SelectV2 OneHot Unique UniqueV2 SpaceToBatchND BatchToSpaceND SpaceToDepth DepthToSpace
    MatrixBandPart MatrixDiagV3 MatrixDiagPartV3 TensorListReserve TensorListFromTensor
    TensorListGetItem TensorListSetItem TensorListStack RandomUniform RandomStandardNormal
    StatelessRandomUniformV2 StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomNormal
    RngReadAndSkip TopKV2 Merge Switch Enter Exit NextIteration LoopCond _Arg _Retval
    """.split()
)
# Kernels that do several elementwise steps at once, as steps per element of the output.
_STEPS = {
    "Softmax": 5,  # largest, difference, exponential, sum, quotient
    "LogSoftmax": 5,
    "FusedBatchNormV3": 2,  # inference: one scale, one shift
    "Softplus": 2,
    "Elu": 2,
    "Selu": 2,
    "SquaredDifference": 2,
}
_REDUCTIONS = frozenset("Sum Prod Max Min Mean SegmentSum SegmentSumV2 UnsortedSegmentSum".split())
_CONVOLUTIONS = frozenset("Conv2D DepthwiseConv2dNative Conv3D".split())


def operations(graph: Any, owner: int, times: int | None) -> Iterator[tuple[int, tf.Operation, int | None]]:
    """Yield every operation with its owner and how often it runs, those of called functions included."""
    for operation in _needed(graph):
        match = re.match(rf"{SCOPE}(\d+)/", operation.name)
        mine = int(match[1]) if match else owner
        # Of the branches of a condition the first counts; both have outputs of one shape.
        functions = [
            operation.get_attr(name).name
            for name in ("f", "then_branch", "body")
            if name in operation.node_def.attr and operation.node_def.attr[name].HasField("func")
        ]
        repeat = times
        if operation.type in ("While", "StatelessWhile"):
            # tf.while_loop passes its maximum_iterations along, which Keras's recurrent layers set.
            steps = _static(operation.inputs[1])
            repeat = times * int(steps) if times is not None and steps is not None and steps >= 0 else None
        for name in functions:
            yield from operations(graph._get_function(name).graph, mine, repeat)
        if not functions:
            yield mine, operation, times


def _needed(graph: Any) -> list[tf.Operation]:
    """Return what the graph's outputs depend on: tracing leaves dead operations, which TensorFlow prunes."""
    waiting = [tensor.op for tensor in graph.outputs] + list(graph.control_outputs)
    found: dict[str, tf.Operation] = {}
    while waiting:
        operation = waiting.pop()
        if operation.name not in found:
            found[operation.name] = operation
            waiting += [tensor.op for tensor in operation.inputs] + list(operation.control_inputs)
    return list(found.values())


def _static(tensor: tf.Tensor) -> Any:
    """Return a tensor's value where the graph fixes it, also when it is one entry of a shape."""
    source = tensor.op
    if source.type in ("Max", "Identity") and not source.inputs[0].shape.rank:
        return _static(source.inputs[0])
    if source.type == "StridedSlice":
        shape, begin = (tf.get_static_value(t) for t in source.inputs[:2])
        if shape is not None and begin is not None and source.get_attr("shrink_axis_mask") == 1:
            return shape[int(begin[0])]
    return tf.get_static_value(tensor)


def flops_of(operation: tf.Operation) -> int | None:
    """Floating-point operations of one operation, ``None`` where a shape is not known."""
    kind = operation.type
    if kind in _FREE or not operation.outputs or not any(t.dtype.is_floating for t in operation.outputs):
        return 0
    shapes = [t.shape for t in operation.inputs if t.dtype != tf.resource]
    out = operation.outputs[0].shape
    if not all(shape.is_fully_defined() for shape in [*shapes, out]):
        return None
    sizes = [math.prod(shape) for shape in shapes]
    size = math.prod(out)
    if kind == "MatMul":
        inner = shapes[0][0] if operation.get_attr("transpose_a") else shapes[0][1]
        return 2 * size * inner
    if kind in ("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"):
        return 2 * size * shapes[0][-2 if operation.get_attr("adj_x") else -1]
    if kind == "Einsum":
        return _einsum(operation.get_attr("equation").decode(), shapes)
    if kind in _CONVOLUTIONS:
        kernel = shapes[1]
        # Every element of the output reads one window; a depthwise filter keeps its channels apart.
        window = math.prod(kernel[:2]) if kind.startswith("Depthwise") else math.prod(kernel[:-1])
        return 2 * size * window
    if kind in _REDUCTIONS:
        return sizes[0] - size + (size if kind == "Mean" else 0)
    if kind.startswith("SparseSegment"):
        return math.prod(shapes[0][1:]) * sizes[1]
    if kind in ("MaxPool", "AvgPool"):
        return size * math.prod(operation.get_attr("ksize"))
    if kind == "L2Loss":
        return 2 * sizes[0]
    if kind == "AddN":
        return size * (len(shapes) - 1)
    return size * _STEPS.get(kind, 1)


def _einsum(equation: str, shapes: list[tf.TensorShape]) -> int:
    """Count the multiply-adds over all labels of an einsum; an ellipsis stands for leading axes."""
    left, right = equation.split("->")
    labels: dict[str, int] = {}
    for term, shape in zip(left.split(","), shapes, strict=True):
        named = len(term.replace("...", ""))
        extra = "".join(chr(0x100 + i) for i in range(len(shape) - named))[::-1]
        for label, size in zip(term.replace("...", extra), shape, strict=True):
            labels[label] = max(size, labels.get(label, 1))
    total = math.prod(labels.values())
    kept = set(right) | {label for label in labels if ord(label) >= 0x100}
    contracts = set(labels) - kept
    if len(shapes) == 1:
        return total - math.prod(labels[label] for label in kept if label in labels)
    return 2 * total if contracts else total
