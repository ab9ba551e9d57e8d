#!/usr/bin/env python3
"""A FIFO of a join with which the circuit runs at the full rate, but stops when its streams pause: refused by the proof, and shown in Icarus. TAP."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import join_nets
from tap import check, run

# The short branch has pipelines, which hold more words at the full rate than with gaps.
LAYERS = """layers:
  - {conv: 4, kernel: 4, stride: 4, name: stem}
  - {conv: 4, pad: 1, name: rows, activations: {type: int, bits: 4, scale_mode: learned}}
  - {conv: 4, kernel: 1, from: stem, name: points, activations: {type: int, bits: 4, scale_mode: learned}}
  - {join: [rows, points]}
  - global_average_pool
  - 10
"""
ROWS, STALLS, SEEDS = 3, (0.7, 0.9), (0, 1)

def build(fifo=None, depth=0, *more):
    return join_nets.build(800, {fifo: depth} if fifo else None, *more)


def verify(stall, seed):
    status, _, text = run("verify", "hw", "-i", "x.npy", "-n", ROWS, "--sim", "iverilog", "--stall", stall, "--seed", seed, "-q")
    return status, text


def study():
    _, report, text = build()
    check("as built, no stalls can stop it", report and report["network"]["deadlock_free"] and report["network"]["deadlock_proof"]["stops"] is None, text)
    runs = [verify(stall, seed) for stall in STALLS for seed in SEEDS]
    check("simulated, none does", all(status == 0 for status, _ in runs), runs)
    fifo = next(l["name"] for l in report["layers"] if l["op"] == "sum_join") + "_fifo1"
    depth = next(f["depth"] for f in report["fifos"] if f["name"] == fifo)
    least = None
    while depth > 1:
        depth -= 1
        network = build(fifo, depth, "--allow-deadlock")[1]["network"]
        if network["ii_cycles"] is None:
            break
        least = None if network["deadlock_free"] else depth
    check("there is a depth with which only stalls stop it", least, depth)
    if not least:
        return
    status, _, text = build(fifo, least)
    check("it is refused, the FIFO named", status != 0 and "may stop the circuit for ever" in text and f"{fifo} waits for" in text, text)
    _, report, text = build(fifo, least, "--allow-deadlock")
    check("on demand it is built, with a warning", report and "may stop the circuit for ever" in text, text)
    check("simulated with few stalls, it runs at the predicted rate", verify(0.01, 0)[0] == 0)
    runs = [verify(stall, seed) for stall in STALLS for seed in SEEDS[:1]]
    check("simulated with many, it stops", any(status == 1 and "nothing comes out any more" in text for status, text in runs), runs)


sys.exit(join_nets.main(LAYERS, ROWS, study))
