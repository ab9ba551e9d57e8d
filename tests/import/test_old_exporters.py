#!/usr/bin/python3
"""What exporters write that ONNX says otherwise now, held against the same network in today's words: every output bit."""
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

LUTFISK = os.path.abspath(os.environ.get("LUTFISK", "build/lutfisk"))
LAST = "qonnx.custom_op.channels_last"
rng = np.random.default_rng(1)


def save(path, nodes, consts, x, opset):
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                              [numpy_helper.from_array(v.astype(np.float32), k) for k, v in consts.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(LAST, 1)]), path)


def predict(path, x):
    subprocess.run([LUTFISK, "predict", path, "-i", "x.npy", "-o", "y.npy", "--engine", "reference", "-q"], check=True, stdout=subprocess.DEVNULL)
    return np.load("y.npy")


def same(old, new, x):
    np.save("x.npy", x)
    a, b = predict(old, x), predict(new, x)
    assert a.shape == b.shape and (a == b).all(), f"{old}: {np.abs(a - b).max()}"
    assert np.abs(a).max() > 0
    print("ok", old)


def channels_last(group):
    """QONNX's Conv of pictures [N, H, W, C] has weights [OC, kh, kw, C / group]."""
    w, b = rng.normal(size=(6, 4 // group, 3, 2)), rng.normal(size=6)
    attr = dict(group=group, kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[2, 1], dilations=[1, 1])
    save("last.onnx", [helper.make_node("Conv", ["x", "w", "b"], ["y"], domain=LAST, **attr)], {"w": w.transpose(0, 2, 3, 1), "b": b}, [1, 5, 7, 4], 13)
    save("first.onnx", [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]), helper.make_node("Conv", ["t", "w", "b"], ["u"], **attr),
                        helper.make_node("Transpose", ["u"], ["y"], perm=[0, 2, 3, 1])], {"w": w, "b": b}, [1, 5, 7, 4], 13)
    same("last.onnx", "first.onnx", rng.normal(size=(3, 5, 7, 4)).astype(np.float32))


def batch_last():
    """Version 7: a dense layer's normalization between two transposes, its input [C, 1]."""
    consts = {k: rng.normal(size=s) for k, s in (("w", (3, 5)), ("c", 5), ("g", 5), ("b", 5), ("m", 5))}
    consts["v"] = rng.uniform(0.5, 2, 5)
    norm, dense = ["g", "b", "m", "v"], helper.make_node("Gemm", ["x", "w", "c"], ["a"])
    save("old.onnx", [dense, helper.make_node("Transpose", ["a"], ["t"]), helper.make_node("BatchNormalization", ["t"] + norm, ["n"], epsilon=1e-3),
                      helper.make_node("Transpose", ["n"], ["u"]), helper.make_node("Relu", ["u"], ["y"])], consts, [1, 3], 7)
    save("new.onnx", [dense, helper.make_node("BatchNormalization", ["a"] + norm, ["u"], epsilon=1e-3), helper.make_node("Relu", ["u"], ["y"])], consts, [1, 3], 13)
    same("old.onnx", "new.onnx", rng.normal(size=(4, 3)).astype(np.float32))


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    channels_last(1)
    channels_last(2)
    batch_last()
