"""Writes one ONNX model per element type and payload place with ONNX's own helper, and what its elements are:
payloads.py DIR  ->  DIR/NAME.onnx, and on standard output lines "NAME v0 v1 v2 v3"."""
import sys

import numpy as np
import onnx
from onnx import TensorProto, external_data_helper, helper, numpy_helper

VALUES = {
    "FLOAT": [1.0, -2.5, 0.1, 3e38],
    "DOUBLE": [1.0, -2.5, 0.1, 1e300],
    "FLOAT16": [1.0, -2.5, 0.0999755859375, 65504.0],
    "INT8": [0, 127, -128, -1],
    "UINT8": [0, 1, 128, 255],
    "INT16": [0, 32767, -32768, -1],
    "UINT16": [0, 1, 32768, 65535],
    "INT32": [0, 2**31 - 1, -(2**31), -1],
    "UINT32": [0, 1, 2**31, 2**32 - 1],
    "INT64": [0, 2**53, -(2**53), -1],
    "UINT64": [0, 1, 2**53, 2**32],
    "BOOL": [0, 1, 1, 0],
}


def numpy_type(name):
    return onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[getattr(TensorProto, name)]


def tensors(name, values):
    array = np.array(values).astype(numpy_type(name)).reshape(2, 2)
    yield "raw", numpy_helper.from_array(array, "w")
    yield "typed", helper.make_tensor("w", getattr(TensorProto, name), [2, 2], array.ravel().tolist())
    external = numpy_helper.from_array(array, "w")
    external_data_helper.set_external_data(external, f"{name}.bin")
    yield "external", external


directory = sys.argv[1]
for name, values in VALUES.items():
    for place, tensor in tensors(name, values):
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2, 2])
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2, 2])
        node = helper.make_node("Add", ["x", "w"], ["y"], name="add")
        graph = helper.make_graph([node], "g", [x], [y], [tensor])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        if place == "external":
            external_data_helper.write_external_data_tensors(model, directory)
        with open(f"{directory}/{name}_{place}.onnx", "wb") as f:
            f.write(model.SerializeToString())
        print(f"{name}_{place}", *(float(v).hex() for v in values))
