#!/usr/bin/python3
"""quantize on networks that have quantizers: narrow ones stay bit for bit, wide ones are replaced, --requantize chooses all anew. A
network of depthwise and pointwise convolutions with its channels last, in a small size; and the exports of others, where they are at hand:
quantized to 8 bits, built and simulated."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import answer as lutfisk

try:
    import numpy as np
    import onnx
    from onnx_nets import LAST, Net as QonnxNet
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

MODELS = os.path.abspath("../shared/models/onnx_examples")
rng = np.random.default_rng(3)


class Net(QonnxNet):
    def conv(self, x, outs, ins, group, bits):
        """Weights of `bits` bits whose real numbers lie between the codes."""
        size = 3 if group > 1 else 1
        w = self.quant(self.const(rng.uniform(-0.45, 0.45, (outs, size, size, ins))), 1 / 2 ** bits, bits, narrow=1)
        attr = dict(kernel_shape=[size, size], pads=[size // 2] * 4, strides=[1, 1], dilations=[1, 1], group=group)
        bias = [] if group > 1 else [self.quant(self.const(rng.uniform(-0.5, 0.5, outs)), 0.0625, 4)]
        return self.node("Conv", x, w, *bias, domain=LAST, **attr)


def separable(path, bits, side=8):
    n = Net()
    x = n.quant(n.conv(n.quant("x", 1 / 2 ** bits, bits), 3, 1, 3, bits), 1 / 2 ** bits, bits)
    x = n.node("LeakyRelu", n.quant(n.conv(x, 4, 3, 1, bits), 2 / 2 ** bits, bits), alpha=0.1015625)
    x = n.quant(n.conv(n.quant(x, 2 / 2 ** bits, bits), 4, 1, 4, bits), 2 / 2 ** bits, bits)
    y = n.conv(x, 4, 4, 1, bits)
    n.save(path, ("x", [1, side, side, 3]), (y, [1, side, side, 4]))
    np.save("x.npy", rng.uniform(-0.5, 0.5, (24, side, side, 3)).astype(np.float32))


def predict(model):
    lutfisk("predict", model, "-i", "x.npy", "-o", "y.npy")
    return np.load("y.npy")


def counts(r):
    return tuple(tuple(r[k][w] for w in ("kept", "replaced", "added", "removed")) for k in ("activation_quantizers", "weight_quantizers"))


def quantize(model, out, *args):
    r = lutfisk("quantize", model, "-o", out, "-i", "x.npy", "-n", "12", *args)
    print(model, *args, counts(r), "differ by", r["mean_difference"])
    return r


def built(model, rows="x.npy"):
    """Simulated, too, where there is a simulator."""
    lutfisk("build", model, "-o", "hw")
    if not shutil.which("iverilog"):
        print("not simulated: no iverilog")
        return
    np.save("few.npy", np.load(rows)[:2])
    r = lutfisk("verify", "hw", "-i", "few.npy", "--sim", "iverilog")
    assert r["samples"] == 2 and r["mismatches"] == 0


def narrow_ones_stay():
    separable("four.onnx", 4)
    before = predict("four.onnx")
    for out in ("kept.onnx", "kept.lf"):
        r = quantize("four.onnx", out, "--bits", "8")
        assert counts(r) == ((5, 0, 0, 0), (4, 0, 0, 0)) and r["max_difference"] == 0 and not r["requantized"]
        assert all(k["weight_bits"] == 4 and k["input_bits"] == 4 and k["weights_kept"] and k["input_kept"] for k in r["layers"])
        assert np.array_equal(predict(out), before)
    onnx.checker.check_model(onnx.load("kept.onnx"))
    built("kept.onnx")


def all_anew():
    r = quantize("four.onnx", "eight.onnx", "--bits", "8", "--requantize")
    assert counts(r) == ((0, 4, 0, 1), (0, 4, 0, 0)) and r["requantized"] and r["quantizers"] == 4
    assert all(k["weight_bits"] == 8 and k["input_bits"] == 8 for k in r["layers"])
    assert r["unquantized_difference_after"] < r["unquantized_difference_before"] / 4 and r["mean_difference"] > 0
    onnx.checker.check_model(onnx.load("eight.onnx"))
    built("eight.onnx")
    again = quantize("eight.onnx", "again.onnx", "--bits", "8")
    assert counts(again) == ((4, 0, 0, 0), (4, 0, 0, 0)) and again["max_difference"] == 0


def wide_ones_are_replaced():
    separable("ten.onnx", 10)
    r = quantize("ten.onnx", "ten8.onnx", "--bits", "8", "--weight-bits", "6")
    assert counts(r) == ((1, 4, 0, 0), (0, 4, 0, 0))  # the one before the activation is read by no layer
    assert 0 < r["mean_difference"] < 0.02 and r["unquantized_difference_before"] is None
    mixed = quantize("four.onnx", "mixed.onnx", "--bits", "3", "--first-last-bits", "8")
    assert counts(mixed) == ((3, 2, 0, 0), (2, 2, 0, 0)), counts(mixed)
    assert [k["weight_bits"] for k in mixed["layers"]] == [4, 3, 3, 4]


def refused():
    lutfisk("opt", "four.onnx", "-p", "channels-last, sink-pools, integerize", "-o", "integers.lf")
    assert "integer program already" in lutfisk("quantize", "integers.lf", "-o", "q.onnx", "-i", "x.npy", status=2)


def exports_of_others():
    for name, rows, shape in (("conv2d_small_keras", "0,1", (8, 8, 1)), ("three_layer_bn_keras", "-2,2", (16,))):
        path = os.path.join(MODELS, name + ".onnx")
        if not os.path.exists(path):
            print("not at hand:", name)
            continue
        r = lutfisk("quantize", path, "-o", "o.onnx", "--bits", "8", f"--random-data={rows}")
        assert counts(r) == ((0, 0, len(r["layers"]), 0), (0, 0, len(r["layers"]), 0))
        assert all(k["weight_bits"] == 8 and k["input_bits"] == 8 for k in r["layers"]) and r["mean_difference"] < 0.02
        lo, hi = map(float, rows.split(","))
        np.save("o.npy", rng.uniform(lo, hi, (2, *shape)).astype(np.float32))
        built("o.onnx", "o.npy")
        print(name, "quantized, built, simulated")


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    narrow_ones_stay()
    all_anew()
    wide_ones_are_replaced()
    refused()
    exports_of_others()
