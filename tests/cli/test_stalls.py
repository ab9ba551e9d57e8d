#!/usr/bin/env python3
"""verify runs a second time with stalls, as many as it is told: a fault that shows only then is found. TAP."""
import json
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import network
from tap import check, end, run, write_rows


def verify(*options):
    status, out, text = run("verify", "hw", "-i", "x.npy", "--sim", "iverilog", *options, "--json", "-q")
    return status, json.loads(out)["mismatches"] if out else None, text


def main():
    if not shutil.which("iverilog"):
        print("1..0 # SKIP iverilog was not found")
        return 0
    rng = random.Random(3)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_rows("x.npy", [[rng.uniform(-1, 1) for _ in range(32)] for _ in range(20)])
        status, _, text = run("build", network("one", (32, 8)), "-o", "hw", "--ii", 1, "-q")
        check("build", status == 0, text)
        check("as built", verify()[:2] == (0, 0), verify())
        unit = "hw/rtl/lf_mvu_result.v"
        good, stop = open(unit).read(), "assign ce = ~final_result | ~m_axis_tvalid | m_axis_tready;"
        check("the place of the fault", stop in good, good)
        with open(unit, "w") as f:
            f.write(good.replace(stop, "assign ce = 1'b1;"))
        seen = verify("--stall", 0.00001)
        check("results that do not wait are not seen with hardly any stalls", seen[:2] == (0, 0), seen)
        for options in ((), ("--stall", 0.6)):
            seen = verify(*options)
            check(f"with stalls they are {options}", seen[0] == 1 and seen[1] != 0, seen)
        os.chdir("/")
    return end()


sys.exit(main())
