#!/usr/bin/env python3
"""build --dont-cares: fewer LUTs by codes that rows do not show, never silently: every number of the report is counted here again. build --abc. TAP."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import test_circuit_files as files
from tap import TOOL, end, write, write_labels, write_rows
from test_circuit_files import BITS, FEATURES, check, read_rows, rng, run

GRID = ["--input", f"FIXED<{BITS},2>", "--interface", "flow"]


def random_row():
    return [rng.randint(-32, 31) / 16 for _ in range(FEATURES)]


def narrow_row():
    """Rows as of one feature: most joint codes do not occur."""
    v = rng.randint(-32, 31)
    return [max(-32, min(31, v + rng.randint(-2, 2))) / 16 for _ in range(FEATURES)]


def build(model, hw, *options):
    code, said = run("build", model, "-o", hw, *GRID, *options, "--json")
    return code, said, json.loads(said[said.index("{"):said.rindex("}") + 1]) if code == 0 else None


def predict(model, rows, work, *options):
    code, said = run("predict", model, "-i", rows, "-o", f"{work}/p.npy", *options)
    check(f"predict {os.path.basename(model)}", code == 0, said)
    return read_rows(f"{work}/p.npy")


def changed(x, y):
    return sum(a != b for a, b in zip(x, y))


def accuracy(scores, labels):
    return sum(max(range(len(s)), key=lambda i: (s[i], -i)) == t for s, t in zip(scores, labels)) / len(labels)


def counted(work, name, model, x, labels, first, report, hw):
    """Network and circuit on the rows from `first` on that the report speaks of."""
    before, after = predict(model, x, work, *GRID[:2])[first:], predict(hw, x, work)[first:]
    c = report["check"]
    check(f"{name}: rows that changed are as counted here", c["rows"] == len(before) and c["changed_rows"] == changed(before, after), f"{c} {changed(before, after)}")
    check(f"{name}: the share, too", abs(c["changed_share"] - changed(before, after) / len(before)) < 1e-12, str(c))
    if labels:
        mine = accuracy(before, labels[first:]), accuracy(after, labels[first:])
        check(f"{name}: accuracies are as counted here", abs(c["accuracy_before"] - mine[0]) < 1e-12 and abs(c["accuracy_after"] - mine[1]) < 1e-12, f"{c} {mine}")
    else:
        check(f"{name}: no accuracy without labels", c["accuracy_before"] is None and c["accuracy_after"] is None, str(c))
    return c["changed_rows"]


def held_out(work, model):
    rows = [narrow_row() for _ in range(100)]
    labels = [rng.randint(0, 2) for _ in rows]
    x, y, hw = write_rows(f"{work}/x.npy", rows), write_labels(f"{work}/y.npy", labels), f"{work}/held"
    code, said, report = build(model, hw, "--dont-cares", x, "--labels", y)
    check("the last fifth is held out: build", code == 0, said)
    d = report["dont_cares"]
    check("rows used and rows held out", (d["rows"], d["check"]["rows"], d["check"]["held_out"]) == (80, 20, True), str(d))
    check("it is not silent", "rows held out" in run("build", model, "-o", hw, *GRID, "--dont-cares", x)[1], said)
    check("rows held out are not used", counted(work, "held out", model, x, labels, 80, d, hw) > 0, str(d))
    check("a report has names of files, no places", work not in json.dumps(d), json.dumps(d))


def other_rows(work, model, exact):
    x2 = write_rows(f"{work}/x2.npy", [random_row() for _ in range(150)])
    for rarity in (1, 4):
        hw = f"{work}/other{rarity}"
        code, said, report = build(model, hw, "--dont-cares", f"{work}/x.npy", "--check", x2, "--rarity", rarity)
        check(f"rarity {rarity}: build", code == 0, said)
        d = report["dont_cares"]
        check(f"rarity {rarity}: fewer LUTs", d["lut"] < d["lut_without"] == exact["logic"]["minimized"]["lut_after"], str(d))
        check(f"rarity {rarity}: changes are there to be seen", counted(work, f"rarity {rarity}", model, x2, None, 0, d, hw) > 0)
        mine = changed(predict(model, f"{work}/x.npy", work, *GRID[:2]), predict(hw, f"{work}/x.npy", work))
        check(f"rarity {rarity}: on the rows themselves", d["rows"] == 100 and d["changed_rows"] == mine and (mine == 0) == (rarity == 1), f"{d} {mine}")
    return x2


def layer_by_layer(work, model, x2):
    """What later layers no longer read is not reported, and rows are not counted once for every layer."""
    for rarity in (1, 60):
        code, said, report = build(model, f"{work}/layers{rarity}", "--dont-cares", f"{work}/x.npy", "--check", x2, "--rarity", rarity, "--lut-depth", "layer")
        check(f"a register behind every layer, rarity {rarity}: build", code == 0, said)
        if code == 0:
            made, luts = report["logic"]["minimized"], sum(report[part]["lut"] for part in ("encoder", "core", "head"))
            check("its LUTs are those that are there", made["lut_after"] == report["dont_cares"]["lut"] == luts < report["dont_cares"]["lut_without"], f"{report['dont_cares']} {made} {luts}")
            check("an output that only the don't-cares made constant is no matter of --input", "look at --input" not in said and
                  ("the same whatever the input is" in said and "--rarity" in said) == (rarity == 60), said)
            check("its rows are those of the file", made["rows"] == 100 if rarity > 1 else made["rows"] <= 1000, str(made))


def verify(work, model, x2):
    if not shutil.which("iverilog"):
        check("verify # SKIP iverilog was not found", True)
        return
    hw = f"{work}/other1"
    code, said = run("verify", hw, "-i", x2, "--sim", "iverilog", "-n", 60, "-o", f"{work}/v.npy", "--json")
    mine = changed(predict(model, x2, work, *GRID[:2])[:60], predict(hw, x2, work)[:60])
    check("verify: the Verilog equals the circuit, and the network as far as counted here",
          code == 0 and f'"differ_from_network": {mine}' in said and '"mismatches": 0' in said and mine > 0, said)


def refusals(work, model):
    few = write_rows(f"{work}/few.npy", [narrow_row() for _ in range(4)])
    dense = write(f"{work}/folded.lf", 'lutfisk 1\ngraph "f"\ninput "x" = %x : INT4[1,4]\nconst %w : INT2[4,2] = [1, -1, 1, 1, -2, 0, 1, 1]\n'
                  '%y : INT8[1,2] = matmul(%x, %w) "fc"\noutput "y" = %y\n')
    x, no = f"{work}/x.npy", f"{work}/no"
    for options, why in ((["--dont-cares", few], "no rows to measure with"), (["--dont-cares", x, "--check", x], "must be other rows"),
                         (["--labels", f"{work}/y.npy"], "belong to --dont-cares"), (["--rarity", "2"], "belong to --dont-cares"),
                         (["--dont-cares", x, "--check", f"{work}/x2.npy", "--labels", f"{work}/y.npy"], "give --check-labels"),
                         (["--dont-cares", x, "--check-labels", f"{work}/y.npy"], "of the rows of --check"),
                         (["--dont-cares", x, "--labels", x], "one number for each of the 100 rows"),
                         (["--dont-cares", f"{work}/absent.npy"], "absent.npy"), (["--dont-cares", x, "--sweep"], "leave out")):
        code, said = run("build", model, "-o", no, *GRID, *options)
        check(f"refused: {' '.join(os.path.basename(o) for o in options)}", code == 2 and why in said, said)
    for option in (["--dont-cares", x], ["--abc"] if shutil.which("berkeley-abc") else []):
        code, said = run("build", dense, "-o", no, *option) if option else (2, "this design has none")
        check(f"nothing for {' '.join(option[:1])} to do is refused", code == 2 and "this design has none" in said, said)
    check("nothing was written", not os.path.exists(no))


def abc(work, model, exact):
    r = subprocess.run([TOOL, "build", model, "-o", f"{work}/no", *GRID, "--abc"], capture_output=True, text=True, env={"PATH": work})
    check("--abc without ABC: exit status 3", r.returncode == 3 and "berkeley-abc" in r.stderr and not os.path.exists(f"{work}/no"), r.stderr)
    check("without --abc the report says that it was not asked", exact["logic"]["minimized"]["lut_by_abc"] is None, str(exact["logic"]))
    if not shutil.which("berkeley-abc") and not shutil.which("yosys-abc"):
        check("--abc # SKIP ABC was not found", True)
        return
    code, said, report = build(model, f"{work}/abc", "--abc")
    check("--abc: no more LUTs than without", code == 0 and report["logic"]["minimized"]["lut_after"] <= exact["logic"]["minimized"]["lut_after"] and
          report["logic"]["minimized"]["lut_by_abc"] is not None, said)
    same = predict(f"{work}/abc", f"{work}/x2.npy", work) == predict(model, f"{work}/x2.npy", work, *GRID[:2])
    check("--abc: the same function", same)


def main():
    with tempfile.TemporaryDirectory() as work:
        model = write(f"{work}/dwn.lf", files.dwn())
        code, said, exact = build(model, f"{work}/exact")
        check("without don't-cares", code == 0 and "dont_cares" not in exact and exact["logic"]["minimized"]["lut_before"] > 0, said)
        held_out(work, model)
        x2 = other_rows(work, model, exact)
        layer_by_layer(work, model, x2)
        verify(work, model, x2)
        refusals(work, model)
        abc(work, model, exact)
    return end()


if __name__ == "__main__":
    sys.exit(main())
