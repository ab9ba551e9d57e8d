"""A QONNX network while it grows: every call adds a node and returns the name of its output. Needs NumPy and onnx."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

QUANT, LAST = "qonnx.custom_op.general", "qonnx.custom_op.channels_last"


class Net:
    def __init__(self):
        self.nodes, self.consts = [], {}

    def const(self, v):
        name = f"c{len(self.consts)}"
        self.consts[name] = np.asarray(v, np.float32)
        return name

    def node(self, op, *ins, name=None, domain="", **attr):
        name = name or f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(ins), [name + "_out"], name=name, domain=domain, **attr))
        return name + "_out"

    def quant(self, x, scale, bits, narrow=0, signed=1, name=None):
        return self.node("Quant", x, self.const(scale), self.const(0.0), self.const(bits), name=name, domain=QUANT, signed=signed, narrow=narrow, rounding_mode="ROUND")

    def save(self, path, x, y):
        """x, y: names and shapes of the input and the output."""
        ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (x, y)]
        graph = helper.make_graph(self.nodes, "g", ends[:1], ends[1:], [numpy_helper.from_array(v, k) for k, v in self.consts.items()])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid(d, v) for d, v in (("", 13), (QUANT, 1), (LAST, 1))]), path)
