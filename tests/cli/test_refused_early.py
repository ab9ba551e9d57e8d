#!/usr/bin/python3
"""What cannot be built is refused before its circuits are minimized: a stand-in for ABC notes that minimization has begun. TAP."""
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import network
from tap import check, end, run

SPATIAL = ("--style", "spatial", "--abc", "-q")


def signs(rng, count):
    return ", ".join(str(rng.choice((-1, 1))) for _ in range(count))


def picture(path):
    """One bit everywhere: a convolution, which is never a circuit, and a dense layer, which can be one."""
    rng = random.Random(2)
    with open(path, "w") as f:
        f.write(f"""lutfisk 1
graph "picture"
input "x" = %x : FLOAT32[1,1,5,5]
const %one : UINT1[] range {{1,1,1}} as f32 = [1]
const %k : BIPOLAR[2,1,3,3] = [{signs(rng, 18)}]
const %w : BIPOLAR[18,4] = [{signs(rng, 72)}]
%q : BIPOLAR[1,1,5,5] = bipolar_quant(%x, %one) "q"
%c : INT5[1,2,3,3] range {{-9,9,2}} = conv(%q, %k) "conv"
%b : BIPOLAR[1,2,3,3] = bipolar_quant(%c, %one) "act"
%f : BIPOLAR[1,18] = reshape(%b) "flat" {{shape=[1, 18]}}
%y : INT6[1,4] range {{-18,18,2}} = matmul(%f, %w) "fc"
output "y" = %y
""")
    return path


def minimized():
    """Whether ABC was asked since the last time."""
    asked = os.path.exists("asked")
    if asked:
        os.remove("asked")
    return asked


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    os.mkdir("bin")
    with open("bin/berkeley-abc", "w") as f:
        f.write(f"#!/bin/sh\n: >'{work}/asked'\nexit 1\n")
    os.chmod("bin/berkeley-abc", 0o755)
    os.environ["PATH"] = os.path.join(work, "bin")
    dense, mixed = network("dense", (12, 8, 4)), picture("picture.lf")

    code, _, said = run("build", dense, "-o", "flow", "--interface", "flow", *SPATIAL)
    check("one circuit: it is minimized", code == 0 and minimized(), said)
    code, _, said = run("build", mixed, "-o", "stream", *SPATIAL)
    check("a circuit behind a folded layer: with streams", code == 0 and minimized(), said)
    code, _, said = run("build", mixed, "-o", "no", "--interface", "flow", *SPATIAL)
    check("with flow it is refused by the folded layer's name", code == 2 and "conv" in said and "--interface flow is for circuits" in said, said)
    check("and was not minimized for that", not minimized() and not os.path.exists("no"))
sys.exit(end())
