#!/usr/bin/python3
"""A target that the part has no room for: without --part a warning, and the design is written; a part that was named must be large
enough. TAP."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import network
from tap import check, end, run

FLOW = ("--style", "spatial", "--interface", "flow")
FOLDED = ("--style", "folded", "--ii", 1)
NEEDS = "1 cycles a frame the network needs"


def build(model, *options):
    """Status and messages, and whether there is a design."""
    code, _, said = run("build", model, "-o", "hw", "-q", *options)
    made = os.path.exists("hw/report.json")
    if made:
        os.rename("hw", f"hw{len(os.listdir('.'))}")
    return code, said, made


def warned(name, said, words):
    check(name, "warning: " in said and words in said and "(xc7z020)" in said and "the part has 53200" in said and "--part" in said, said)


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    wide, small = network("wide", (256, 400, 10)), network("small", (16, 8, 4))
    code, said, made = build(wide, *FOLDED)
    check("too large for the usual part: the design is written", code == 0 and made, said)
    warned("with a warning that names the part", said, NEEDS)
    code, said, made = build(wide, "--style", "folded", "--fps", 200e6)
    warned("from --fps, too", said, NEEDS)
    code, said, made = build(wide, *FOLDED, "--part", "xc7z020")
    check("too large for the part that was named: refused", code == 2 and not made and "do not fit xc7z020" in said, said)
    code, said, made = build(wide, *FOLDED, "--part", "xcvu9p")
    check("a part with room for it: no warning", code == 0 and made and "warning" not in said, said)
    code, said, made = build(small, *FOLDED)
    check("a design with room on the usual part: no warning", code == 0 and made and "warning" not in said, said)
    wider = network("wider", (256, 720, 10))
    code, said, made = build(wider, *FLOW)
    check("a circuit too large for the usual part: the design is written", code == 0 and made, said)
    warned("with a warning that names the part", said, "the circuit needs")
    code, said, made = build(wider, *FLOW, "--part", "xc7z020")
    check("for the part that was named: refused", code == 2 and not made and "does not fit xc7z020" in said, said)
sys.exit(end())
