#!/usr/bin/python3
"""Networks in QuantizeLinear / Clip / DequantizeLinear form with zero points, per tensor and per channel, against ONNX's definitions in NumPy:
both engines, and the graph must have become quantizers with integer products between them. Speaks TAP."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    print(f"1..0 # skipped: {missing}")
    sys.exit(77)

LUTFISK = os.environ.get("LUTFISK", "build/lutfisk")
NETWORKS, ROWS = 24, 64
F32 = np.float32


class Network:
    """Nodes and initializers on one side, a function of doubles on the other."""

    def __init__(self, rng):
        self.rng, self.nodes, self.init, self.steps, self.count = rng, [], [], [], 0

    def name(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    def constant(self, stem, value):
        name = self.name(stem)
        self.init.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def scale(self, channels):
        """Powers of two make ties; others do not."""
        s = self.rng.choice([0.25, 0.5, 0.0625, 0.037, 0.11], channels or ())
        return np.asarray(s, F32)

    def node(self, op, inputs, **attributes):
        out = self.name(op.lower())
        self.nodes.append(helper.make_node(op, inputs, [out], name=out, **attributes))
        return out

    def activation(self, x):
        """Quantize, perhaps clip to fewer bits, dequantize."""
        rng, kind = self.rng, self.rng.choice(["uint8", "int8"])
        low, high = (0, 255) if kind == "uint8" else (-128, 127)
        scale, zero = self.scale(0), int(rng.integers(low // 2, high // 2 + 1))
        clip = rng.random() < 0.6
        lo, hi = (max(low, zero - int(rng.integers(1, 8))), min(high, zero + int(rng.integers(1, 8)))) if clip else (low, high)
        s, z = self.constant("s", scale), self.constant("z", np.asarray(zero, kind))
        q = self.node("QuantizeLinear", [x, s, z])
        if clip:
            q = self.node("Clip", [q, self.constant("lo", np.asarray(lo, kind)), self.constant("hi", np.asarray(hi, kind))])
        step = np.float64(scale)
        self.steps.append(lambda v: (np.clip(np.rint(v / step) + zero, lo, hi) - zero) * step)
        return self.node("DequantizeLinear", [q, s, z])

    def product(self, x, rows, columns):
        """Weights, perhaps a bias, in integers; a scale (and a zero point) per column or one for all."""
        rng, per_channel = self.rng, self.rng.random() < 0.5
        scale = self.scale(columns if per_channel else 0)
        zero = rng.integers(-3, 4, scale.shape).astype(np.int8)
        codes = rng.integers(-8, 8, (rows, columns)).astype(np.int8)
        operands = [self.constant("w", codes), self.constant("ws", scale), self.constant("wz", zero)]
        weights = self.node("DequantizeLinear", operands, axis=1)
        real = (codes.astype(np.float64) - zero) * scale.astype(np.float64)
        self.steps.append(lambda v: v @ real)
        return self.node("MatMul", [x, weights])

    def relu(self, x):
        self.steps.append(lambda v: np.maximum(v, 0))
        return self.node("Relu", [x])

    def model(self, y, width):
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", width])
        out = helper.make_tensor_value_info(y, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "qcdq", [x], [out], self.init)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def random_network(seed):
    net = Network(np.random.default_rng(seed))
    widths = [int(w) for w in net.rng.integers(2, 9, 3)]
    y = net.product(net.activation("x"), widths[0], widths[1])
    if net.rng.random() < 0.5:
        y = net.relu(y)
    y = net.product(net.activation(y), widths[1], widths[2])
    return net, net.model(y, widths[0]), widths[0], y


def rows_of(seed, width):
    """Half of them on the quarter grid, where halves of the scales lie."""
    rng = np.random.default_rng(1000 + seed)
    rows = rng.normal(0, 3, (ROWS, width))
    rows[::2] = np.rint(rows[::2] * 8) / 8
    return rows.astype(F32)


def run(arguments):
    return subprocess.run([LUTFISK, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def one(seed, work):
    net, model, width, y = random_network(seed)
    rows = rows_of(seed, width)
    onnx.save(model, str(work / "m.onnx"))
    np.save(work / "x.npy", rows)
    want = rows.astype(np.float64)
    for step in net.steps:
        want = step(want)
    for engine in ("reference", "fast"):
        done = run(["predict", str(work / "m.onnx"), "-i", str(work / "x.npy"), "-o", str(work / "y.npy"), "--engine", engine])
        if done.returncode or f"({engine} engine)" not in done.stdout:
            return f"network {seed}, {engine}: {done.stdout[-600:]}"
        got = np.load(work / "y.npy")
        # integer sums are exact; only the scales multiply in another order
        if not np.allclose(got, want, rtol=3e-7, atol=1e-12):
            bad = np.argwhere(~np.isclose(got, want, rtol=3e-7, atol=1e-12))[0]
            return f"network {seed}, {engine}: {got[tuple(bad)]} instead of {want[tuple(bad)]} at {bad}"
    text = run(["opt", str(work / "m.onnx"), "-p", "fold-constants", "-o", str(work / "m.lf"), "--inline"])
    lines = (work / "m.lf").read_text(encoding="utf-8") if text.returncode == 0 else ""
    if lines.count("= quant_linear(") != 2 or " div(" in lines or " clip(" in lines or " sub(" in lines:
        return f"network {seed}: not two quantizers and two products:\n{text.stdout}{lines}"
    return None


# Activations between an integer product and the next quantizer: they must disappear in thresholds. What rises and falls on the sums that
# can occur cannot, and must say so.
ACTIVATIONS = [("LeakyRelu", {"alpha": 0.1}), ("LeakyRelu", {"alpha": -0.3}), ("HardSigmoid", {"alpha": 0.3}), ("HardSigmoid", {"alpha": -0.2}),
               ("ThresholdedRelu", {"alpha": 0.01}), ("Elu", {}), ("Selu", {}), ("Celu", {"alpha": 0.5}), ("Sigmoid", {}), ("Tanh", {}), ("Erf", {}),
               ("Softplus", {}), ("Softsign", {}), ("HardSwish", {}), ("Abs", {}), ("Neg", {}), ("Floor", {}), ("Round", {}), ("Exp", {})]


def with_activation(seed, op, attributes, work):
    """The same bits from the network of reals and from the integer program."""
    net = Network(np.random.default_rng(500 + seed))
    y = net.product(net.activation("x"), 6, 5)
    y = net.product(net.activation(net.node(op, [y], **attributes)), 5, 3)
    onnx.save(helper.make_model(net.model(y, 6).graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8), str(work / "m.onnx"))
    np.save(work / "x.npy", rows_of(seed, 6))
    got = {}
    for engine in ("reference", "fast"):
        done = run(["predict", str(work / "m.onnx"), "-i", str(work / "x.npy"), "-o", str(work / "y.npy"), "--engine", engine])
        bent = "rises and falls" in done.stdout and (op in ("HardSwish", "Abs") or attributes.get("alpha") == -0.3)
        if done.returncode or (f"({engine} engine)" not in done.stdout and not bent):
            return f"{op}, {engine}: {done.stdout[-600:]}"
        got[engine] = np.load(work / "y.npy")
    if len(np.unique(got["fast"])) < 2:
        return f"{op}: nothing is left of the rows"
    return None if (got["fast"] == got["reference"]).all() else f"{op}: the engines differ"


def main():
    with tempfile.TemporaryDirectory() as work:
        problems = [p for p in (one(seed, Path(work)) for seed in range(NETWORKS)) if p]
        lost = [p for p in (with_activation(i, op, a, Path(work)) for i, (op, a) in enumerate(ACTIVATIONS)) if p]
    print("1..2")
    for problem in problems[:4]:
        print("".join(f"# {line}\n" for line in problem.splitlines()), end="")
    print("not ok" if problems else "ok", f"1 - {NETWORKS} networks")
    for problem in lost[:4]:
        print("".join(f"# {line}\n" for line in problem.splitlines()), end="")
    print("not ok" if lost else "ok", f"2 - {len(ACTIVATIONS)} activations between products")
    return int(bool(problems or lost))


if __name__ == "__main__":
    sys.exit(main())
