#!/usr/bin/python3
"""Flattens, reductions and scalings behind pictures, whose elements stand in another order inside: both engines and the build give the
model's values, or the build says what it cannot. TAP."""
import os
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import check, end, run

SHAPE = [1, 3, 5, 7]


class Net:
    """Every call adds a node and returns the name of its output."""

    def __init__(self):
        self.nodes, self.constants, self.random = [], [], np.random.default_rng(3)
        self.codes = self.quant("x")

    def const(self, value, dtype=np.float32):
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), f"c{len(self.constants)}"))
        return self.constants[-1].name

    def node(self, op, *inputs, domain="", outputs=1, **attributes):
        names = [f"{op}{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def quant(self, x, scale=0.25):
        return self.node("Quant", x, self.const(scale), self.const(0), self.const(4), domain="qonnx.custom_op.general", signed=1, narrow=0,
                         rounding_mode="ROUND")

    def matrix(self, x, rows, columns=3):
        return self.node("MatMul", x, self.const(self.random.integers(-4, 5, (rows, columns)) / 2))

    def picture(self, kernel=3):
        """[1, 4, 3, 5] codes from the input."""
        return self.quant(self.node("Conv", self.codes, self.const(self.random.integers(-4, 5, (4, 3, kernel, kernel)) / 2)))

    def save(self, path, outputs):
        graph = helper.make_graph(self.nodes, "orders", [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)],
                                  [helper.make_tensor_value_info(y, TensorProto.FLOAT, None) for y in outputs], self.constants)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]), path)


def flattened_output(n):
    return [n.node("Relu", n.node("Flatten", n.picture()))]


def two_heads(n):
    flat = n.node("Flatten", n.picture())
    return [n.matrix(flat, 60), n.matrix(n.quant(n.node("Neg", flat), 0.5), 60)]


def sum_of_flattens(n):
    return [n.matrix(n.quant(n.node("Add", n.node("Flatten", n.picture()), n.node("Flatten", n.picture()))), 60)]


def gated_flatten(n):
    gate = n.quant(n.matrix(n.node("Flatten", n.codes), 105, 60), 8)
    return [n.matrix(n.quant(n.node("Mul", n.node("Flatten", n.picture()), gate)), 60)]


def mean_without_axes(n):
    return [n.matrix(n.quant(n.node("ReduceMean", n.picture(), axes=[2, 3], keepdims=0), 0.125), 4)]


def scaled(n, nearest):
    return [n.node("Resize", n.picture(), "", n.const([1, 1, 2, 2]), mode="nearest", coordinate_transformation_mode="half_pixel",
                   nearest_mode=nearest)]


def part_unread(n):
    left, _ = n.node("Split", n.picture(), axis=1, outputs=2)
    return [n.quant(left, 0.5)]


def mean_of_the_inside(n):
    return [n.quant(n.node("AveragePool", n.picture(), kernel_shape=[3, 3], pads=[1, 1, 1, 1]))]


def scales_by_element(n):
    return [n.matrix(n.quant(n.node("Mul", n.node("Flatten", n.picture()), n.const(1 + n.random.integers(0, 4, 60)))), 60)]


def joined_without_layers(n):
    return [n.quant(n.node("Concat", n.codes, n.quant(n.node("Neg", n.codes), 0.5), axis=1), 0.5)]


def divided_without_layers(n):
    left, right = n.node("Split", n.node("Concat", n.codes, n.quant(n.node("Neg", n.codes)), axis=1), axis=1, outputs=2)
    return [n.quant(n.node("Add", left, right), 0.5)]


def mean_without_layers(n, keepdims):
    return [n.quant(n.node("ReduceMean", n.codes, axes=[2, 3], keepdims=keepdims), 0.125)]


CASES = [("a flatten at the output", flattened_output, ""),
         ("a flatten that two products read", two_heads, ""),
         ("a sum of two flattens", sum_of_flattens, "transpose has no hardware"),
         ("a flatten gated by another vector", gated_flatten, "transpose has no hardware"),
         ("a mean over rows and columns that drops them", mean_without_axes, ""),
         ("channels joined where no layer stands", joined_without_layers, ""),
         ("channels divided where no layer stands", divided_without_layers, ""),
         ("a mean where no layer stands", lambda n: mean_without_layers(n, 1), ""),
         ("a mean where no layer stands, without its axes", lambda n: mean_without_layers(n, 0), ""),
         ("scaling by 2, the nearest pixel", lambda n: scaled(n, "round_prefer_floor"), ""),
         ("scaling by 2, the pixel before", lambda n: scaled(n, "floor"), "whole factors"),
         ("scaling by 2, the pixel behind", lambda n: scaled(n, "ceil"), "whole factors"),
         ("a part that nobody reads", part_unread, "goes nowhere"),
         ("a mean of what padding leaves", mean_of_the_inside, "no integer form"),
         ("a scale for every element of a flatten", scales_by_element, "transpose has no hardware")]


def predict(model, outputs, *more):
    files = [f"{y}.npy" for y in outputs]
    status, _, text = run("predict", model, "-i", "x.npy", *[word for y, f in zip(outputs, files) for word in ("-o", f"{y}={f}")], *more, "-q")
    return [np.load(f) for f in files] if status == 0 else text


def differs(a, b):
    return "" if isinstance(a, list) and isinstance(b, list) and all(map(np.array_equal, a, b)) else f"{a}\n{b}"


def study(name, make, refused):
    net = Net()
    outputs = make(net)
    net.save("net.onnx", outputs)
    truth = predict("net.onnx", outputs, "--engine", "reference")
    why = differs(truth, predict("net.onnx", outputs, "--engine", "fast"))
    check(f"{name}: the engines agree", not why, why)
    status, _, text = run("build", "net.onnx", "-o", "hw", "-q")
    if refused:
        check(f"{name}: refused, saying why", status == 2 and refused in text, text)
    else:
        why = text if status else differs(truth, predict("hw", outputs))
        check(f"{name}: the circuit's integers are the model's", not why, why)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        np.save("x.npy", np.random.default_rng(1).normal(0, 1, [40] + SHAPE[1:]).astype(np.float32))
        for case in CASES:
            study(*case)
        os.chdir("/")
    return end()


sys.exit(main())
