#!/usr/bin/python3
"""Small convolutional networks with every kind of node that circuits have: from ONNX through both engines to simulated Verilog."""
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as e:
    print(f"1..0 # SKIP {e}")
    sys.exit(0)

LUTFISK = os.environ["LUTFISK"]


class Net:
    """A QONNX network while it grows: every call adds a node and returns the name of its output."""

    def __init__(self, name, seed, shape):
        self.name, self.shape, self.random = name, shape, np.random.default_rng(seed)
        self.nodes, self.constants, self.channels = [], {}, {"x": shape[1]}

    def const(self, value, dtype=np.float32):
        name = f"c{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(np.asarray(value, dtype), name)
        return name

    def node(self, op, inputs, channels=None, domain="", outputs=1, **attributes):
        names = [f"t{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, domain=domain, **attributes))
        for n in names:
            self.channels[n] = channels if channels is not None else self.channels[inputs[0]]
        return names[0] if outputs == 1 else names

    def quant(self, x, scale, bits, signed):
        return self.node("Quant", [x, self.const(scale), self.const(0.0), self.const(float(bits))], domain="qonnx.custom_op.general",
                         signed=signed, narrow=0, rounding_mode="ROUND")

    def conv(self, x, channels, kernel, pads=0, stride=1, group=1, bias=False):
        return self.window(x, channels, [kernel] * 2, pads=[pads] * 4, strides=[stride] * 2, group=group, bias=1024 if bias else 0)

    def window(self, x, channels, kernel, group=1, bias=0, **attributes):
        """A convolution with one kernel side per axis; bias: what a code of it is a part of, 0: none."""
        w = self.const(self.random.integers(-7, 8, (channels, self.channels[x] // group, *kernel)) / 16)
        b = [self.const(self.random.integers(-20, 20, channels) / bias)] if bias else []
        return self.node("Conv", [x, w] + b, channels, kernel_shape=kernel, group=group, **attributes)

    def dense(self, x, features, outputs):
        return self.node("MatMul", [self.node("Flatten", [x]), self.const(self.random.integers(-7, 8, (features, outputs)) / 8)], outputs)

    def save(self, path, y):
        last = self.nodes[-1].output
        assert last[0] == y
        self.nodes[-1].output[0] = "y"
        graph = helper.make_graph(self.nodes, self.name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], list(self.constants.values()))
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]), path)


def activations():
    """8-bit activations, a function that rises and falls, depthwise and grouped convolutions, a residual sum, pools."""
    n = Net("activations", 3, [1, 3, 5, 7])
    x = n.quant("x", 1 / 64, 8, 1)
    x = n.quant(n.node("Relu", [n.conv(x, 4, 3, 1, bias=True)]), 0.0071, 8, 0)
    x = n.quant(n.node("Tanh", [n.conv(x, 4, 3, 1, group=4, bias=True)]), 1 / 128, 8, 1)
    x = n.quant(n.conv(x, 4, 1, bias=True), 0.01, 6, 1)
    x = n.quant(n.node("Abs", [x]), 0.02, 5, 0)
    y = n.quant(n.conv(x, 4, 3, 1), 0.02, 5, 1)
    x = n.quant(n.node("Add", [y, x]), 0.04, 5, 1)
    x = n.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    x = n.quant(n.conv(x, 6, 3, 1, group=2, bias=True), 0.02, 6, 1)
    x = n.quant(n.node("GlobalAveragePool", [x]), 0.01, 8, 1)
    return n, n.dense(x, 6, 5), ["requantize", "vvu", "table", "fork", "sum_join", "pool", "global_pool"]


def moves():
    """Split, product, concat, pad, slice, resize, depth to space, a reduction over the pixels."""
    n = Net("moves", 5, [1, 3, 5, 5])
    x = n.quant(n.conv(n.quant("x", 1 / 8, 4, 1), 8, 3, 1), 0.25, 4, 0)
    left, right = n.node("Split", [x, n.const([4, 4], np.int64)], 4, outputs=2, axis=1)
    left = n.quant(n.conv(left, 4, 3, 1), 0.25, 4, 0)
    x = n.node("Concat", [n.quant(n.node("Mul", [left, right]), 0.25, 4, 0), left, right], 12, axis=1)
    x = n.node("Pad", [x, n.const([0, 0, 1, 0, 0, 0, 1, 2], np.int64)])
    x = n.node("Slice", [x, n.const([1, 0], np.int64), n.const([7, 7], np.int64), n.const([2, 3], np.int64), n.const([1, 2], np.int64)])
    x = n.node("Resize", [x, "", n.const([1, 1, 2, 2])], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    x = n.node("DepthToSpace", [x], 3, blocksize=2)
    x = n.quant(n.conv(x, 6, 3, 0, 2), 0.5, 4, 0)
    x = n.quant(n.node("ReduceMean", [x], axes=[2, 3], keepdims=1), 0.25, 6, 0)
    return n, n.dense(x, 6, 5), ["split_fork", "product_join", "concat_join", "frame", "upsample", "depth_to_space", "global_pool"]


def joins():
    """Sums of branches whose scales have no common grid, read by two quantizers, one behind a batch normalization with falling channels."""
    n = Net("joins", 7, [1, 3, 4, 5])
    x = n.quant(n.conv(n.quant("x", 1 / 8, 4, 1), 6, 3, 1), 0.13, 4, 0)
    total = n.node("Add", [x, n.quant(n.conv(x, 6, 3, 1), 0.071, 5, 1)])
    r = n.random
    norm = [n.const(v) for v in (r.normal(0, 1, 6), r.normal(0, 0.3, 6), r.normal(0, 0.3, 6), r.uniform(0.5, 2, 6))]
    left = n.quant(n.node("BatchNormalization", [total] + norm), 0.21, 4, 1)
    right = n.quant(n.node("Relu", [total]), 0.11, 5, 0)
    a, b = n.quant(n.conv(left, 4, 3, 1), 0.3, 4, 1), n.quant(n.conv(right, 4, 1), 0.17, 4, 1)
    x = n.quant(n.node("Sub", [a, b]), 0.5, 3, 1)
    return n, n.dense(x, 4 * 4 * 5, 5), ["sum_join", "fork", "threshold"]


def line():
    """One axis: dilation, uneven padding, groups; leaky, parametric, sigmoid and clipped activations; a padded mean, the largest of all."""
    n = Net("line", 11, [1, 4, 23])
    x = n.quant("x", 1 / 8, 5, 1)
    x = n.quant(n.node("LeakyRelu", [n.window(x, 6, [3], bias=256, pads=[2, 1], dilations=[2])], alpha=0.1), 0.1, 5, 1)
    slopes = n.const(n.random.normal(0, 0.5, (6, 1)))
    x = n.quant(n.node("PRelu", [n.window(x, 6, [4], group=2, bias=256, pads=[0, 3], strides=[2]), slopes]), 0.2, 5, 1)
    x = n.quant(n.node("Sigmoid", [n.window(x, 6, [3], group=6, bias=256, pads=[1, 1])]), 1 / 32, 5, 0)
    x = n.quant(n.node("AveragePool", [x], kernel_shape=[2], strides=[1], pads=[1, 0], count_include_pad=1), 1 / 32, 5, 0)
    x = n.quant(n.node("HardSigmoid", [n.window(x, 5, [1], bias=256)], alpha=0.3, beta=0.4), 1 / 16, 5, 0)
    x = n.quant(n.node("Clip", [n.window(x, 5, [3]), n.const(-1.0), n.const(1.0)]), 1 / 16, 6, 1)
    return n, n.dense(n.node("GlobalMaxPool", [x]), 5, 5), ["window", "vvu", "pool", "global_pool"]


def sides():
    """Kernel, padding, stride and dilation that differ by axis, three groups, a gate of its own input, a mean of windows."""
    n = Net("sides", 13, [1, 3, 9, 8])
    x = n.quant("x", 1 / 8, 4, 1)
    x = n.quant(n.node("Relu", [n.window(x, 6, [3, 2], pads=[2, 0, 1, 1], strides=[2, 1], dilations=[1, 2])]), 0.2, 4, 0)
    gate = n.quant(n.node("Sigmoid", [n.conv(x, 6, 3, 1, group=3)]), 1 / 16, 4, 0)
    x = n.quant(n.node("Mul", [x, gate]), 0.1, 5, 0)
    x = n.quant(n.node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2]), 0.1, 5, 0)
    x = n.quant(n.window(x, 4, [2, 2], pads=[0, 1, 1, 0]), 0.3, 4, 1)
    return n, n.dense(x, 4 * 2 * 3, 5), ["product_join", "fork", "pool"]


def unread():
    """A sum of two grids that is averaged before any quantizer: refused, naming both scales."""
    n = Net("unread", 9, [1, 2, 4, 4])
    x = n.quant("x", 1 / 8, 4, 1)
    total = n.node("Add", [n.quant(n.conv(x, 3, 3, 1), 0.25, 4, 0), n.quant(n.conv(x, 3, 1), 0.1875, 4, 1)])
    x = n.quant(n.node("GlobalAveragePool", [total]), 0.25, 6, 1)
    return n, n.dense(x, 3, 4), ["0.25 and 0.1875", "no common grid", "GlobalAveragePool_0", "power of two"]


def run(*command):
    return subprocess.run([LUTFISK, *command, "-q"], capture_output=True, text=True)


def check(make, folder):
    net, y, wanted = make()
    model, design = f"{folder}/{net.name}.onnx", f"{folder}/{net.name}"
    net.save(model, y)
    rows = (2 * np.random.default_rng(1).standard_normal([200] + net.shape[1:])).astype(np.float32)
    np.save(f"{folder}/x.npy", rows)
    answers = []
    for engine in ("reference", "fast"):
        r = run("predict", model, "-i", f"{folder}/x.npy", "-o", f"{folder}/{engine}.npy", "--engine", engine)
        if r.returncode:
            return r.stderr
        answers.append(np.load(f"{folder}/{engine}.npy"))
    if not np.array_equal(*answers):
        return "the engines differ"
    if len(np.unique(answers[0])) < 20:
        return "the answers hardly vary"
    r = run("build", model, "-o", design, "--ii", "2000")
    if r.returncode:
        return r.stderr
    text = open(f"{design}/model.lf").read()
    missing = [op for op in wanted if f" = {op}(" not in text]
    if missing:
        return f"no {missing[0]} in the circuit"
    np.save(f"{folder}/few.npy", rows[:2])
    r = run("verify", design, "-i", f"{folder}/few.npy", "--sim", "iverilog", "-o", f"{folder}/v.npy")
    if r.returncode:
        return r.stderr
    return "" if np.array_equal(np.load(f"{folder}/v.npy"), answers[0][:2]) else "the Verilog gives other values"


def check_refused(make, folder):
    net, y, words = make()
    net.save(f"{folder}/{net.name}.onnx", y)
    r = run("build", f"{folder}/{net.name}.onnx", "-o", f"{folder}/hw")
    missing = [w for w in words if w not in r.stderr]
    if r.returncode != 2 or missing or os.path.exists(f"{folder}/hw"):
        return f"status {r.returncode}, not said: {missing}\n{r.stderr}"
    return ""


def main():
    cases = [activations, moves, joins, line, sides, unread]
    if not shutil.which("iverilog"):
        print("1..0 # SKIP iverilog was not found")
        return
    print(f"1..{len(cases)}")
    for i, make in enumerate(cases, 1):
        with tempfile.TemporaryDirectory() as folder:
            why = (check_refused if make is unread else check)(make, folder)
        print(f"{'not ok' if why else 'ok'} {i} - {make.__name__}: {make.__doc__.splitlines()[0]}")
        if why:
            print("\n".join("# " + line for line in why.strip().splitlines()))


main()
