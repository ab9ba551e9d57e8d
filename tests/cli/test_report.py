#!/usr/bin/env python3
"""The numbers of a build's report and of the folding curve, held against each other and against what the network is; info and doctor. TAP."""
import hashlib
import json
import math
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import network, write_recipe
from tap import check, end, run, write_rows

SIZES = (96, 24, 4)
WEIGHTS = sum(a * b for a, b in zip(SIZES, SIZES[1:]))
MHZ = 50


def answer(*args):
    status, out, text = run(*args, "--json", "-q")
    check(" ".join(map(str, args)), status == 0, text)
    return json.loads(out) if status == 0 else None


def build(net, *options):
    return answer("build", net, "-o", "hw", "--clock-mhz", MHZ, *options)


def rates(net):
    for fps in (200000, 1000000):
        n = build(net, "--fps", fps)["network"]
        check(f"{fps} frames/s at {MHZ} MHz are reached, by no more than twice the rate", MHZ * 1e6 / fps >= n["ii_cycles"] > MHZ * 1e6 / fps / 2, n)
        check("frames/s are the clock over the interval", math.isclose(n["fps"], MHZ * 1e6 / n["ii_cycles"]), n)
        check("the latency in ns", math.isclose(n["latency_ns"], n["latency_cycles"] * 1e3 / MHZ) and n["latency_cycles"] > n["ii_cycles"], n)


def layers(report):
    units, n = report["layers"], report["network"]
    products = [u for u in units if u["op"] == "mvu"]
    check("products of every layer", [u["macs"] for u in products] == [a * b for a, b in zip(SIZES, SIZES[1:])], products)
    check("bits of the weights", sum(u["weight_bits"] for u in units) == WEIGHTS == n["weight_bits"], n)
    check("cycles are products over PE and SIMD", all(u["macs"] == u["cycles"] * u["pe"] * u["simd"] for u in products), products)
    check("slack is what a unit's own work leaves", all(u["slack"] == n["ii_cycles"] - u["cycles"] for u in units), units)
    waits = [u["starved_cycles"] + u["blocked_cycles"] - u["slack"] for u in products]
    check("a unit works or waits, but for the first frame's way", all(abs(w) <= n["latency_cycles"] / 6 for w in waits), products)
    for what in ("lut", "ff", "dsp"):
        total = sum(u[what] for u in units)
        check(f"{what} of all layers", total - len(units) <= n[what] <= total, n)
    slowest = max(units, key=lambda u: u["cycles"])
    check("the slowest unit is the bottleneck", report["bottleneck"] == {k: slowest[k] for k in ("name", "op", "cycles")} | {"limited_by": "its own work"}, report["bottleneck"])


def roofline(report):
    r, n = report["roofline"], report["network"]
    check("operations of a frame", r["ops_per_frame"] == 2 * WEIGHTS, r)
    check("operations that are attained", math.isclose(r["attained_ops"], r["ops_per_frame"] * n["fps"]), r)
    peak = sum(2 * u["pe"] * u["simd"] * MHZ * 1e6 for u in report["layers"] if u["op"] == "mvu")
    check("the peak: all products in all clocks", math.isclose(r["peak_ops"], peak) and r["attained_ops"] <= peak, r)
    ports = report["host"]["inputs"] + report["host"]["outputs"]
    check("bytes of a frame", r["bytes_per_frame"] == sum(p["beats"] * p["beat_bytes"] for p in ports), r)
    check("bound by the slowest unit", r["bound"] == report["bottleneck"]["name"], r)


def curve(net):
    """A part that the fastest folding does not fit."""
    points = answer("build", net, "--sweep", "--part", "ice40up5k", "--clock-mhz", MHZ)["points"]
    check("from the fastest folding on, slower and slower", len(points) > 5 and all(a["ii_cycles"] < b["ii_cycles"] for a, b in zip(points, points[1:])), points)
    check("what is slower is not larger", all(a["lut"] >= b["lut"] for a, b in zip(points, points[1:])) and points[0]["lut"] > 5 * points[-1]["lut"], points)
    check("frames/s of every point", all(math.isclose(p["fps"], MHZ * 1e6 / p["ii_cycles"]) for p in points), points)
    check("the largest do not fit, the smallest do", not points[0]["fits"] and points[-1]["fits"] and all(p["lut"] <= 5280 for p in points if p["fits"]), points)
    check("who is slowest", all(p["slowest"] for p in points), points)
    fits = next(p["ii_cycles"] for p in points if p["fits"])
    fastest = build(net, "--part", "ice40up5k", "--fastest")["network"]
    check("as fast as fits: no slower than the curve", fastest["ii_cycles"] <= fits and fastest["lut"] <= 5280, fastest)
    status, _, text = run("build", net, "-o", "hw", "--part", "ice40up5k", "--ii", points[0]["ii_cycles"], "-q")
    check("a target that does not fit is refused with the part and the way out", status == 2 and "do not fit ice40up5k" in text and "the fastest folding that fits" in text, text)


def unverified(net):
    """Without a simulator the design stands, and its report says that it was not verified."""
    write_rows("x.npy", [[1.0] * SIZES[0]])
    path, os.environ["PATH"] = os.environ["PATH"], "/nowhere"
    status, out, text = run("build", net, "-o", "alone", "--verify", "x.npy", "-q")
    os.environ["PATH"] = path
    with open("alone/report.json") as f:
        said = json.load(f)["verify"]
    check("a design that no simulator verified says so", status == 3 and "verilator was not found" in text and said.startswith("not done") and "II " in out, f"{status} {said} {text}")
    status, _, text = run("build", net, "-o", "rowless", "--verify", "none.npy", "-q")
    check("rows that are not there are missed before the build", status == 2 and "none.npy" in text and not os.path.exists("rowless"), text)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def checksums(net):
    """Which files a design was made of: the model, or the text form, in which the hashes of its weights stand."""
    status, _, text = run("opt", net, "-p", "", "-o", "own.lf", "-q")
    check("a text with its weights beside it", status == 0 and os.path.exists("own.lfw"), text)
    report = build("own.lf", "--ii", 100)
    check("a network in text form: the SHA-256 of the text", report["model_sha256"] == report["text_sha256"] == digest("own.lf"), report["model_sha256"])
    check("info says the same", answer("info", "own.lf")["sha256"] == digest("own.lf"))
    with open("own.lfw", "r+b") as f:
        f.seek(-1, os.SEEK_END)
        last = f.read()
        f.seek(-1, os.SEEK_END)
        f.write(bytes([last[0] ^ 1]))
    status, _, text = run("info", "own.lf", "-q")
    check("weights of another network do not go with it", status == 2 and "own.lf" in text, text)
    status, _, text = run("train", write_recipe("own.yaml"), "-o", "own.onnx", "-q")
    check("a network in ONNX is trained", status == 0, text)
    report = build("own.onnx", "--ii", 100)
    check("a network in ONNX: that of the file", report["model_sha256"] == digest("own.onnx") and "text_sha256" not in report, report["model_sha256"])
    run("opt", "own.onnx", "-p", "", "-o", "copy.lf", "-q")
    report = build("copy.lf", "--ii", 100)
    check("a text made of it: both", (report["model"], report["model_sha256"], report["text_sha256"]) == ("own.onnx", digest("own.onnx"), digest("copy.lf")), report["model_sha256"])


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        net = network("small", SIZES)
        rates(net)
        report = build(net, "--ii", 100)
        layers(report)
        roofline(report)
        checksums(net)
        unverified(net)
        curve(network("wide", (128, 128, 16)))
        info = answer("info", net)
        check("info: products and bits", info["macs"] == WEIGHTS and WEIGHTS <= info["weight_bits"] < 2 * WEIGHTS, info)
        doctor = answer("doctor")
        check("doctor: processor, kernels, tools", "scalar" in doctor["kernels"] and doctor["threads"] >= 1 and {"yosys", "verilator", "iverilog"} <= set(doctor["tools"]), doctor)
        os.chdir("/")
    return end()


sys.exit(main())
