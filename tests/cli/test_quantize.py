#!/usr/bin/python3
"""quantize: a float network trained here loses little at 8, 6 and 4 bits; networks with every kind of join become circuits; what
bias correction is for; real exports of others, where they are at hand."""
import gzip
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import answer as lutfisk

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

MODELS = os.path.abspath("../shared/models/onnx_examples")
rng = np.random.default_rng(1)


def save(path, nodes, consts, x, y):
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)], [helper.make_tensor_value_info("y", TensorProto.FLOAT, y)],
                              [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in consts.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)


# -- a trained network ------------------------------------------------------------------------------------------------------------


def idx(path):
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
    dims = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(dims)


def digits(part, count, seed):
    lutfisk("data", "--generate", "digits", "--count", str(count), "--seed", str(seed), "-o", part)
    found = sorted(os.path.join(part, f) for f in os.listdir(part))
    images, labels = [next(f for f in found if word in f) for word in ("images", "labels")]
    return idx(images).reshape(count, -1).astype(np.float32) / 255, idx(labels)


def train(x, y, hidden, epochs):
    """A dense network of one hidden layer, by gradient descent with momentum."""
    p = [rng.normal(0, (2 / 784) ** 0.5, (784, hidden)), np.zeros(hidden), rng.normal(0, (2 / hidden) ** 0.5, (hidden, 10)), np.zeros(10)]
    p = [v.astype(np.float32) for v in p]
    speed = [np.zeros_like(v) for v in p]
    for _ in range(epochs):
        for rows in rng.permutation(len(x)).reshape(-1, 50):
            h = np.maximum(x[rows] @ p[0] + p[1], 0)
            e = np.exp(h @ p[2] + p[3])
            e /= e.sum(1, keepdims=True)
            e[np.arange(50), y[rows]] -= 1
            back = (e @ p[2].T) * (h > 0)
            for k, slope in enumerate([x[rows].T @ back, back.sum(0), h.T @ e, e.sum(0)]):
                speed[k] = 0.9 * speed[k] - 0.1 / 50 * slope
                p[k] += speed[k]
    return p


def trained():
    x, y = digits("train", 6000, 11)
    p = train(x, y, 32, 6)
    save("float.onnx", [helper.make_node("MatMul", ["x", "w"], ["a"], name="fc0"), helper.make_node("Add", ["a", "b"], ["c"]), helper.make_node("Relu", ["c"], ["h"]),
                        helper.make_node("MatMul", ["h", "v"], ["d"], name="fc1"), helper.make_node("Add", ["d", "e"], ["y"])],
         dict(w=p[0], b=p[1], v=p[2], e=p[3]), ["N", 784], ["N", 10])
    x, y = digits("test", 1500, 12)
    np.save("x.npy", x)
    np.save("y.npy", y)
    right = (np.argmax(np.maximum(x @ p[0] + p[1], 0) @ p[2] + p[3], 1) == y)[500:].mean()
    for bits, loss in ((8, 0.005), (6, 0.015), (4, 0.05)):
        r = lutfisk("quantize", "float.onnx", "-o", f"q{bits}.onnx", "--bits", str(bits), "-i", "x.npy", "-y", "y.npy", "-n", "500")
        print(f"{bits} bits: {r['accuracy_before']:.3f} -> {r['accuracy_after']:.3f}, as numpy says {right:.3f}; same class {r['argmax_agreement']:.3f}")
        assert r["samples"] == 1000 and abs(r["accuracy_before"] - right) < 0.0021 and right > 0.85
        assert r["accuracy_after"] > right - loss and not r["random_data"]
        assert [(k["weight_bits"], k["input_bits"], k["input_signed"]) for k in r["layers"]] == [(bits, bits, False)] * 2
        e = lutfisk("eval", f"q{bits}.onnx", "-i", "x.npy", "-y", "y.npy")
        assert e["accuracy"] > right - loss - 0.02 and e["engine"] == "fast"
    lutfisk("build", "q4.onnx", "-o", "hw4")
    r = lutfisk("quantize", "float.onnx", "-o", "q2.lf", "--bits", "2", "--first-last-bits", "8", "-i", "x.npy", "-y", "y.npy", "-n", "500")
    assert [k["weight_bits"] for k in r["layers"]] == [8, 8] and r["accuracy_after"] > right - 0.005


# -- every kind of join ----------------------------------------------------------------------------------------------------------------


class Net:
    def __init__(self):
        self.nodes, self.consts, self.count = [], {}, 0

    def name(self):
        self.count += 1
        return f"t{self.count}"

    def const(self, v):
        name = self.name()
        self.consts[name] = v
        return name

    def node(self, op, *ins, **attr):
        out = self.name()
        self.nodes.append(helper.make_node(op, list(ins), [out], name=f"{op}_{out}", **attr))
        return out

    def conv(self, x, ins, outs, size=3, stride=1, group=1, relu=True):
        w = rng.normal(size=(outs, ins // group, size, size)) * (2 / (ins // group * size * size)) ** 0.5
        x = self.node("Conv", x, self.const(w), pads=[size // 2] * 4, strides=[stride] * 2, kernel_shape=[size, size], group=group)
        norm = [rng.uniform(0.5, 1.5, outs), rng.normal(size=outs) * 0.1, rng.normal(size=outs) * 0.1, rng.uniform(0.5, 1.5, outs)]
        x = self.node("BatchNormalization", x, *[self.const(v) for v in norm])
        return self.node("Relu", x) if relu else x


def joins():
    n = Net()
    x = n.node("MaxPool", n.conv("x", 3, 8), kernel_shape=[2, 2], strides=[2, 2])
    x = n.node("Relu", n.node("Add", x, n.conv(x, 8, 8, relu=False)))
    x = n.node("Relu", n.node("Add", n.conv(x, 8, 16, stride=2, relu=False), n.conv(x, 8, 16, 1, 2, relu=False)))
    x = n.conv(n.conv(x, 16, 16, group=16), 16, 16, 1)
    x = n.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = n.conv(n.node("Concat", n.conv(x, 16, 8, 1), n.conv(x, 16, 8), axis=1), 16, 16)
    x = n.node("Flatten", n.node("GlobalAveragePool", x))
    x = n.node("Gemm", x, n.const(rng.normal(size=(16, 10)) * 0.5), n.const(rng.normal(size=10) * 0.1))
    n.nodes.append(helper.make_node("Softmax", [x], ["y"], axis=1))
    save("joins.onnx", n.nodes, n.consts, ["N", 3, 16, 16], ["N", 10])
    for bits in (8, 5):
        r = lutfisk("quantize", "joins.onnx", "-o", "joins_q.onnx", "--bits", str(bits), "--random-data=-1,1", "-n", "100")
        assert r["folded_batch_norms"] == 9 and r["random_data"] and r["accuracy_after"] is None
        assert r["mean_difference"] < (0.004 if bits == 8 else 0.03), r["mean_difference"]
        onnx.checker.check_model(onnx.load("joins_q.onnx"))
        report = lutfisk("build", "joins_q.onnx", "-o", "joins_hw", "--ii", "20000")
        print(f"joins at {bits} bits: {r['argmax_agreement']:.3f} the same class, II {report['network']['ii_cycles']}")
        ops = {layer["op"] for layer in report["layers"]}
        assert {"vvu", "mvu", "sum_join", "concat_join", "global_pool", "pool"} <= ops


def activations():
    """Every one is written as ONNX's own and becomes thresholds between two products."""
    for op, attr in (("LeakyRelu", dict(alpha=0.2)), ("Elu", {}), ("Selu", {}), ("Sigmoid", {}), ("Tanh", {}), ("HardSigmoid", dict(alpha=0.3)), ("Softplus", {}), ("Softsign", {}),
                     ("Abs", {}), ("Neg", {}), ("Erf", {}), ("Exp", {}), ("PRelu", None)):
        n = Net()
        x = n.node("MatMul", "x", n.const(rng.normal(size=(6, 5)) * 0.5))
        x = n.node(op, x, n.const([0.3, 0.1, 0.2, 0, 1.5])) if attr is None else n.node(op, x, **attr)
        n.nodes.append(helper.make_node("MatMul", [x, n.const(rng.normal(size=(5, 3)))], ["y"]))
        save("act.onnx", n.nodes, n.consts, ["N", 6], ["N", 3])
        r = lutfisk("quantize", "act.onnx", "-o", "act_q.onnx", "--random-data=-1,1", "-n", "64")
        assert r["mean_difference"] < 0.05 * r["mean_magnitude"], (op, r["mean_difference"], r["mean_magnitude"])
        assert r["layers"][1]["input_signed"] == (op not in ("Sigmoid", "HardSigmoid", "Softplus", "Abs", "Exp")), op
        if op != "Abs":  # rises and falls: sums of 17 bits are too many for a table
            lutfisk("build", "act_q.onnx", "-o", "act_hw")
        print("activation", op)


def biases():
    """Two bits with nothing but positive inputs round every product's mean away; the correction puts it back."""
    w = rng.uniform(0, 1, (40, 6))
    save("mean.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": w}, ["N", 40], ["N", 6])
    x = (rng.uniform(0, 1, (400, 40)) ** 3).astype(np.float32)
    np.save("m.npy", x)
    lutfisk("quantize", "mean.onnx", "-o", "mean_q.onnx", "--bits", "2", "--method", "max", "-i", "m.npy", "-n", "200")
    lutfisk("predict", "mean_q.onnx", "-i", "m.npy", "-o", "o.npy")
    off = (np.load("o.npy") - x @ w)[:200].mean(0)
    assert np.abs(off).max() < 1e-4, off
    print("biases corrected to", np.abs(off).max())


def exports_of_others():
    for name, rows in (("conv2d_small_keras", "0,1"), ("three_layer_bn_keras", "-2,2")):
        path = os.path.join(MODELS, name + ".onnx")
        if not os.path.exists(path):
            print("not at hand:", name)
            continue
        r = lutfisk("quantize", path, "-o", "o.onnx", f"--random-data={rows}")
        assert r["mean_difference"] < 0.02 and r["argmax_agreement"] > 0.9
        print(name, lutfisk("build", "o.onnx", "-o", "others")["network"]["ii_cycles"], "cycles")


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    trained()
    joins()
    activations()
    biases()
    exports_of_others()
