#!/usr/bin/python3
"""What predict writes of a network, of its design, and verify of the Verilog is the same file: integers stay integers. TAP."""
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import network
from tap import check, end, run, write_rows


def content(path):
    with open(path, "rb") as f:
        return f.read()


def with_classes(name):
    """The network with an ArgMax behind it."""
    path = network(name, [16, 8, 4])
    with open(path) as f:
        text = f.read()
    at = text.split('output "y" = ')[1].strip()
    with open(path, "w") as f:
        f.write(text.replace(f'output "y" = {at}', f'%c : UINT2[1,1] = argmax({at}) "winner" {{axis=1}}\noutput "y" = %c'))
    return path


def same(name, model, kind, *options):
    code, _, said = run("build", model, "-o", "hw", "-q", *options)
    check(f"{name}: build", code == 0, said)
    for out, args in (("a.npy", ("predict", model)), ("r.npy", ("predict", model, "--engine", "reference")), ("b.npy", ("predict", "hw")), ("c.npy", ("verify", "hw", "--sim", "iverilog"))):
        code, _, said = run(args[0], args[1], "-i", "x.npy", "-o", out, "-q", *args[2:])
        check(f"{name}: {' '.join(args)}", code == 0 and f"'descr': '{kind}'".encode() in content(out)[:80], f"{said} {content(out)[:80] if os.path.exists(out) else ''}")
        check(f"{name}: {' '.join(args)}: the same bytes", os.path.exists(out) and content(out) == content("a.npy"), f"{content(out)[:80]} {content('a.npy')[:80]}")
        if out != "a.npy" and os.path.exists(out):
            os.remove(out)
    shutil.rmtree("hw", ignore_errors=True)


if not shutil.which("iverilog"):
    print("1..0 # SKIP iverilog was not found")
    sys.exit(0)
with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    rng = random.Random(1)
    write_rows("x.npy", [[rng.uniform(-1, 1) for _ in range(16)] for _ in range(9)])
    same("sums, folded", network("sums", [16, 8, 4]), "<f4")
    same("classes, folded", with_classes("classes"), "<i8")
    same("classes, a circuit", "classes.lf", "<i8", "--style", "spatial")
    same("classes, flow", "classes.lf", "<i8", "--style", "spatial", "--interface", "flow")
    os.chdir("/")
sys.exit(end())
