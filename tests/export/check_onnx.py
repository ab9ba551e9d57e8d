"""Holds exported models to ONNX's own checker and prints what the test compares of the last: check_onnx.py MODEL...
Exit status 77: there is no onnx package."""
import sys

try:
    import onnx
    from onnx import numpy_helper
except ImportError:
    sys.exit(77)

for path in sys.argv[1:]:
    onnx.checker.check_model(path, full_check=True)
model = onnx.load(sys.argv[-1])
print("opset", " ".join(f"{o.domain or 'onnx'}:{o.version}" for o in model.opset_import))


def shape(value):
    return ",".join(d.dim_param or str(d.dim_value) for d in value.type.tensor_type.shape.dim)


for v in model.graph.input:
    print("input", v.name, shape(v))
for v in model.graph.output:
    print("output", v.name, shape(v))
for v in model.graph.value_info:
    print("value", v.name, shape(v))
for n in model.graph.node:
    print("node", n.name, n.op_type, " ".join(n.input), "->", " ".join(n.output))
for t in model.graph.initializer:
    a = numpy_helper.to_array(t)
    print("const", t.name, a.dtype, list(a.shape), a.ravel()[:4].tolist())
for q in model.graph.quantization_annotation:
    print("annotation", q.tensor_name, q.quant_parameter_tensor_names[0].value)
