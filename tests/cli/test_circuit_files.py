#!/usr/bin/env python3
"""Circuits as files: BLIF out of a build and back in as a network of its own, tables in JSON and back, held against predict; what is refused. TAP."""
import ast
import json
import os
import random
import re
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import check, end, run_merged as run, write, write_rows

FEATURES, LEVELS, BITS = 4, 3, 6  # of the network's input; its codes are FIXED<6,2>
rng = random.Random(12)


def read_rows(path):
    with open(path, "rb") as f:
        f.read(8)
        header = ast.literal_eval(f.read(struct.unpack("<H", f.read(2))[0]).decode())
        values = struct.unpack(f"<{(os.path.getsize(path) - f.tell()) // 4}f", f.read())
    columns = len(values) // header["shape"][0]
    return [values[i:i + columns] for i in range(0, len(values), columns)]


def numbers(values):
    return "[" + ", ".join(str(v) for v in values) + "]"


def dwn():
    """Thermometer, two layers of tables, a count per class."""
    levels = numbers(f"{v / 4:.2f}" for _ in range(FEATURES) for v in sorted(rng.sample(range(-6, 7), LEVELS)))
    wires = [numbers(i for _ in range(n) for i in rng.sample(range(w), 4)) for n, w in ((24, FEATURES * LEVELS), (12, 24))]
    tables = [numbers(rng.randint(0, 1) for _ in range(16 * n)) for n in (24, 12)]
    return f"""lutfisk 1
graph "dwn"
input "x" = %x : FLOAT32[1,{FEATURES}]
const %t : FLOAT32[{FEATURES},{LEVELS}] = {levels}
const %i0 : UINT4[24,4] range {{0,11,1}} = {wires[0]}
const %t0 : UINT1[24,16] = {tables[0]}
const %i1 : UINT5[12,4] range {{0,23,1}} = {wires[1]}
const %t1 : UINT1[12,16] = {tables[1]}
%b : UINT1[1,{FEATURES * LEVELS}] = thermometer(%x, %t) "encoder"
%n0 : UINT1[1,24] = table_neurons(%b, %i0, %t0) "layer0"
%n1 : UINT1[1,12] = table_neurons(%n0, %i1, %t1) "layer1"
%g : UINT1[1,3,4] = reshape(%n1) "groups" {{shape=[1, 3, 4]}}
%y : UINT3[1,3] range {{0,4,1}} = reduce(%g) "counts" {{axes=[-1], keepdims=false}}
output "counts" = %y
"""


def names_of(blif, key):
    with open(blif) as f:
        return re.search(rf"^\.{key}(.*)$", f.read(), re.M).group(1).split()


def bit_of(name):
    return int(re.search(r"\[(\d+)\]$", name).group(1))


def to_bits(row, names):
    """The elements of a row as the bits that the inputs of the BLIF file are named after."""
    word = 0
    for e, v in enumerate(row):
        word |= (int(v * 16) & (1 << BITS) - 1) << BITS * e
    return [word >> bit_of(n) & 1 for n in names]


def from_bits(bits, names, width):
    word = sum(int(b) << bit_of(n) for b, n in zip(bits, names))
    return [word >> width * e & (1 << width) - 1 for e in range(len(names) // width)]


def wanted(said):
    return [[int(v) for v in row] for row in said]


def blif_of(model, hw, work):
    code, said = run("build", model, "-o", hw, "--input", f"FIXED<{BITS},2>", "--interface", "flow")
    check("build", code == 0, said)
    code, said = run("info", hw)
    check("a circuit's text is no parameters", code == 0 and re.search(r"^\d parameters", said, re.M), said)
    code, said = run("opt", hw, "-p", "", "-o", f"{work}/dwn.blif")
    check("BLIF of the build is written", code == 0 and " LUTs" in said, said)
    return f"{work}/dwn.blif"


def predict_bits(blif, rows, work):
    ins, outs = names_of(blif, "inputs"), names_of(blif, "outputs")
    write_rows(f"{work}/bits.npy", [to_bits(r, ins) for r in rows])
    code, said = run("predict", blif, "-i", f"{work}/bits.npy", "-o", f"{work}/out.npy")
    return code, said, [from_bits(r, outs, 3) for r in read_rows(f"{work}/out.npy")] if code == 0 else None


def build_bits(blif, work):
    """The imported netlist is a network like any: built again, simulated, no larger than it was."""
    hw = f"{work}/again"
    code, said = run("build", blif, "-o", hw, "--style", "table", "--interface", "flow", "--json")
    check("imported BLIF: build", code == 0, said)
    code, said = run("info", blif)
    check("imported BLIF: info", code == 0 and "UINT1" in said and "table_neurons" in said, said)
    if not shutil.which("iverilog"):
        check("imported BLIF: verify # SKIP iverilog was not found", True)
        return
    code, said = run("verify", hw, "-i", f"{work}/bits.npy", "--sim", "iverilog")
    check("imported BLIF: verify", code == 0 and " 0 mismatches" in said, said)


def round_trip(work):
    model, hw = write(f"{work}/dwn.lf", dwn()), f"{work}/hw"
    rows = [[rng.randint(-32, 31) / 16 for _ in range(FEATURES)] for _ in range(200)]
    write_rows(f"{work}/x.npy", rows)
    code, said = run("predict", model, "-i", f"{work}/x.npy", "-o", f"{work}/y.npy", "--input", f"FIXED<{BITS},2>")
    check("predict", code == 0, said)
    want = wanted(read_rows(f"{work}/y.npy"))
    blif = blif_of(model, hw, work)
    code, said, got = predict_bits(blif, rows, work)
    check("BLIF, imported, equals the network on 200 rows", code == 0 and got == want, said)
    build_bits(blif, work)
    with open(blif) as f:
        text = f.read()
    faulty = write(f"{work}/faulty.blif", re.sub(r"^([01]{3,}) 1$", "", text, count=8, flags=re.M))
    code, said, got = predict_bits(faulty, rows, work)
    check("a planted fault is seen", code == 0 and got != want, said)


def tables(work):
    """The network of round_trip as tables in JSON."""
    code, said = run("opt", f"{work}/dwn.lf", "-p", "", "-o", f"{work}/tables.json")
    check("tables in JSON are written", code == 0, said)
    with open(f"{work}/tables.json") as f:
        net = json.load(f)
    check("they are plain data", net["format"] == "lutfisk-tables" and [len(v["tables"]) for v in net["layers"] if "tables" in v] == [24, 12], str(net)[:300])
    code, said = run("predict", f"{work}/tables.json", "-i", f"{work}/x.npy", "-o", f"{work}/y2.npy", "--input", f"FIXED<{BITS},2>")
    check("and read back: the same outputs", code == 0 and read_rows(f"{work}/y2.npy") == read_rows(f"{work}/y.npy"), said)
    code, said = run("opt", f"{work}/hw", "-p", "", "-o", f"{work}/no.json")
    check("a build is no chain of tables", code == 2 and "a build has one" in said and not os.path.exists(f"{work}/no.json"), said)


NETS = {
    "a.blif": (".model a\n.inputs a b\n.outputs y k a\n.names a b y\n10 1\n01 1\n.names k\n1\n.end\n", None),
    "latch.blif": (".model a\n.inputs a\n.outputs y\n.latch a y 0\n.end\n", ".latch: a circuit has no state"),
    "cycle.blif": (".model a\n.inputs a\n.outputs y\n.names a z y\n11 1\n.names y z\n1 1\n.end\n", "depends on itself"),
    "nameless.blif": (".inputs a\n.outputs y\n.names a y\n1 1\n.end\n", "no line .model NAME"),
    "no_inputs.blif": (".model a\n.outputs y\n.names y\n1\n.end\n", "has no .inputs"),
    "no_outputs.blif": (".model a\n.inputs y\n.end\n", "has no .outputs"),
    "unmade.blif": (".model a\n.inputs a\n.outputs y\n.names a z y\n11 1\n.end\n", "z is read but neither an input nor made"),
}


def small_files(work):
    for name, (text, complaint) in NETS.items():
        code, said = run("info", write(f"{work}/{name}", text))
        if complaint:
            check(f"{name} is refused", code == 2 and complaint in said and "crash" not in said, said)
        else:
            check(f"{name}: info", code == 0 and "[1,3]" in said, said)
    write_rows(f"{work}/four.npy", [[0, 0], [1, 0], [0, 1], [1, 1]])
    code, said = run("predict", f"{work}/a.blif", "-i", f"{work}/four.npy", "-o", f"{work}/four_y.npy")
    got = read_rows(f"{work}/four_y.npy") if code == 0 else said
    check("a netlist of one gate, a constant and an input", got == [(0, 1, 0), (1, 1, 1), (1, 1, 0), (0, 1, 1)], str(got))
    write_rows(f"{work}/half.npy", [[0.5, 0]])
    code, said = run("predict", f"{work}/a.blif", "-i", f"{work}/half.npy")
    check("what is no bit is refused", code == 2 and "0.5" in said, said)
    for passes in ("", "integerize"):
        code, said = run("opt", f"{work}/a.blif", "-p", passes, "-o", f"{work}/no.blif")
        check(f"BLIF of a graph without a circuit is refused ('{passes}')", code == 2 and "circuits" in said and not os.path.exists(f"{work}/no.blif"), said)
    code, said = run("opt", f"{work}/a.blif", "-p", "integerize, circuits", "-o", f"{work}/yes.blif")
    check("by passes", code == 0 and names_of(f"{work}/yes.blif", "inputs") == ["x[0]", "x[1]"], said)


def main():
    with tempfile.TemporaryDirectory() as work:
        round_trip(work)
        tables(work)
        small_files(work)
    return end()


if __name__ == "__main__":
    sys.exit(main())
