#!/usr/bin/env python3
"""A FIFO of a join with which the circuit runs at the full rate, but stops when its streams pause: refused by the proof, and shown in Icarus. TAP."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

TOOL = os.path.abspath(os.environ.get("LUTFISK", "build/lutfisk"))

# The short branch has pipelines, which hold more words at the full rate than with gaps.
RECIPE = """name: short-and-long
data: digits
input: {shape: [1, 28, 28], divisor: 255, multiply: 2, subtract: 1}
input_quantizer: {type: int, bits: 4, scale: 0.125}
weights: {type: int, bits: 4, narrow: true, scale_mode: learned}
activations: {type: uint, bits: 4, scale_mode: learned}
layers:
  - {conv: 4, kernel: 4, stride: 4, name: stem}
  - {conv: 4, pad: 1, name: rows, activations: {type: int, bits: 4, scale_mode: learned}}
  - {conv: 4, kernel: 1, from: stem, name: points, activations: {type: int, bits: 4, scale_mode: learned}}
  - {join: [rows, points]}
  - global_average_pool
  - 10
training: {epochs: 1, batch: 512, rate: 0.005, initial: 0.1, validation: 128}
"""
ROWS, STALLS, SEEDS = 3, (0.7, 0.9), (0, 1)

tests = 0
failed = 0


def check(name, good, why=""):
    global tests, failed
    tests += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {tests} - {name}")
    for line in str(why).splitlines()[:20] if not good else []:
        print("#", line[:400])


def run(*args):
    r = subprocess.run([TOOL, *args, "-q"], capture_output=True, text=True)
    return r.returncode, r.stdout, r.stderr


def build(fifo=None, depth=0, *more):
    """Status, what the report says of the network (None: none), messages, FIFOs and joins."""
    if fifo:
        with open("folding.json", "w") as f:
            json.dump({fifo: {"depth": depth}}, f)
        more += ("--folding", "folding.json")
    status, _, text = run("build", "net.onnx", "-o", "hw", "--ii", "800", *more)
    return status, json.load(open("hw/report.json")) if status == 0 else None, text


def verify(stall, seed):
    status, _, text = run("verify", "hw", "-i", "x.npy", "-n", str(ROWS), "--sim", "iverilog", "--stall", str(stall), "--seed", str(seed))
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


def main():
    if not shutil.which("iverilog"):
        print("1..0 # SKIP iverilog was not found")
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with open("net.yaml", "w") as f:
            f.write(RECIPE)
        for command in (["train", "net.yaml", "-o", "net.onnx"], ["data", "--rows", "digits:test", "-n", str(ROWS), "-o", "x.npy"]):
            status, _, text = run(*command)
            if status:
                check(" ".join(command), False, text)
                break
        else:
            study()
        os.chdir("/")
    print(f"1..{tests}")
    sys.exit(failed > 0)


main()
