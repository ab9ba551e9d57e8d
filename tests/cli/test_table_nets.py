#!/usr/bin/env python3
"""Networks of tables as circuits: flow and stream, every pipelining, alone and between folded layers; built, simulated, synthesized, held
against predict. TAP."""
import json
import os
import random
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import check, end, run_merged as run, write_rows

MODELS = os.path.abspath("../shared/models")
PUBLISHED = {"dwn_50": ("jsc_dwn/dwn_jsc_t200_distributive_50_l_b100.json", "FIXED<18,4>!"),
             "kanele": ("kanele/kanele_openml.json", "FIXED<22,4>!"),
             "hgq_lut_598": ("hgq_lut/hgq_lut_openml_598_tables.json", "FIXED<10,4>!")}
rng = random.Random(11)


def numbers(values):
    return "[" + ", ".join(str(v) for v in values) + "]"


def ints(count, low, high):
    return numbers(rng.randint(low, high) for _ in range(count))


def signs(count):
    return numbers(rng.choice((-1, 1)) for _ in range(count))


def levels(rows, count, low, high):
    return numbers(v for _ in range(rows) for v in sorted(rng.randint(low, high) for _ in range(count)))


def connections(neurons, fan_in, width):
    return numbers(i for _ in range(neurons) for i in rng.sample(range(width), fan_in))


def tables():
    """Thermometer, two layers of tables, a count per class; the first layer is an output, too."""
    real = numbers(f"{v / 4:.2f}" for _ in range(4) for v in sorted(rng.sample(range(-6, 7), 3)))
    return f"""lutfisk 1
graph "tables"
input "x" = %x : FLOAT32[1,4]
const %t : FLOAT32[4,3] = {real}
const %i0 : UINT4[16,4] range {{0,11,1}} = {connections(16, 4, 12)}
const %t0 : UINT1[16,16] = {ints(256, 0, 1)}
const %i1 : UINT4[8,4] range {{0,15,1}} = {connections(8, 4, 16)}
const %t1 : UINT1[8,16] = {ints(128, 0, 1)}
%b : UINT1[1,12] = thermometer(%x, %t) "encoder"
%n0 : UINT1[1,16] = table_neurons(%b, %i0, %t0) "layer0"
%n1 : UINT1[1,8] = table_neurons(%n0, %i1, %t1) "layer1"
%g : UINT1[1,2,4] = reshape(%n1) "groups" {{shape=[1, 2, 4]}}
%y : UINT3[1,2] range {{0,4,1}} = reduce(%g) "counts" {{axes=[-1], keepdims=false}}
output "counts" = %y
output "bits" = %n0
"""


def winner():
    """The class with the most ones, as trained networks of LUTs end: the axis of the counts is dropped before."""
    return (tables().replace('graph "tables"', 'graph "winner"').replace('axes=[-1], keepdims=false', 'axes=[2], keepdims=false')
            .replace('output "counts" = %y\noutput "bits" = %n0\n', '%c : UINT1[1] = argmax(%y) "winner" {axis=1, keepdims=false}\noutput "class" = %c\n'))


def between():
    """A folded layer, tables, a folded layer."""
    return f"""lutfisk 1
graph "between"
input "x" = %x : FLOAT32[1,6]
const %one : UINT1[] range {{1,1,1}} as f32 = [1]
const %w0 : BIPOLAR[6,8] = {signs(48)}
const %levels : INT4[8,3] = {levels(8, 3, -5, 5)}
const %i : UINT3[6,2] = {connections(6, 2, 8)}
const %t : UINT2[6,16] = {ints(96, 0, 3)}
const %w1 : BIPOLAR[6,3] = {signs(18)}
%q : BIPOLAR[1,6] = bipolar_quant(%x, %one) "q"
%s : INT4[1,8] range {{-6,6,2}} = matmul(%q, %w0) "fc0"
%c : UINT2[1,8] = multi_threshold(%s, %levels) "act" {{out_dtype="UINT2"}}
%n : UINT2[1,6] = table_neurons(%c, %i, %t) "tables" {{bits=2}}
%y : INT6[1,3] range {{-18,18,1}} = matmul(%n, %w1) "fc1"
output "y" = %y
"""


def around():
    """A table of magnitudes that differ in range, a folded layer, the winner: with --style table two circuits around the layer."""
    first = [1 if c < 4 else rng.choice((-3, 3)) for _ in range(6) for c in range(5)]
    return f"""lutfisk 1
graph "around"
input "x" = %x : FLOAT32[1,6]
const %zero : FLOAT32[] = [0]
const %one : UINT1[] range {{1,1,1}} as f32 = [1]
const %two : UINT2[] range {{2,2,1}} as f32 = [2]
const %five : UINT3[] range {{5,5,1}} as f32 = [5]
const %w0 : INT3[6,5] = {numbers(first)}
const %w1 : INT3[5,4] = {ints(20, -3, 3)}
%q : INT2[1,6] = quant(%x, %one, %zero, %two) "grid"
%s : INT7[1,5] = matmul(%q, %w0) "fc0"
%a : UINT6[1,5] = abs(%s) "magnitude"
%t : UINT5[1,5] = quant(%a, %two, %zero, %five) "act" {{signed=false}}
%p : INT9[1,4] = matmul(%t, %w1) "fc1"
%y : UINT2[1,1] range {{0,3,1}} = argmax(%p) "winner" {{axis=1, keepdims=true}}
output "class" = %y
"""


def dense(width, height):
    return f"""lutfisk 1
graph "dense"
input "x" = %x : FLOAT32[1,{width}]
const %one : UINT1[] range {{1,1,1}} as f32 = [1]
const %w : BIPOLAR[{width},{height}] = {signs(width * height)}
%q : BIPOLAR[1,{width}] = bipolar_quant(%x, %one) "q"
%y : INT{width.bit_length() + 1}[1,{height}] range {{-{width},{width},2}} = matmul(%q, %w) "fc"
output "y" = %y
"""


def shared():
    """One table for two channels in turn, the first of which never comes to its ends."""
    return f"""lutfisk 1
graph "shared"
input "x" = %x : INT2[1,6]
const %w : INT3[2,6] = {numbers([1] * 6 + [3] * 6)}
const %t : UINT4[1,55] = {ints(55, 0, 15)}
%s : INT7[1,2] = mvu(%x, %w) "fc" place=fpga
%y : UINT4[1,2] = table(%s, %t) "lookup" {{lo=-36}} place=fpga
output "y" = %y
"""


def one_product(weight):
    return f"""lutfisk 1
graph "one"
input "x" = %x : UINT1[1,1]
const %w : INT63[1,2] range {{1,{weight},1}} = [1, {weight}]
%y : UINT62[1,2] range {{0,{weight},1}} = matmul(%x, %w) "fc"
output "y" = %y
"""


def folded_table(work):
    model, rows = f"{work}/shared.lf", f"{work}/shared.npy"
    with open(model, "w") as f:
        f.write(shared())
    write_rows(rows, [[-2] * 6, [1] * 6] + [[rng.randint(-2, 1) for _ in range(6)] for _ in range(20)])
    code, said = run("predict", model, "-i", rows, "-o", f"y={work}/p_y.npy")
    check("one table for all: predict", code == 0, said)
    with open(f"{work}/one_lane.json", "w") as f:
        json.dump({"lookup": {"PE": 1}}, f)
    code, said, report = build(model, f"{work}/shared", "--folding", f"{work}/one_lane.json")
    check("one table for all: build", code == 0 and [u["pe"] for u in report["layers"] if u["op"] == "table"] == [1], said)
    if shutil.which("iverilog"):
        verify("one table for all", f"{work}/shared", rows, "iverilog", ["y"], work)


def spatial(work):
    """Info knows that tables build; the report tells products from tables."""
    code, said = run("info", f"{work}/tables.lf", "--input", "FIXED<6,2>")
    check("info: a table network is buildable", code == 0 and "not buildable" not in said, said)
    with open(f"{work}/one.lf", "w") as f:
        f.write(one_product(1 << 20))
    code, said, report = build(f"{work}/one.lf", f"{work}/one", "--style", "spatial", "--interface", "flow")
    check("spatial: build", code == 0, said)
    if code == 0:
        styles = [layer["style"] for layer in report["layers"] if layer["op"] == "circuit"]
        check("spatial: the report says so", styles == ["spatial"], str(styles))


def bytes_of(path):
    with open(path, "rb") as f:
        return f.read()


def build(model, hw, *options):
    code, said = run("build", model, "-o", hw, *options, "--json")
    return (code, said, json.loads(said[said.index("{"):said.rindex("}") + 1])) if code == 0 else (code, said, None)


def verify(name, hw, rows, sim, outputs, work, *options):
    """Simulates; what comes out must be what predict said."""
    wanted = []
    for o in outputs:
        wanted += ["-o", f"{o}={work}/v_{o}.npy"]
    code, said = run("verify", hw, "-i", rows, "--sim", sim, *wanted, *options)
    same = code == 0 and all(bytes_of(f"{work}/v_{o}.npy") == bytes_of(f"{work}/p_{o}.npy") for o in outputs)
    check(f"{name}: {sim}", same and " 0 mismatches" in said, said)


def circuits(text, outputs, columns, cases, work):
    name = re.search('graph "(.*?)"', text).group(1)
    model, rows = f"{work}/{name}.lf", f"{work}/{name}.npy"
    with open(model, "w") as f:
        f.write(text)
    write_rows(rows, [[rng.randint(-32, 31) / 16 for _ in range(columns)] for _ in range(50)])
    grid = ["--input", "FIXED<6,2>"]
    code, said = run("predict", model, "-i", rows, *sum((["-o", f"{o}={work}/p_{o}.npy"] for o in outputs), []), *grid)
    check(f"{name}: predict", code == 0, said)
    for case, (options, latency, sims) in cases.items():
        hw = f"{work}/{name}_{case}"
        code, said, report = build(model, hw, *grid, *options)
        check(f"{name}, {case}: build", code == 0, said)
        if code == 0 and latency is not None:
            network = report["network"]
            check(f"{name}, {case}: a frame every clock, latency {latency}",
                  network["ii_cycles"] == 1 and network["latency_cycles"] == latency, str(network))
        for sim in sims if code == 0 else ():
            if shutil.which(sim):
                verify(f"{name}, {case}", hw, rows, sim, outputs, work)
            else:
                check(f"{name}, {case}: {sim} # SKIP {sim} was not found", True)
    return model, rows


def flow_report(hw):
    with open(f"{hw}/report.json") as f:
        report = json.load(f)
    check("flow: the report counts encoder, core, head and wrapper",
          all({"lut", "ff"} <= report[k].keys() for k in ("encoder", "core", "head", "wrapper")) and report["encoder"]["lut"] > 0, str(report))
    check("flow: the report says so", report["interface"] == "flow" and report["host"]["inputs"][0]["port"] == "in", str(report["host"]))
    check("flow: what is not there is said", "none" in report["driver"] and not os.path.exists(f"{hw}/driver") and
          not os.path.exists(f"{hw}/pack.tcl"), str(report["driver"]))
    with open(f"{hw}/rtl/tables.v") as f:
        top = f.read()
    check("flow: ports", all(p in top for p in ("[23:0] in_data", "in_valid", "out_counts_data", "out_bits_valid")) and
          "ready" not in top and "axis" not in top, top)


def netlist(hw, rows, outputs, work):
    if not shutil.which("yosys"):
        check("netlist # SKIP yosys was not found", True)
        return
    code, said = run("synth", hw)
    check("flow: synth", code == 0, said)
    verify("flow: netlist", hw, rows, "lutfisk", outputs, work, "--netlist", f"{hw}/synth/netlist.v")


def planted(hw, rows, work):
    """A circuit whose valid is a clock late; one that computes something else."""
    faults = (("lf_flow_valid.v", "valid[LATENCY-1]", "moved[LATENCY-1]", ("latency", "unknown", "the circuit says")),
              ("circuit_flow.v", ".in_data(x)", ".in_data(x ^ 24'd32)", ("the circuit says",)))
    for file, good, bad, words in faults:
        broken = f"{work}/broken"
        shutil.copytree(hw, broken)
        with open(f"{broken}/rtl/{file}") as f:
            text = f.read()
        check(f"fault in {file}: planted", good in text)
        with open(f"{broken}/rtl/{file}", "w") as f:
            f.write(text.replace(good, bad))
        code, said = run("verify", broken, "-i", rows, "--sim", "iverilog")
        check(f"fault in {file}: seen", code == 1 and any(w in said for w in words), said)
        shutil.rmtree(broken)


def refusals(work):
    with open(f"{work}/dense.lf", "w") as f:
        f.write(dense(6, 4))
    with open(f"{work}/large.lf", "w") as f:
        f.write(dense(100, 120))
    code, said = run("build", f"{work}/dense.lf", "-o", f"{work}/no", "--interface", "flow")
    check("flow of a folded layer is refused, naming it", code == 2 and "fc" in said and "timing is not static" in said, said)
    code, said = run("build", f"{work}/between.lf", "-o", f"{work}/no", "--interface", "flow")
    check("flow of folded layers around tables is refused", code == 2 and "fc0" in said and "2 more nodes" in said, said)
    large = ["build", f"{work}/large.lf", "-o", f"{work}/no", "--interface", "flow", "--style", "spatial"]
    code, said = run(*large, "--part", "ice40up5k")
    check("flow that does not fit the part is refused", code == 2 and "does not fit ice40up5k" in said, said)
    for depth in ("0", "two", "-3", "1.5", ""):
        code, said = run("build", f"{work}/tables.lf", "-o", f"{work}/no", "--lut-depth", depth)
        check(f"--lut-depth '{depth}' is refused", code == 2 and "--lut-depth wants" in said, said)
    with open(f"{work}/kanele.json", "w") as f:
        json.dump({"config": {"layers": [2, 1], "layers_bitwidth": [3, 4]},
                   "input_quantizer": {"gain": [1, 1], "offset": [0, 0]},
                   "truth_tables": {f"0_{i}_0": {"acive": 1, "values_int": list(range(8))} for i in range(2)}}, f)
    code, said = run("build", f"{work}/kanele.json", "-o", f"{work}/no")
    check("quantizers of a table network do not stay on the host", code == 2 and "--input" in said and "quantizers" in said, said)
    code, said = run("build", f"{work}/tables.lf", "-o", f"{work}/no")
    check("nor does a thermometer", code == 2 and "--input" in said and "thermometer" in said, said)
    with open(f"{work}/wide.lf", "w") as f:
        f.write(one_product(1 << 61))
    code, said = run("build", f"{work}/wide.lf", "-o", f"{work}/no", "--style", "spatial")
    check("a weight wider than words is refused, naming its layer", code == 2 and "fc" in said and "60 bits" in said, said)
    check("nothing was written", not os.path.exists(f"{work}/no"))


def published(work):
    """Networks others trained, on real rows where they are at hand; --rtl of the acceptance script has all of them."""
    jets = f"{MODELS}/golden/jsc_x.npy"
    if not os.path.exists(jets) or not shutil.which("iverilog"):
        check("published networks # SKIP the models or iverilog are not there", True)
        return
    for name, (model, grid) in PUBLISHED.items():
        hw = f"{work}/{name}"
        code, said, report = build(f"{MODELS}/{model}", hw, "--input", grid, "--interface", "flow")
        check(f"{name}: build", code == 0, said)
        if code == 0:
            code, said = run("verify", hw, "-i", jets, "--samples", 40, "--sim", "iverilog")
            check(f"{name}: verify", code == 0 and " 0 mismatches" in said, said)


def main():
    flow = ["--interface", "flow"]
    with tempfile.TemporaryDirectory() as work:
        model, rows = circuits(tables(), ["counts", "bits"], 4, {
            "flow": (flow, None, ("iverilog", "verilator")),
            "flow1": (flow + ["--lut-depth", "1"], None, ("iverilog",)),
            "flow_deep": (flow + ["--lut-depth", "100"], 1, ("iverilog",)),
            "flow_none": (flow + ["--lut-depth", "none"], 0, ("iverilog",)),
            "flow_layer": (flow + ["--lut-depth", "layer"], 4, ("iverilog", "verilator")),
            "stream": ([], None, ("iverilog",)),
            "stream_deep": (["--style", "table", "--lut-depth", "100"], 2, ("iverilog",)),
            "stream_none": (["--lut-depth", "none"], 1, ("iverilog",))}, work)
        flow_report(f"{work}/tables_flow")
        netlist(f"{work}/tables_flow", rows, ["counts", "bits"], work)
        if shutil.which("iverilog"):
            planted(f"{work}/tables_flow", rows, work)
        with open(f"{work}/winner.lf", "w") as f:
            f.write(winner())
        code, said, _ = build(f"{work}/winner.lf", f"{work}/winner", "--input", "FIXED<6,2>", *flow)
        check("winner: build", code == 0, said)
        if code == 0 and shutil.which("iverilog"):
            code, said = run("verify", f"{work}/winner", "-i", rows, "--sim", "iverilog")
            check("winner: verify", code == 0 and " 0 mismatches" in said, said)
        circuits(between(), ["y"], 6, {"auto": ([], None, ("iverilog",)), "slow": (["--ii", "8"], None, ("iverilog",))}, work)
        circuits(around(), ["class"], 6, {"table": (["--style", "table"], None, ("iverilog",))}, work)
        folded_table(work)
        refusals(work)
        spatial(work)
        published(work)
    return end()


sys.exit(main())
