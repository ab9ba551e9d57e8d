#!/usr/bin/python3
"""Networks whose weights are streamed from outside: built, simulated from the files that a DMA would replay, and spoiled."""
import json
import os
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
QONNX = "qonnx.custom_op.general"
checks = []


def expect(good, what):
    checks.append(good)
    print(f"{'ok' if good else 'not ok'} {len(checks)} - {' '.join(what.split())}")


def run(*command):
    return subprocess.run([LUTFISK, *command, "-q"], capture_output=True, text=True)


class Net:
    def __init__(self, seed, shape):
        self.random, self.shape, self.nodes, self.constants = np.random.default_rng(seed), shape, [], []

    def const(self, value, dtype=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def node(self, op, *inputs, **attributes):
        self.nodes.append(helper.make_node(op, list(inputs), [f"t{len(self.nodes)}"], name=f"n{len(self.nodes)}_{op}", **attributes))
        return self.nodes[-1].output[0]

    def quant(self, x, scale, bits):
        return self.node("Quant", x, self.const(scale), self.const(0.0), self.const(float(bits)), domain=QONNX, signed=1, narrow=0, rounding_mode="ROUND")

    def save(self, path):
        self.nodes[-1].output[0] = "y"
        graph = helper.make_graph(self.nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], self.constants)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid(QONNX, 1)]), path)
        return path


def dense(path, sizes=(96, 24, 24, 24, 10)):
    """One bit everywhere, as TFC-W1A1 of the FINN paper, smaller."""
    net = Net(1, [1, sizes[0]])
    x = net.node("BipolarQuant", "x", net.const(1.0), domain=QONNX)
    for inputs, outputs in zip(sizes, sizes[1:]):
        x = net.node("MatMul", x, net.const(net.random.choice([-1, 1], (inputs, outputs))))
        if outputs > 10:
            x = net.node("BipolarQuant", net.node("Add", x, net.const(net.random.integers(-5, 6, outputs) + 0.5)), net.const(1.0), domain=QONNX)
    return net.save(path), net.shape


def convolutions(path):
    net = Net(2, [1, 3, 6, 5])
    x = net.quant("x", 1 / 8, 4)
    for inputs, outputs, groups in ((3, 6, 1), (6, 4, 2)):
        w = net.const(net.random.integers(-3, 4, (outputs, inputs // groups, 3, 3)) / 8)
        x = net.quant(net.node("Relu", net.node("Conv", x, w, kernel_shape=[3, 3], pads=[1] * 4, group=groups)), 0.25, 4)
    x = net.node("Flatten", x)
    net.node("MatMul", x, net.const(net.random.integers(-3, 4, (4 * 30, 5)) / 8))
    return net.save(path), net.shape


def rows_for(folder, shape):
    path = f"{folder}/x.npy"
    np.save(path, np.random.default_rng(3).standard_normal([6] + shape[1:]).astype(np.float32))
    return path


def verify(design, rows, sim):
    r = run("verify", design, "-i", rows, "--sim", sim, "--json")
    return r, json.loads(r.stdout) if r.stdout.startswith("{") else {}


def check_report(design, name):
    report = json.load(open(f"{design}/report.json"))
    weights = report["host"]["weights"]
    units = [l for l in report["layers"] if l["op"] == "mvu"]
    expect([w["name"] for w in weights] == [u["name"] for u in units], f"{name}: every matrix-vector unit has a port for weights")
    expect(all(os.path.getsize(f"{design}/{w['file']}") == w["file_beats"] * w["beat_bytes"] for w in weights), f"{name}: files have the size that the report says")
    expect([w["beats_per_frame"] for w in weights] == [u["cycles"] for u in units], f"{name}: a beat of weights per step")
    expect(all(u["bram"] == 0 for u in units) and not [f for f in os.listdir(f"{design}/rtl") if f.endswith("_weights.mem")], f"{name}: no memories of weights")
    expect(all(f"s_axis_{w['name']}_weights" == w["port"] for w in weights), f"{name}: ports are named after the layers")
    return weights


def check(make, name, folder, sims):
    model, shape = make(f"{folder}/{name}.onnx")
    rows, design = rows_for(folder, shape), f"{folder}/{name}"
    r = run("build", model, "-o", design, "--ii", "400", "--weights", "all")
    expect(r.returncode == 0, f"{name}: build {r.stderr}")
    weights = check_report(design, name)
    for sim in sims:
        r, v = verify(design, rows, sim)
        if r.returncode == 3:
            print(f"# {name}: {sim} is not here")
            continue
        expect(r.returncode == 0 and v["mismatches"] == 0, f"{name}: {sim} computes what the program computes {r.stderr}")
        expect(v.get("ii_cycles") == v.get("predicted_ii_cycles") and v.get("latency_cycles") == v.get("predicted_latency_cycles"), f"{name}: {sim} takes the predicted cycles {v}")
    return design, rows, weights


def check_spoiled(design, rows, weights):
    file, size = f"{design}/{weights[0]['file']}", weights[0]["beat_bytes"]
    good = open(file, "rb").read()
    beats = [good[i:i + size] for i in range(0, len(good), size)]
    open(file, "wb").write(b"".join(beats[1:] + beats[:1]))
    r, v = verify(design, rows, "iverilog")
    expect(r.returncode == 3 or (r.returncode == 1 and v["mismatches"] > 0), "weights that begin one beat late are seen")
    open(file, "wb").write(good[:-1])
    r, _ = verify(design, rows, "iverilog")
    expect(r.returncode in (2, 3) and "bytes" in r.stderr, f"a short file of weights is refused {r.stderr}")
    os.remove(file)
    r, _ = verify(design, rows, "iverilog")
    expect(r.returncode in (2, 3), "a missing file of weights is refused")


def check_folding(folder, model, names):
    def build(fields, *more):
        json.dump(fields, open(f"{folder}/folding.json", "w"))
        r = run("build", model, "-o", f"{folder}/folded", "--ii", "400", "--folding", f"{folder}/folding.json", *more)
        report = json.load(open(f"{folder}/folded/report.json")) if r.returncode == 0 else None
        return r, [w["name"] for w in report["host"]["weights"]] if report else None

    expect(build({names[1]: {"mem_mode": "external"}})[1] == [names[1]], "mem_mode=external takes one layer's weights from outside")
    expect(build({names[2]: {"ram_style": "stream"}})[1] == [names[2]], "so does ram_style=stream")
    again = json.load(open(f"{folder}/folded/folding.json"))
    expect(build(again)[1] == [names[2]], "and the folding.json of such a build")
    expect(build({}, "--weights", f"{names[0]},{names[2]}")[1] == [names[0], names[2]], "layers by name")
    expect(build({}, "--weights", "stream")[1] == [], "nothing is moved when all fits")
    for fields in ({"mem_mode": "external", "ram_style": "block"}, {"mem_mode": "internal_decoupled", "ram_style": "stream"}, {"mem_mode": "elsewhere"},
                   {"PE": 10, "ram_style": "stream", "structure": "tall"}):
        r, _ = build({names[3]: fields})
        expect(r.returncode == 2, f"{fields} is refused: {r.stderr.strip()}")
    r, _ = build({}, "--weights", names[0][:-1])
    expect(r.returncode == 2 and names[0] in r.stderr, f"an unknown layer is refused: {r.stderr.strip()}")


def check_small_part(folder):
    """Three memories of 36 Kbit: the large layers go out, the others stay."""
    model, _ = dense(f"{folder}/large.onnx", (512, 256, 256, 16, 10))
    command = ("build", model, "-o", f"{folder}/large", "--part", "ice40up5k")
    r = run(*command)
    expect(r.returncode == 2 and "does not fit" in r.stderr, f"a network too large for the part: {r.stderr}")
    r = run(*command, "--weights", "stream")
    expect(r.returncode == 0, f"fits with weights from outside {r.stderr}")
    report = json.load(open(f"{folder}/large/report.json"))
    names = [w["name"] for w in report["host"]["weights"]]
    units = [u["name"] for u in report["layers"] if u["op"] == "mvu"]
    expect(names and names[0] == units[0] and units[3] not in names, f"of the large layers only: {names} of {units}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        design, rows, weights = check(dense, "dense", folder, ["iverilog", "verilator"])
        check_folding(folder, f"{folder}/dense.onnx", [w["name"] for w in weights])
        check_spoiled(design, rows, weights)
        check(convolutions, "convolutions", folder, ["iverilog"])
        check_small_part(folder)
    print(f"1..{len(checks)}")
    sys.exit(not all(checks))


main()
