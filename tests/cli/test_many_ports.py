#!/usr/bin/env python3
"""Circuits with several inputs and outputs: built, simulated with their stalls, and held against predict. TAP."""
import json
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import check, end, run_merged as run, write_rows

# A tensor that two layers read before the circuit (q0), one inside that is an output too (q1), names that are one in Verilog.
CROSSING = """lutfisk 1
graph "crossing"
input "a.b" = %x : FLOAT32[1,6]
input "a_b" = %z : FLOAT32[1,4]
const %one : UINT1[] range {1,1,1} as f32 = [1]
const %w0 : BIPOLAR[6,4] = [1, -1, 1, 1, -1, 1, 1, 1, 1, 1, -1, -1, 1, -1, 1, 1, -1, 1, -1, 1, 1, 1, 1, -1]
const %w1 : BIPOLAR[4,2] = [1, 1, -1, 1, 1, -1, -1, -1]
const %w2 : BIPOLAR[6,2] = [1, -1, 1, 1, -1, 1, 1, -1, 1, 1, 1, -1]
const %w3 : BIPOLAR[4,3] = [1, -1, -1, 1, 1, -1, 1, -1, 1, 1, 1, 1]
%q0 : BIPOLAR[1,6] = bipolar_quant(%x, %one) "q0"
%s0 : INT4[1,4] range {-6,6,2} = matmul(%q0, %w0) "fc0"
%q1 : BIPOLAR[1,4] = bipolar_quant(%s0, %one) "q1"
%y1 : INT4[1,2] range {-4,4,2} = matmul(%q1, %w1) "fc1"
%y2 : INT4[1,2] range {-6,6,2} = matmul(%q0, %w2) "fc2"
%q2 : BIPOLAR[1,4] = bipolar_quant(%z, %one) "q2"
%y3 : INT4[1,3] range {-4,4,2} = matmul(%q2, %w3) "fc3"
output "third" = %y3
output "first" = %y1
output "second" = %y2
output "middle" = %q1
"""

# Two inputs, each through its matrix.
TWO = """lutfisk 1
graph "NAME"
input "left" = %x : FLOAT32[1,4]
input "right" = %z : FLOAT32[1,4]
const %one : UINT1[] range {1,1,1} as f32 = [1]
const %w1 : BIPOLAR[4,2] = [1, 1, -1, 1, 1, -1, -1, -1]
const %w2 : BIPOLAR[4,2] = [1, -1, -1, 1, 1, -1, 1, -1]
%q0 : BIPOLAR[1,4] = bipolar_quant(%x, %one) "q0"
%q1 : BIPOLAR[1,4] = bipolar_quant(%z, %one) "q1"
%y1 : INT4[1,2] range {-4,4,2} = matmul(%q0, %w1) "fc1"
%y2 : INT4[1,2] range {-4,4,2} = matmul(%q1, %w2) "fc2"
"""

# Two inputs that meet.
MEETING = TWO.replace("NAME", "meeting") + """\
%y : INT5[1,2] range {-8,8,2} = add(%y1, %y2) "join"
output "sum" = %y
output "right_alone" = %y2
"""

# Two outputs that the host makes of one stream, and one of two.
BRANCHING = TWO.replace("NAME", "branching") + """\
%p1 : FLOAT32[1,2] = softmax(%y1) "p1"
%p2 : FLOAT32[1,2] = softmax(%y2) "p2"
%both : FLOAT32[1,2] = mul(%p1, %p2) "both"
output "sums" = %y1
output "chances" = %p1
output "product" = %both
"""


def same(outputs, work):
    """Which of the outputs that verify wrote differ from predict's."""
    wrong = []
    for name in outputs:
        with open(f"{work}/p_{name}.npy", "rb") as p, open(f"{work}/v_{name}.npy", "rb") as v:
            if p.read() != v.read():
                wrong.append(name)
    return wrong


def network(text, inputs, outputs, ports, work):
    name = text.split('"')[1]
    rng = random.Random(5)
    model, hw = f"{work}/{name}.lf", f"{work}/{name}"
    with open(model, "w") as f:
        f.write(text)
    code, said = run("build", model, "-o", hw)
    check(f"{name}: build", code == 0, said)
    with open(f"{hw}/report.json") as f:
        host = json.load(f)["host"]
    got = [p["port"] for p in host["inputs"] + host["outputs"]]
    check(f"{name}: ports in the order of the model", got == ports, str(got))
    missing = set(outputs) - {p["name"] for p in host["outputs"]}
    check(f"{name}: the report names every output", not missing, str(missing))
    rows = []
    for k, (port, columns) in enumerate(inputs):
        write_rows(f"{work}/x{k}.npy", [[rng.gauss(0, 1) for _ in range(columns)] for _ in range(40)])
        rows += ["-i", f"{port}={work}/x{k}.npy"]
    code, said = run("predict", model, *rows, *sum((["-o", f"{o}={work}/p_{o}.npy"] for o in outputs), []))
    check(f"{name}: predict", code == 0, said)
    for sim in ("verilator", "iverilog"):
        if not shutil.which(sim):
            check(f"{name}: {sim} # SKIP {sim} was not found", True)
            continue
        code, said = run("verify", hw, *rows, "--sim", sim, *sum((["-o", f"{o}={work}/v_{o}.npy"] for o in outputs), []))
        check(f"{name}: {sim}", code == 0 and " 0 mismatches" in said, said)
        wrong = same(outputs, work) if code == 0 else outputs
        check(f"{name}: {sim} computes what predict does", not wrong, str(wrong))
    code, said = run("verify", hw, *rows[:2])
    check(f"{name}: an input without rows is named", code != 0 and f"no rows for input {inputs[1][0]}" in said, said)
    return host


def main():
    with tempfile.TemporaryDirectory() as work:
        network(CROSSING, [("a.b", 6), ("a_b", 4)], ["third", "first", "second", "middle"],
                ["s_axis_a_b", "s_axis_a_b_2", "m_axis_third", "m_axis_first", "m_axis_second", "m_axis_middle"], work)
        network(MEETING, [("left", 4), ("right", 4)], ["sum", "right_alone"],
                ["s_axis_left", "s_axis_right", "m_axis_sum", "m_axis_right_alone"], work)
        host = network(BRANCHING, [("left", 4), ("right", 4)], ["sums", "chances", "product"],
                       ["s_axis_left", "s_axis_right", "m_axis_sums", "m_axis_sums", "m_axis_sums", "m_axis_product"], work)
        got = [(p["name"], p["port"], p["nodes"]) for p in host["outputs"]]
        want = [("sums", "m_axis_sums", ["y1_dequantize"]), ("chances", "m_axis_sums", ["y1_dequantize", "p1"]),
                ("product", "m_axis_sums", ["y1_dequantize", "p1", "both"]), ("product", "m_axis_product", ["y2_dequantize", "p2", "both"])]
        check("branching: the nodes between every stream and every output", got == want, str(got))
    return end()


sys.exit(main())
