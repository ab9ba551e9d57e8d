#!/usr/bin/python3
"""Our models of block RAM against the memories they come from: every port width, data and parity, both halves of the widest words, both
families, contents from a file, simple dual port with writes. Yosys maps; Icarus runs both side by side on random traffic."""
import os
import random
import shutil
import subprocess
import sys
import tempfile

for tool in ("yosys", "iverilog", "vvp"):
    if not shutil.which(tool):
        print(f"skipped: {tool} was not found")
        sys.exit(77)
ROOT = os.getcwd()
SHAPES = [(1, 20000), (2, 9000), (4, 5000), (8, 3000), (9, 2048), (16, 1200), (18, 1024), (32, 600), (36, 512), (64, 512), (72, 512), (36, 1500), (17, 700), (5, 4096)]
random.seed(4)


def memory(kind, width, depth, index):
    """A ROM with contents, or a RAM with contents, one write and one read port (old data on a collision)."""
    bits = (depth - 1).bit_length()
    lines = [f"module {kind}_{index} (input wire clk, input wire en, input wire we, input wire [{bits - 1}:0] ra, input wire [{bits - 1}:0] wa,"
             f" input wire [{width - 1}:0] d, output reg [{width - 1}:0] q);",
             f'    (* ram_style = "block" *) reg [{width - 1}:0] m [0:{depth - 1}];',
             f'    initial $readmemh("m_{index}.mem", m);',
             "    always @(posedge clk) if (en) q <= m[ra];"]
    if kind == "ram":
        lines.append("    always @(posedge clk) if (we) m[wa] <= d;")
    return "\n".join(lines + ["endmodule"])


def top(name, cells):
    ports, body = ["input wire clk, input wire en, input wire we, input wire [15:0] ra, input wire [15:0] wa, input wire [71:0] d"], []
    for kind, width, depth, i in cells:
        bits = (depth - 1).bit_length()
        ports.append(f"output wire [{width - 1}:0] q_{kind}_{i}")
        body.append(f"    {kind}_{i} {kind}_cell_{i} (.clk(clk), .en(en), .we(we), .ra(ra[{bits - 1}:0]), .wa(wa[{bits - 1}:0]), .d(d[{width - 1}:0]), .q(q_{kind}_{i}));")
    return f"module {name} (\n    " + ",\n    ".join(ports) + "\n);\n" + "\n".join(body) + "\nendmodule\n"


def library(path, own):
    """Yosys's models without the modules that ours stand in for."""
    out, skip = [], False
    for line in open(path):
        if line.startswith("module ") and line.split("(")[0].split("#")[0].split()[1] in own:
            skip = True
        if not skip:
            out.append(line)
        if line.startswith("endmodule"):
            skip = False
    return "".join(out)


def bench(cells, steps):
    text = ["module tb;", "    reg clk, en, we; reg [15:0] ra, wa; reg [71:0] d; integer i, bad;"]
    for kind, width, _, i in cells:
        text.append(f"    wire [{width - 1}:0] a_{kind}_{i}, b_{kind}_{i};")
    for name, side in (("plain", "a"), ("mapped", "b")):
        pins = ", ".join(f".q_{k}_{i}({side}_{k}_{i})" for k, _, _, i in cells)
        text.append(f"    {name} dut_{side} (.clk(clk), .en(en), .we(we), .ra(ra), .wa(wa), .d(d), {pins});")
    text.append("    initial begin bad = 0; clk = 0; en = 1; we = 0; ra = 0; wa = 0; d = 0; #20;")
    text.append(f"        for (i = 0; i < {steps}; i = i + 1) begin")
    text.append("            ra = i < 100 ? i : {$random} % 600; if ({$random} % 3 == 0) ra = {$random}; wa = {$random} % 2 ? ra : {$random} % 600; d = {$random, $random, $random};")
    text.append("            en = {$random} % 8 != 0; we = i > 600 && {$random} % 2; #5 clk = 1; #5 clk = 0;")
    for kind, _, depth, i in cells:
        bits = (depth - 1).bit_length()
        text.append(f"            if (i > 0 && ra[{bits - 1}:0] < {depth} && (^a_{kind}_{i}) !== 1'bx && a_{kind}_{i} !== b_{kind}_{i}) begin if (bad < 10) $display(\"{kind}_{i} step %0d address %0d: %h, mapped %h\", i, ra, a_{kind}_{i}, b_{kind}_{i}); bad = bad + 1; end")
    text.append('        end $display("%0d differences", bad); $finish; end endmodule')
    return "\n".join(text)


def run(family, work):
    # Yosys 0.23 joins the wrong parity inputs where a RAM is written 72 bits wide (its techmap compares the width with 71): our
    # units write block RAM at most 36 wide.
    cells = [(kind, w, d, i) for i, (w, d) in enumerate(SHAPES) for kind in ("rom", "ram") if kind == "rom" or w <= 36]
    sources = "\n".join(memory(k, w, d, i) for k, w, d, i in cells)
    open(f"{work}/plain.v", "w").write(sources + "\n" + top("plain", cells))
    script = f"read_verilog plain.v; synth_xilinx -family {family} -flatten -noiopad -top plain; rename plain mapped; write_verilog -noattr mapped.v; tee -q -o stat.txt stat"
    subprocess.run(["yosys", "-q", "-p", script], cwd=work, check=True, capture_output=True)
    stat = open(f"{work}/stat.txt").read()
    kinds = [c for c in ("RAMB18E1", "RAMB36E1", "RAMB18E2", "RAMB36E2") if c in stat]
    own = {"RAMB18E1", "RAMB36E1", "RAMB18E2", "RAMB36E2"}
    data = subprocess.run(["yosys-config", "--datdir"], capture_output=True, text=True).stdout.strip() if shutil.which("yosys-config") else "/usr/share/yosys"
    open(f"{work}/cells.v", "w").write(library(f"{data}/xilinx/cells_sim.v", own))
    open(f"{work}/tb.v", "w").write("`timescale 1ns/1ps\n" + bench(cells, 3000))
    subprocess.run(["iverilog", "-g2012", "-o", "tb.vvp", "-s", "tb", "tb.v", "plain.v", "mapped.v", "cells.v", f"{ROOT}/share/cells/xilinx_memory.v"], cwd=work, check=True)
    out = subprocess.run(["vvp", "-N", "tb.vvp"], cwd=work, capture_output=True, text=True).stdout
    print(family, " ".join(kinds), out.strip().splitlines()[-1] if out.strip() else "no output")
    if not out.strip().endswith("0 differences") or "\n0 differences" not in "\n" + out or len(kinds) != 2:
        print(out)
        return False
    return True


ok = True
for family in ("xc7", "xcup"):
    with tempfile.TemporaryDirectory() as work:
        for i, (w, d) in enumerate(SHAPES):
            with open(f"{work}/m_{i}.mem", "w") as f:
                f.writelines(f"{random.getrandbits(w):0{(w + 3) // 4}x}\n" for _ in range(d))
        ok = run(family, work) and ok
sys.exit(0 if ok else 1)
