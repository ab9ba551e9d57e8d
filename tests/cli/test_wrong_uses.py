#!/usr/bin/python3
"""Wrong uses of the command: each must end with status 2 (or 1, 3), say what is wrong and what to do, and leave nothing behind."""
import os
import resource
import signal
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
QONNX = "qonnx.custom_op.general"
rng = np.random.default_rng(1)


def model(path, nan=False, quantized_input=True, bits=2, op=None):
    """8 -> 6 -> 3, bipolar weights."""
    w0, w1 = rng.choice([-1.0, 1.0], (8, 6)).astype(np.float32), rng.choice([-1.0, 1.0], (6, 3)).astype(np.float32)
    if nan:
        w0[0, 0] = np.nan
    consts = {"w0": w0, "w1": w1, "s": np.float32(1), "z": np.float32(0), "b": np.float32(bits)}
    nodes, at = [], "x"
    if quantized_input:
        nodes.append(helper.make_node("Quant", [at, "s", "z", "b"], ["q0"], domain=QONNX, name="in_q", signed=1, narrow=0, rounding_mode="ROUND"))
        at = "q0"
    nodes.append(helper.make_node("MatMul", [at, "w0"], ["a0"], name="fc0"))
    nodes.append(helper.make_node("Quant", ["a0", "s", "z", "b"], ["q1"], domain=QONNX, name="act", signed=1, narrow=0, rounding_mode="ROUND"))
    if op:
        nodes.append(helper.make_node(op, ["q1"], ["q2"], name="odd"))
    nodes.append(helper.make_node("MatMul", ["q2" if op else "q1", "w1"], ["y"], name="fc1"))
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 8])], [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])],
                              [numpy_helper.from_array(np.asarray(v), k) for k, v in consts.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid(QONNX, 1)]), path)


def mean_of_reals(path):
    """conv, relu, mean of all pixels, quantizer, product: the mean has no integers to work on."""
    consts = {"w": rng.choice([-1.0, 1.0], (3, 2, 3, 3)), "v": rng.choice([-1.0, 1.0], (3, 2)), "s": 0.5, "z": 0, "b": 4, "c": rng.normal(size=(3, 1, 1))}
    quant = lambda x, y: helper.make_node("Quant", [x, "s", "z", "b"], [y], domain=QONNX, name=y, signed=1, narrow=0, rounding_mode="ROUND")
    nodes = [quant("x", "q0"), helper.make_node("Conv", ["q0", "w"], ["a"], name="conv"), helper.make_node("Add", ["a", "c"], ["a1"], name="bias"),
             helper.make_node("Relu", ["a1"], ["r"], name="relu"), helper.make_node("GlobalAveragePool", ["r"], ["m"], name="pool3"), quant("m", "q1"),
             helper.make_node("Flatten", ["q1"], ["f"], name="flat"), helper.make_node("MatMul", ["f", "v"], ["y"], name="fc")]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2, 5, 5])], [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])],
                              [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in consts.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid(QONNX, 1)]), path)


def reals(path):
    """8 -> 3, no quantizer anywhere."""
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 8])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])], [numpy_helper.from_array(rng.normal(size=(8, 3)).astype(np.float32), "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)


def real_conv(path):
    """3x3 over [2, 5, 5] to 3 channels: 27 outputs of 18 products."""
    graph = helper.make_graph([helper.make_node("Conv", ["x", "w"], ["y"], name="conv")], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 5, 5])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 3, 3])], [numpy_helper.from_array(rng.normal(size=(3, 2, 3, 3)).astype(np.float32), "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)


def full_disk():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))


def write(path, text):
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


RECIPE = open("recipes/tfc-w1a1.yaml").read()
tmp = tempfile.mkdtemp(prefix="lutfisk-wrong-")
os.chdir(tmp)
model("ok.onnx")
model("nan.onnx", nan=True)
model("float.onnx", quantized_input=False)
model("odd.onnx", op="Sin")
mean_of_reals("mean.onnx")
reals("reals.onnx")
real_conv("conv.onnx")
np.save("x.npy", rng.normal(size=(5, 8)).astype(np.float32))
np.save("wide.npy", np.zeros((5, 9), np.float32))
np.save("nan.npy", np.array([[0] * 8, [0, 0, 0, np.nan, 0, 0, 0, 0]], np.float32))
np.save("text.npy", np.array(["a", "b"]))
np.save("labels.npy", np.array([0, 1, 2, 9, 0]))
np.save("one-hot.npy", np.eye(5, 3))
np.save("many.npy", np.zeros(6, np.int64))
np.save("good.npy", np.zeros(5, np.int64))
np.save("frac.npy", np.full((2, 8), 0.3, np.float32))
write("short.onnx", open("ok.onnx", "rb").read()[:200])
write("noise.onnx", bytes(range(256)) * 4)
write("short.npy", open("x.npy", "rb").read()[:100])
write("other.v", "module other; endmodule\n")
write("empty.v", "")
write("tail.lf", """lutfisk 1
graph "tail"
input "x" = %x : FLOAT32[1,2]
const %zero : FLOAT32[] = [0]
const %one : UINT1[] range {1,1,1} as f32 = [1]
const %four : UINT3[] range {4,4,1} as f32 = [4]
const %w0 : INT2[2,2] as f32 = [1, -1, 1, 1]
const %w1 : FLOAT32[2,2] = [0.3, -0.7, 1.1, 0.2]
%p : FLOAT32[1,2] = matmul(%x, %w0) "fc0"
%q : INT4[1,2] = quant(%p, %one, %zero, %four) "act"
%y : FLOAT32[1,2] = matmul(%q, %w1) "fc1"
output "y" = %y
""")
write("bad.lf", "lutfisk 1\ngraph \"g\"\n%y : INT4[1] = matmulx(%x)\n")
write("bad.yaml", RECIPE + "\nlayerss: 3\n")
write("pe.json", '{"fc0_mvu": {"PE": 4, "SIMD": 1}}')
write("key.json", '{\n  "fc0_mvu": {"PEE": 1}\n}')
write("layer.json", '{"fc9": {"PE": 1}}')
write("node.json", '{"fc0": {"PE": 1}}')
write("broken.json", '{"fc0_mvu": {"PE": ')
os.mkdir("foreign")
write("foreign/keep.txt", "mine")
subprocess.run([LUTFISK, "build", "ok.onnx", "-o", "hw", "-q"], check=True, capture_output=True)
subprocess.run([LUTFISK, "build", "ok.onnx", "-o", "wired", "-q", "--folding", write("wide.json", '{"fc0_mvu": {"PE": 1, "SIMD": 8}, "fc1_mvu": {"PE": 3, "SIMD": 2}}')], check=True, capture_output=True)
subprocess.run([LUTFISK, "build", "ok.onnx", "-o", "flow", "-q", "--style", "spatial", "--interface", "flow"], check=True, capture_output=True)
os.environ.pop("LUTFISK_DATA", None)

CASES = [  # what, arguments, words of the message (all must appear), status, what must not exist afterwards, set-up
    ("unknown verb", ["bild", "ok.onnx"], ["bild", "--help"], 2),
    ("unknown option", ["build", "ok.onnx", "-o", "o", "--fold"], ["unknown option --fold", "--folding"], 2),
    ("option without value", ["build", "ok.onnx", "-o"], ["value is missing"], 2),
    ("not a number", ["build", "ok.onnx", "-o", "o", "--ii", "fast"], ["--ii", "whole number"], 2),
    ("a model that is not there", ["info", "nothing.onnx"], ["nothing.onnx"], 2),
    ("truncated model", ["info", "short.onnx"], ["short.onnx"], 2),
    ("noise for a model", ["info", "noise.onnx"], ["noise.onnx"], 2),
    ("NaN weights", ["build", "nan.onnx", "-o", "o"], ["NaN"], 2),
    ("an op that is not supported", ["build", "odd.onnx", "-o", "o"], ["odd", "Sin"], 2),
    ("float input meets weights", ["build", "float.onnx", "-o", "o"], ["float input", "--input"], 2),
    ("real weights", ["build", "reals.onnx", "-o", "o"], ["fc: ", "weights are real numbers", "lutfisk quantize"], 2),
    ("real weights behind a declared input", ["build", "reals.onnx", "-o", "o", "--input", "FIXED<16,6>!"], ["fc: ", "weights are real numbers", "lutfisk quantize"], 2),
    ("real weights that may stay on the host", ["build", "tail.lf", "-o", "o"], ["fc0: ", "float input meets weights", "--input"], 2),
    ("a real convolution", ["build", "conv.onnx", "-o", "o"], ["conv: ", "weights are real numbers"], 2),
    ("info of a real convolution", ["info", "conv.onnx"], ["486 multiply-accumulates", "weights are real numbers"], 0),
    ("one of a kind has no plural", ["build", "ok.onnx", "-o", "flow", "--style", "spatial", "--interface", "flow"], ["II 1 cycle,"], 0),
    ("folded units with flow are refused once", ["build", "ok.onnx", "-o", "o", "--interface", "flow"], ["it becomes a folded unit (mvu), as do 2 more nodes"], 2),
    ("a design to build", ["build", "hw", "-o", "o"], ["hw", "built already", "ok.onnx", "--folding"], 2),
    ("the program of a design", ["build", "wired/model.lf", "-o", "o"], ["wired/model.lf", "built already", "--folding"], 2),
    ("a design of flow to build", ["build", "flow", "-o", "o"], ["flow", "built already"], 2),
    ("rows as CSV", ["predict", "ok.onnx", "-i", "x.npy", "-o", "y.csv"], ["y.csv", ".npy"], 2),
    ("rows as compressed CSV", ["predict", "ok.onnx", "-i", "x.npy", "-o", "y.csv.gz"], ["y.csv.gz: error", ".npy"], 2),
    ("rows as CSV compressed with xz", ["predict", "ok.onnx", "-i", "x.npy", "-o", "y.csv.xz"], ["y.csv.xz: error", ".npy"], 2),
    ("rows of a data set as CSV", ["data", "--rows", "digits:test", "-n", "2", "-o", "y.csv"], ["y.csv", ".npy"], 2),
    ("no data directory for eval", ["eval", "ok.onnx", "--data", "jsc", "--data-dir", "foreign"], ["--data-dir DIR"], 2),
    ("no data directory for data", ["data", "--rows", "jsc", "-o", "y.npy", "--data-dir", "foreign"], ["--data-dir DIR"], 2),
    ("a mean of real values", ["build", "mean.onnx", "-o", "o"], ["pool3", "average_pool works on real values", "quantizer before it"], 2),
    ("an integer program to quantize", ["quantize", "hw", "-o", "o.onnx", "--random-data", "0,1"], ["integer program already", "made from"], 2),
    ("no calibration data", ["quantize", "reals.onnx", "-o", "o.onnx"], ["calibration data", "--data", "--random-data"], 2),
    ("a range without an end", ["quantize", "reals.onnx", "-o", "o.onnx", "--random-data", "1"], ["--random-data 1", "LO,HI"], 2),
    ("bits beyond 8", ["quantize", "reals.onnx", "-o", "o.onnx", "--random-data", "0,1", "--bits", "9"], ["--bits 9", "2 to 8"], 2),
    ("all rows calibrate", ["quantize", "reals.onnx", "-o", "o.onnx", "-i", "x.npy", "-n", "5"], ["none is left", "--samples"], 2),
    ("wrong shape", ["predict", "ok.onnx", "-i", "wide.npy", "-o", "y.npy"], ["[5,9]", "[1,8]"], 2),
    ("NaN in a row", ["predict", "ok.onnx", "-i", "nan.npy", "-o", "y.npy"], ["row 1"], 2),
    ("text for numbers", ["predict", "ok.onnx", "-i", "text.npy", "-o", "y.npy"], ["text.npy"], 2),
    ("truncated rows", ["predict", "ok.onnx", "-i", "short.npy", "-o", "y.npy"], ["short.npy"], 2),
    ("no rows", ["predict", "ok.onnx", "-o", "y.npy"], ["-i"], 2),
    ("value off the declared grid", ["predict", "float.onnx", "--input", "UINT8,1/255", "-i", "frac.npy", "-o", "y.npy"], ["row 0"], 2),
    ("bad --input", ["build", "float.onnx", "-o", "o", "--input", "FLOAT7"], ["--input FLOAT7", "TYPE"], 2),
    ("unknown input name", ["build", "float.onnx", "-o", "o", "--input", "z=INT4"], ["z=INT4", "x"], 2),
    ("unknown engine", ["predict", "ok.onnx", "-i", "x.npy", "--engine", "slow"], ["slow", "reference"], 2),
    ("unknown tensor", ["predict", "ok.onnx", "-i", "x.npy", "-o", "y.npy", "--output", "q7"], ["q7"], 2),
    ("illegal folding", ["build", "ok.onnx", "-o", "o", "--folding", "pe.json"], ["PE=4", "legal: 1 2 3 6"], 2),
    ("unknown folding field", ["build", "ok.onnx", "-o", "o", "--folding", "key.json"], ["key.json:2", "PEE", "PE"], 2),
    ("unknown layer in the folding", ["build", "ok.onnx", "-o", "o", "--folding", "layer.json"], ["fc9"], 2),
    ("a node instead of its unit in the folding", ["build", "ok.onnx", "-o", "o", "--folding", "node.json"], ["\"fc0\" is not a layer", "did you mean \"fc0_mvu\"?"], 2),
    ("a folding of no folded units", ["build", "ok.onnx", "-o", "o", "--style", "spatial", "--interface", "flow", "--folding", "pe.json"], ["--folding is for folded units"], 2),
    ("weights from outside with flow", ["build", "ok.onnx", "-o", "o", "--style", "spatial", "--interface", "flow", "--weights", "all"], ["--weights is for folded units"], 2),
    ("weights of circuits from outside", ["build", "ok.onnx", "-o", "o", "--style", "spatial", "--weights", "all"], ["--weights all: no layer"], 2),
    ("broken JSON", ["build", "ok.onnx", "-o", "o", "--folding", "broken.json"], ["broken.json:1"], 2),
    ("a target that cannot be met", ["build", "ok.onnx", "-o", "o", "--fps", "500e6"], ["frame"], 2),
    ("two targets", ["build", "ok.onnx", "-o", "o", "--fps", "1000", "--ii", "4"], ["--fps", "--ii"], 2),
    ("unknown part", ["build", "ok.onnx", "-o", "o", "--part", "xc7z2"], ["xc7z2"], 2),
    ("an unknown style", ["build", "ok.onnx", "-o", "o", "--style", "systolic"], ["systolic", "auto folded spatial table"], 2),
    ("tables where there are none", ["build", "ok.onnx", "-o", "o", "--interface", "flow"], ["timing is not static", "--interface stream"], 2),
    ("synth of a directory that is no build", ["synth", "foreign"], ["foreign", "lutfisk build"], 2),
    ("a text called ONNX", ["opt", "ok.onnx", "-p", "", "-o", "o.onnx"], ["-o o.onnx", "FILE.lf"], 2),
    ("a network called otherwise", ["make", "mobilenet-v1", "-o", "o.txt", "--size", "32", "--blocks", "1", "--width", "0.1"], ["-o o.txt", ".onnx or .lf"], 2),
    ("no folder for a network", ["opt", "ok.onnx", "-p", "nonsense", "-o", "nowhere/o.lf"], ["nowhere/o.lf: error: cannot write"], 2),
    ("no folder for rows", ["predict", "nothing.onnx", "-i", "x.npy", "-o", "nowhere/y.npy"], ["nowhere/y.npy: error: cannot write"], 2),
    ("an empty folding", ["build", "ok.onnx", "-o", "o", "--folding", "empty.v"], ["empty.v: error: the file is empty"], 2),
    ("a directory that is no build", ["verify", "foreign", "-i", "x.npy"], ["foreign", "lutfisk build"], 2),
    ("a directory that is not ours", ["build", "ok.onnx", "-o", "foreign"], ["foreign"], 2),
    ("no directory can be made", ["build", "ok.onnx", "-o", "/proc/lutfisk/hw"], ["/proc"], 2),
    ("full disk", ["build", "ok.onnx", "-o", "o"], ["o"], 2, full_disk),
    ("full disk for rows", ["predict", "ok.onnx", "-i", "x.npy", "-o", "y.npz"], ["y.npz"], 2, lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20)))),
    ("unknown pass", ["opt", "ok.onnx", "-p", "integrize", "-o", "o.lf"], ["integrize", "integerize"], 2),
    ("bad text form", ["info", "bad.lf"], ["bad.lf:3", "matmulx", "matmul"], 2),
    ("unknown key in a recipe", ["train", "bad.yaml", "-o", "m.onnx"], ["bad.yaml:", "layerss", "layers"], 2),
    ("unknown recipe", ["train", "sfc-w1", "-o", "m.onnx"], ["sfc-w1", "recipe"], 2),
    ("unknown data set", ["eval", "ok.onnx", "--data", "mnst:test"], ["mnst", "mnist"], 2),
    ("a label out of range", ["eval", "ok.onnx", "-i", "x.npy", "-y", "labels.npy"], ["9"], 2),
    ("labels of another shape", ["eval", "ok.onnx", "-i", "x.npy", "-y", "one-hot.npy"], ["one-hot.npy", "3 values a row"], 2),
    ("more labels than rows", ["eval", "ok.onnx", "-i", "x.npy", "-y", "many.npy"], ["6 labels for 5 rows"], 2),
    ("a class twice in the map", ["eval", "ok.onnx", "-i", "x.npy", "-y", "good.npy", "--class-map", "0,1,1"], ["twice"], 2),
    ("no samples", ["eval", "ok.onnx", "-i", "x.npy", "-y", "good.npy", "-n", "0"], ["from 1"], 2),
    ("a scale of nothing", ["eval", "ok.onnx", "-i", "x.npy", "-y", "good.npy", "--scale", "nan"], ["above 0"], 2),
    ("a negative probability", ["verify", "hw", "-i", "x.npy", "--stall", "-1"], ["above 0"], 2),
    ("no cycles", ["build", "ok.onnx", "-o", "o", "--ii", "0"], ["--ii", "from 1"], 2),
    ("no frames", ["build", "ok.onnx", "-o", "o", "--fps", "0"], ["--fps", "above 0"], 2),
    ("a clock beyond sense", ["build", "ok.onnx", "-o", "o", "--clock-mhz", "1e300"], ["--clock-mhz"], 2),
    ("a seed beyond 63 bits", ["build", "ok.onnx", "-o", "o", "--seed", "18446744073709551615"], ["9223372036854775807"], 2),
    ("a curve with a folding", ["build", "ok.onnx", "--sweep", "--folding", "pe.json"], ["--sweep", "--folding"], 2),
    ("a curve with a directory", ["build", "ok.onnx", "--sweep", "-o", "o"], ["--sweep", "--out"], 2),
    ("a folder of data that is not there", ["eval", "ok.onnx", "--data", "digits", "--data-dir", "nowhere"], ["warning: nowhere"], 2),
    ("help to a full disk", ["--help"], ["No space left"], 2, lambda: os.dup2(os.open("/dev/full", os.O_WRONLY), 1)),
    ("synth tool of a later version", ["synth", "hw", "--tool", "vivado"], ["not in this version"], 2),
    ("a netlist of something else", ["verify", "hw", "-i", "x.npy", "--netlist", "other.v", "--sim", "iverilog"], ["other.v", "nknown module"], (2, 3)),
    ("a device for a model", ["info", "/dev/zero"], ["/dev/zero", "device"], 2),
    ("no room for temporary files", ["verify", "hw", "-i", "x.npy", "--sim", "iverilog"], ["temporary directory", "nowhere"], (2, 3), lambda: os.environ.__setitem__("TMPDIR", "/nowhere")),
    ("a netlist of no bytes", ["verify", "hw", "-i", "x.npy", "--netlist", "empty.v", "--sim", "iverilog"], ["empty.v: error: the netlist is empty"], (2, 3)),
    ("a netlist that is not there", ["verify", "hw", "-i", "x.npy", "--netlist", "no.v", "--sim", "iverilog"], ["no.v"], (2, 3)),
]

passed = failed = 0
before = set(os.listdir("."))
for case in CASES:
    what, args, words, status = case[:4]
    r = subprocess.run([LUTFISK] + args, capture_output=True, text=True, timeout=60, preexec_fn=case[4] if len(case) > 4 else None)
    said = r.stderr + r.stdout
    wrong = []
    if r.returncode not in (status if isinstance(status, tuple) else (status,)):
        wrong.append(f"status {r.returncode}")
    wrong += [f'does not say "{w}"' for w in words if w not in said and not ("netlist" in what and r.returncode == 3)]
    left = set(os.listdir(".")) - before
    if left:
        wrong.append(f"left behind: {sorted(left)}")
        for name in left:
            subprocess.run(["rm", "-rf", name])
    if open("foreign/keep.txt").read() != "mine":
        wrong.append("a foreign file was touched")
    print(f"{'FAIL' if wrong else 'pass'}  {what}: {'; '.join(wrong)}{said.strip().splitlines()[0] if said.strip() and not wrong else ''}")
    if wrong:
        print("    " + said.strip().replace("\n", "\n    "))
    passed, failed = passed + (not wrong), failed + bool(wrong)
subprocess.run(["rm", "-rf", tmp])
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
