#!/usr/bin/python3
"""A whole window of a convolution in every clock: the solver chooses it where a column is too slow, a folding file asks for it, the Verilog
shows the rate of one pixel per clock, and what cannot be is refused by name."""
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import answer as lutfisk

try:
    import numpy as np
    from onnx_nets import Net as QonnxNet
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

rng = np.random.default_rng(11)


class Net(QonnxNet):
    def conv(self, name, x, outs, ins, kernel, **attr):
        w = self.const(rng.integers(-3, 4, (outs, ins, *kernel)))
        y = self.node("Conv", x, self.quant(w, 1.0, 3, name=name + "_w"), name=name, kernel_shape=kernel, **attr)
        return self.quant(y, 4.0, 3, name=name + "_q")

    def save(self, path, shape, y, out):
        super().save(path, ("x", shape), (y, out))
        np.save("x.npy", rng.integers(-4, 4, (3, *shape[1:])).astype(np.float32))


def picture(path):
    """8 x 8 pixels: padded, depthwise with dilation, strides of 2."""
    n = Net()
    x = n.conv("first", n.quant("x", 1.0, 3, name="in"), 2, 1, [3, 3], pads=[1] * 4)
    x = n.conv("depth", x, 2, 1, [3, 3], pads=[2] * 4, dilations=[2, 2], group=2)
    n.save(path, [1, 1, 8, 8], n.conv("half", x, 3, 2, [3, 3], pads=[1] * 4, strides=[2, 2]), [1, 3, 4, 4])


def simulated(ii):
    if not shutil.which("iverilog"):
        print("not simulated: no iverilog")
        return
    r = lutfisk("verify", "hw", "-i", "x.npy", "--sim", "iverilog")
    print("II", r["ii_cycles"], "latency", r["latency_cycles"])
    assert r["samples"] == 3 and r["mismatches"] == 0
    assert r["ii_cycles"] == r["predicted_ii_cycles"] <= ii and r["latency_cycles"] == r["predicted_latency_cycles"], r
    r = lutfisk("verify", "hw", "-i", "x.npy", "--sim", "iverilog", "--stall", "0.4")
    assert r["mismatches"] == 0


def chosen_for_the_target():
    picture("net.onnx")
    lutfisk("build", "net.onnx", "-o", "hw", "--ii", "96")
    folding = json.load(open("hw/folding.json"))
    parallel = {k: v for k, v in folding.items() if v.get("style") == "parallel"}
    assert parallel["first_window"]["SIMD"] == 9 and parallel["depth_window"]["SIMD"] == 18, folding
    assert folding["first_mvu"]["SIMD"] == 9
    simulated(96)
    lutfisk("build", "net.onnx", "-o", "again", "--folding", "hw/folding.json")
    assert json.load(open("again/folding.json")) == folding
    fastest = lutfisk("build", "net.onnx", "-o", "none", "--ii", "20", status=2)
    assert "the best that all layers reach is --ii 96" in fastest, fastest


def asked_for():
    picture("net.onnx")
    json.dump({"half_window": {"style": "parallel"}, "first_window": {"SIMD": 9}}, open("f.json", "w"))
    lutfisk("build", "net.onnx", "-o", "hw", "--ii", "2000", "--folding", "f.json")
    folding = json.load(open("hw/folding.json"))
    parallel = {k: v["SIMD"] for k, v in folding.items() if v.get("style") == "parallel"}
    assert parallel == {"half_window": 18, "first_window": 9}, folding
    assert "style" not in folding["depth_window"]
    simulated(2000)


def line():
    n = Net()
    x = n.conv("first", n.quant("x", 1.0, 3, name="in"), 2, 1, [5], pads=[2, 2])
    n.save("line.onnx", [1, 1, 24], n.conv("second", x, 2, 2, [3]), [1, 2, 22])
    lutfisk("build", "line.onnx", "-o", "hw", "--ii", "28")
    folding = json.load(open("hw/folding.json"))
    assert folding["first_window"]["style"] == folding["second_window"]["style"] == "parallel", folding
    simulated(28)


def refused():
    n = Net()
    n.save("groups.onnx", [1, 4, 6, 6], n.conv("grouped", n.quant("x", 1.0, 3, name="in"), 4, 2, [3, 3], group=2), [1, 4, 4, 4])
    picture("net.onnx")
    for model, fields, words in (
            ("groups.onnx", {"grouped_window": {"style": "parallel"}}, "style=parallel is for windows that give all channels"),
            ("net.onnx", {"half_window": {"style": "parallel", "SIMD": 2}}, "with style=parallel SIMD is 18"),
            ("net.onnx", {"half_window": {"style": "sideways"}}, "style=sideways is none of: auto serial parallel"),
            ("net.onnx", {"half_mvu": {"style": "parallel"}}, "mvu has no style"),
            ("net.onnx", {"depth_window": {"style": "parallel"}, "depth_vvu": {"PE": 1, "SIMD": 1}}, "depth_window gives whole windows (style=parallel), so PE must be all 2 channels")):
        json.dump(fields, open("f.json", "w"))
        text = lutfisk("build", model, "-o", "none", "--folding", "f.json", status=2)
        assert words in text, text
        print(text.strip().splitlines()[0])


with tempfile.TemporaryDirectory() as here:
    os.chdir(here)
    for test in chosen_for_the_target, asked_for, line, refused:
        test()
        print("ok", test.__name__)
