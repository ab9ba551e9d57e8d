#!/usr/bin/python3
"""What a folding file asks of a layer is what it gets: weights as logic leave PE and SIMD to the solver, a window's style and SIMD do not
contradict each other, and what is refused comes with what is legal."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import tap
from dense_nets import network

WINDOW = """lutfisk 1
graph "pic"
input "x" = %x : INT3[1,4,4,2]
const %w : INT2[3,18] = [1, 0, -1, 1, 0, -1, 1, 1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0, 1, 1, -1, 0, 1, 1, 0, -1, 1, 1, 0, 1, 0, 1, 0, -1, 1, 1, 0, 1, 1, 1, -1, 1, 0, 0, 1, 1, 1, -1, 0, 1, 1, 0, 1, 1]
%v : INT3[1,4,4,18] = window(%x) "win" {kernel=[3, 3], pads=[1, 1, 1, 1], order=columns} place=fpga
%y : INT7[1,4,4,3] = mvu(%v, %w) "fc" place=fpga
output "y" = %y
"""


def build(fields, model="net.lf"):
    """The folding of a build with these fields, and what was said."""
    with open("f.json", "w") as f:
        json.dump(fields, f)
    status, _, text = tap.run("build", model, "-o", "hw", "--folding", "f.json", "--ii", 4096, "-q")
    return json.load(open("hw/folding.json")) if status == 0 else {}, text


def logic():
    """2,048 weights as logic: at most 64 words, so at least 32 of them at once."""
    network("net", [64, 32, 10])
    folding, text = build({"fc0_mvu": {"ram_style": "logic"}})
    layer = folding.get("fc0_mvu", {})
    tap.check("weights as logic leave the folding to the solver", layer.get("PE", 0) * layer.get("SIMD", 0) >= 32 and layer["ram_style"] == "logic", text)
    folding, text = build({"fc0_mvu": {"ram_style": "logic", "PE": 1, "SIMD": 1}})
    tap.check("with a folding that is too deep they are refused", not folding and "2048 words deep, at most 64" in text, text)


def window():
    with open("pic.lf", "w") as f:
        f.write(WINDOW)
    folding, text = build({"win": {"SIMD": 18}}, "pic.lf")
    tap.check("SIMD of a whole window is style parallel", folding.get("win", {}).get("style") == "parallel", text)
    folding, text = build({"win": {"SIMD": 18, "style": "auto"}}, "pic.lf")
    tap.check("also with style auto", folding.get("win", {}).get("style") == "parallel", text)
    folding, text = build({"win": {"SIMD": 18, "style": "serial"}}, "pic.lf")
    tap.check("and contradicts style serial", not folding and "SIMD=18 is a whole window, which style=serial does not give" in text, text)
    folding, text = build({"win": {"SIMD": 6, "style": "serial"}}, "pic.lf")
    tap.check("a column does not", folding.get("win") == {"SIMD": 6, "ram_style": "auto"}, text)
    folding, text = build({"win": {"SIMD": 9}}, "pic.lf")
    tap.check("what is no beat is refused with all that are", not folding and "SIMD=9 is no beat of this window; legal: 1 2 3 6 18" in text, text)


def depths(text):
    """A build with this folding file, folded so that there is a FIFO between the layers; the messages."""
    with open("f.json", "w") as f:
        f.write(text)
    return tap.run("build", "net.lf", "-o", "hw", "--folding", "f.json", "-q")


def fifos():
    """One FIFO has one depth, whoever says it."""
    network("net", [64, 32, 10])
    behind, before, named = '"fc0_mvu": {"PE": 8, "SIMD": 8, "outFIFODepths": [%d]}', '"fc1_mvu": {\n"PE": 1, "SIMD": 8,\n"inFIFODepths": [%d]}', '"fc1_mvu_fifo": {"depth": %d}'
    for first, second, line in ((behind % 4, before % 16, 4), (before % 16, behind % 4, 4), (named % 4, behind % 8, 2), (behind % 8, named % 4, 2)):
        code, _, said = depths("{" + first + ",\n" + second + "}")
        tap.check(f"two depths of one FIFO in line {line} are refused", code == 2 and f"f.json:{line}:" in said and "by this line and" in said and ("by line 3" in said or "by line 1" in said), said)
    code, _, said = depths("{" + behind % 4 + ",\n" + before % 4 + "}")
    tap.check("the same depth twice is none", code == 0, said)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    fifos()
    logic()
    window()
    os.chdir("/")
sys.exit(tap.end())
