#!/usr/bin/env python3
"""The FIFO at a join of a residual network, as deep as it must be, half of that and 1: what the model predicts is what Icarus shows. TAP."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import join_nets
from tap import check, run

# At the first join the other branch works pixel by pixel: half of the depth is slower. At the second it needs rows before it gives any.
LAYERS = """layers:
  - {conv: 4, kernel: 4, stride: 4, name: stem}
  - {conv: 8, kernel: 1}
  - {conv: 8, kernel: 1}
  - {conv: 4, kernel: 1, name: points, activations: {type: int, bits: 4, scale_mode: learned}}
  - {join: [points, stem], name: first}
  - {conv: 4, pad: 1, name: rows, activations: {type: int, bits: 4, scale_mode: learned}}
  - {join: [rows, first]}
  - global_average_pool
  - 10
"""
ROWS, SETTLING = 3, 6  # frames of a simulation; with a full FIFO it takes some until they come at an even pace

def build(depths=None, *more):
    """Report and messages; the report is None when the build was refused."""
    return join_nets.build(3200, depths, *more)[1:]


def verify(rows=ROWS):
    status, out, text = run("verify", "hw", "-i", "x.npy", "-n", rows, "--sim", "iverilog", "--json", "-q")
    return status, json.loads(out) if out else {}, text


def runs_at_the_predicted_rate(name, report, rows):
    status, seen, text = verify(rows)
    good = status == 0 and seen["mismatches"] == 0 and seen["ii_cycles"] == seen["predicted_ii_cycles"]
    check(f"{name}: simulated with and without stalls, bits, II and latency are the predicted ones", good, f"{seen}\n{text}")
    check(f"{name}: the rate is the report's", good and seen["ii_cycles"] == report["network"]["ii_cycles"], seen)


def stops_as_predicted(name, join):
    """Refused; built on demand, the simulation stops after the beats that the model says."""
    depths = {join["name"]: 1}
    report, text = build(depths)
    check(f"{name}: a deadlock is refused and the way out named", report is None and "stops for ever" in text and "--allow-deadlock" in text, text)
    check(f"{name}: the unit that the FIFO blocks is named", f"{join['name']} waits for {join['unit']} at its output 0 (0 beats passed) and holds 1" in text, text)
    report, text = build(depths, "--allow-deadlock")
    check(f"{name}: it can be built with a warning", report and report["network"]["ii_cycles"] is None and "warning: " in text, text)
    status, seen, text = verify()
    check(f"{name}: simulated, it stops as predicted", status == 1 and "as predicted" in text and seen["deadlock"] == report["network"]["deadlock"], text)
    beats = {p["name"]: (p["beats"], p["of"]) for p in seen.get("ports", [])}
    check(f"{name}: it has taken some of the first frame and given nothing", 0 < beats["x"][0] < beats["x"][1] // ROWS and beats["logits"] == (0, ROWS * 10), beats)


def unmasks_a_wrong_model(join):
    """The same Verilog beside a model with a deeper FIFO, which takes more beats."""
    text = open("hw/model.lf").read()
    line = next(l for l in text.splitlines() if f'"{join["name"]}"' in l)
    assert "{depth=1}" in line, line
    with open("hw/model.lf", "w") as f:
        f.write(text.replace(line, line.replace("{depth=1}", "{depth=20}")))
    status, _, text = verify()
    check("a model that stops elsewhere is found out", status == 1 and "before the circuit stopped, predicted were" in text, text)


def denies_a_deadlock(report):
    report["network"]["deadlock"] = "nobody waits for nobody"
    with open("hw/report.json", "w") as f:
        json.dump(report, f)
    status, _, text = verify()
    check("a report that speaks of a deadlock where there is none is found out", status == 2 and "but not yet with 3 rows" in text, text)


def study():
    report, text = build()
    fifos = {f["name"]: f["depth"] for f in report["fifos"]}
    joins = [{"name": f"{l['name']}_fifo1", "unit": l["name"]} for l in report["layers"] if l["op"] == "sum_join"]
    check("a FIFO at the short branch of both joins", len(joins) == 2 and all(j["name"] in fifos for j in joins), fifos)
    slowest = max(l["cycles"] for l in report["layers"])
    check("sized: the rate of the slowest unit", report["network"]["ii_cycles"] == slowest, report["network"])
    runs_at_the_predicted_rate("sized", report, ROWS)
    denies_a_deadlock(report)
    half = {joins[0]["name"]: fifos[joins[0]["name"]] // 2}
    report, text = build(half)
    slower = report["network"]["ii_cycles"]
    check("halved: slower, and said so", slower > slowest and f"a frame takes {slower} cycles instead of {slowest}" in text, text)
    check("halved: the FIFO that limits is named", f"{joins[0]['name']}, {half[joins[0]['name']]} deep, holds it up" in text and f"takes {slowest} cycles" in text, text)
    check("halved: the report says why", report["bottleneck"]["limited_by"] == "waits between units", report["bottleneck"])
    runs_at_the_predicted_rate("halved", report, SETTLING)
    stops_as_predicted("one beat, pixels", joins[0])
    stops_as_predicted("one beat, rows", joins[1])
    unmasks_a_wrong_model(joins[1])


sys.exit(join_nets.main(LAYERS, SETTLING, study))
