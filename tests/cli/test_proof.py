#!/usr/bin/env python3
"""Circuits against their networks for all inputs, by Berkeley ABC: the network is written as gates here, from its tables alone; `cec` holds the minimized
circuit against it, and what Yosys maps of the Verilog. A planted fault must be seen. TAP."""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import check, end, run_merged as run
from test_circuit_files import bit_of, names_of, numbers, write

rng = random.Random(31)
ABC = shutil.which("berkeley-abc") or shutil.which("yosys-abc")


class Gates:
    """A BLIF model in the making; signals are names, numbers are lists of them, the lowest first."""

    def __init__(self):
        self.text, self.count = [], 0

    def cover(self, inputs, ones):
        """A signal that is 1 at these addresses; the first input is the lowest bit."""
        self.count += 1
        name, ones = f"g{self.count}", list(ones)
        inputs = inputs if ones else []
        self.text.append(f".names {' '.join([*inputs, name])}")
        for a in ones:
            self.text.append("".join(str(a >> j & 1) for j in range(len(inputs))) + (" 1" if inputs else "1"))
        return name

    def table(self, inputs, values, bits):
        return [self.cover(inputs, [a for a, v in enumerate(values) if v >> k & 1]) for k in range(bits)]

    def add(self, x, y):
        zero = self.cover([], [])
        out, carry = [], zero
        for k in range(max(len(x), len(y)) + 1):
            pins = [x[k] if k < len(x) else zero, y[k] if k < len(y) else zero, carry]
            out.append(self.cover(pins, [1, 2, 4, 7]))
            carry = self.cover(pins, [3, 5, 6, 7])
        return out

    def less(self, x, y):
        below = self.cover([], [])
        for a, b in zip(x, y):
            below = self.cover([a, b, below], [2, 4, 6, 7])
        return below

    def choose(self, which, yes, no):
        return [self.cover([which, a, b], [3, 4, 6, 7]) for a, b in zip(yes, no)]

    def write(self, path, inputs, outputs, names):
        buffers = [f".names {s} {n}\n1 1" for s, n in zip(outputs, names)]
        return write(path, "\n".join([".model network", ".inputs " + " ".join(inputs), ".outputs " + " ".join(names), *self.text, *buffers, ".end", ""]))


def votes():
    """Thresholds of codes, two layers of LUTs, ones per class, the class with most."""
    features, bits, luts = 4, 5, 12
    levels = [sorted(rng.sample(range(0, 31), 4)) for _ in range(features)]
    wires = [[rng.sample(range(n), 5) for _ in range(luts)] for n in (4 * features, luts)]
    tables = [[[rng.randint(0, 1) for _ in range(32)] for _ in range(luts)] for _ in range(2)]

    def flat(rows):
        return numbers(v for row in rows for v in row)

    text = f"""lutfisk 1
graph "votes"
input "x" = %x : UINT{bits}[1,{features}]
const %t : UINT5[{features},4] range {{0,31,1}} = {flat(levels)}
const %i0 : UINT4[{luts},5] range {{0,15,1}} = {flat(wires[0])}
const %t0 : UINT1[{luts},32] = {flat(tables[0])}
const %i1 : UINT4[{luts},5] range {{0,11,1}} = {flat(wires[1])}
const %t1 : UINT1[{luts},32] = {flat(tables[1])}
%b : UINT1[1,{4 * features}] = thermometer(%x, %t) "encoder"
%n0 : UINT1[1,{luts}] = table_neurons(%b, %i0, %t0) "layer0"
%n1 : UINT1[1,{luts}] = table_neurons(%n0, %i1, %t1) "layer1"
%g : UINT1[1,3,4] = reshape(%n1) "groups" {{shape=[1, 3, 4]}}
%y : UINT3[1,3] range {{0,4,1}} = reduce(%g) "counts" {{axes=[2], keepdims=false}}
%c : UINT2[1] range {{0,2,1}} = argmax(%y) "winner" {{axis=1, keepdims=false}}
output "class" = %c
"""
    g = Gates()
    at = [g.cover([f"x[{f * bits + k}]" for k in range(bits)], range(t + 1, 1 << bits)) for f in range(features) for t in levels[f]]
    for layer in range(2):
        at = [g.table([at[i] for i in w], t, 1)[0] for w, t in zip(wires[layer], tables[layer])]
    count = []
    for c in range(3):
        sums = [[s] for s in at[4 * c:4 * c + 4]]
        count.append(g.add(g.add(sums[0], sums[1]), g.add(sums[2], sums[3])))
    second = g.less(count[0], count[1])
    best = g.choose(second, count[1], count[0])
    third = g.less(best, count[2])
    return "votes", text, g, [[g.cover([second, third], [1]), third]]


def neurons():
    """Two layers of neurons of four codes of two bits, sums of table edges."""
    codes, width = 6, 8
    wires = [[rng.sample(range(n), 4) for _ in range(width)] for n in (codes, width)]
    tables = [[[min(3, max(0, (a & 3) * 2 - (a >> 2 & 3) + (a >> 4 & 3) - (a >> 6) + rng.randint(-1, 1))) for a in range(256)] for _ in range(width)] for _ in range(2)]
    edges = [(i, o, rng.sample(range(-8, 9), 4)) for o in range(2) for i in rng.sample(range(width), 5)]

    def flat(rows):
        return numbers(v for row in rows for v in row)

    text = f"""lutfisk 1
graph "neurons"
input "x" = %x : UINT2[1,{codes}]
const %i0 : UINT3[{width},4] range {{0,5,1}} = {flat(wires[0])}
const %t0 : UINT2[{width},256] = {flat(tables[0])}
const %i1 : UINT3[{width},4] range {{0,7,1}} = {flat(wires[1])}
const %t1 : UINT2[{width},256] = {flat(tables[1])}
const %e : INT4[{len(edges)},6] range {{0,7,1}} = {flat([(i, o, 0, 2, 0, 0) for i, o, _ in edges])}
const %t : INT5[{4 * len(edges)}] range {{-8,8,1}} = {flat(t for _, _, t in edges)}
const %z : INT7[2] range {{40,41,1}} = [40, 41]
%n0 : UINT2[1,{width}] = table_neurons(%x, %i0, %t0) "layer0" {{bits=2}}
%n1 : UINT2[1,{width}] = table_neurons(%n0, %i1, %t1) "layer1" {{bits=2}}
%y : INT32[1,2] = table_edges(%n1, %e, %t, %z) "sums"
output "y" = %y
"""
    g = Gates()
    at = [[f"x[{2 * e}]", f"x[{2 * e + 1}]"] for e in range(codes)]
    for layer in range(2):
        at = [g.table([s for i in w for s in at[i]], t, 2) for w, t in zip(wires[layer], tables[layer])]
    out = []
    for o in range(2):  # entries count from -8: five edges need 40 less, which is the bias
        total = g.table([], [o], 1)
        for i, to, entries in edges:
            if to == o:
                total = g.add(total, g.table(at[i], [v + 8 for v in entries], 5))
        out.append(total)
    return "neurons", text, g, out


def abc(one, two):
    done = subprocess.run([ABC, "-q", f"cec {one} {two}"], capture_output=True, text=True)
    return "are equivalent" in done.stdout, done.stdout + done.stderr


def mapped(hw, name, output, work):
    """What synthesis makes of the Verilog as BLIF with the names of the other one; clock and valid, which no data depend on, left out."""
    code, said = run("synth", hw, "--part", "xcup", "--json")
    check(f"{name}: synth finds no memories", code == 0 and '"bram": 0' in said.replace("0.0", "0"), said)
    script = (f"read_verilog {hw}/synth/netlist.v; read_verilog +/xilinx/cells_sim.v; hierarchy -top {name}; proc; flatten; "
              "delete -port w:out_valid w:in_valid w:aclk w:aresetn; opt_clean; techmap; simplemap; opt -full; aigmap; opt_clean; "
              f"write_blif {work}/mapped.blif")
    done = subprocess.run(["yosys", "-q", "-p", script], capture_output=True, text=True)
    check(f"{name}: gates of its cells", done.returncode == 0, done.stdout + done.stderr)
    with open(f"{work}/mapped.blif") as f:
        text = re.sub(r"(?<![\w.])in_data\[", "x[", f.read())
    return write(f"{work}/mapped.blif", re.sub(r"(?<![\w.])out_data\[", f"{output}[", text))


def proof(work, network):
    name, text, gates, outputs = network
    model, hw, blif = write(f"{work}/{name}.lf", text), f"{work}/{name}", f"{work}/{name}.blif"
    code, said = run("build", model, "-o", hw, "--style", "table", "--interface", "flow", "--lut-depth", "none")
    check(f"{name}: build", code == 0, said)
    code, said = run("opt", hw, "-p", "", "-o", blif)
    check(f"{name}: BLIF", code == 0, said)
    if code:
        return
    outs = names_of(blif, "outputs")
    width = len(outs) // len(outputs)
    ends = [outputs[bit_of(n) // width][bit_of(n) % width] for n in outs]
    gates.write(f"{work}/{name}_network.blif", names_of(blif, "inputs"), ends, outs)
    same, said = abc(f"{work}/{name}_network.blif", blif)
    check(f"{name}: the circuit is the network for all inputs", same, said)
    with open(blif) as f:
        lines = f.read().split("\n")
    covers = [i for i, line in enumerate(lines) if line.endswith(" 1") and len(line) > 6]
    write(f"{work}/faulty.blif", "\n".join(line for i, line in enumerate(lines) if i != covers[len(covers) // 2]))
    same, said = abc(f"{work}/{name}_network.blif", f"{work}/faulty.blif")
    check(f"{name}: a planted fault is seen", not same and "NOT EQUIVALENT" in said, said)
    if not shutil.which("yosys"):
        check(f"{name}: what is mapped # SKIP Yosys was not found", True)
        return
    cells = mapped(hw, name, outs[0].split("[")[0], work)
    gates.write(f"{work}/{name}_network.blif", names_of(cells, "inputs"), ends, outs)
    same, said = abc(f"{work}/{name}_network.blif", cells)
    check(f"{name}: what Yosys maps is the network for all inputs", same, said)


def main():
    if not ABC:
        check("proofs # SKIP Berkeley ABC was not found", True)
        return end()
    with tempfile.TemporaryDirectory() as work:
        proof(work, votes())
        proof(work, neurons())
    return end()


sys.exit(main())
