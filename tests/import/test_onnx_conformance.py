#!/usr/bin/python3
"""ONNX's own tests of single nodes (Debian: libonnx-testdata) through the reference engine: whatever is accepted must compute what ONNX
expects. Each model is run as it is; one that is refused is run again with all inputs but the first as constants, since circuits have
constant weights and fixed shapes. Speaks TAP.

usage: test_onnx_conformance.py [--write]     --write: the list of expected passes and the page doc/user/onnx-coverage.md anew
Needs $LUTFISK; $LUTFISK_ONNX_TESTS: where the node tests lie."""
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

try:
    import numpy as np
    import onnx
    from onnx import numpy_helper
except ImportError as missing:
    print(f"1..0 # skipped: {missing}")
    sys.exit(77)

ROOT = Path(__file__).resolve().parents[2]
LUTFISK = os.environ.get("LUTFISK", "build/lutfisk")
TESTS = Path(os.environ.get("LUTFISK_ONNX_TESTS", "/usr/share/libonnx-testdata/data/node"))
EXPECTED = Path(__file__).with_name("onnx_conformance.txt")
PAGE = ROOT / "doc/user/onnx-coverage.md"
LEAST = 200
RTOL, ATOL = 1e-3, 1e-7

# Why a model is refused: the first pattern that its message holds. What none of them says is a class of its own, so that it is seen.
CLASSES = [
    ("an op that this version does not know", r"an op that is not known|the domain .* is not in this version"),
    ("an op that is known and not there yet", r": not in this version$"),
    ("strings, complex numbers, bfloat16, sequences or optional values",
     r"elements of |it is not a tensor|not printable|a cast to STRING|a cast to BFLOAT16|has no numbers"),
    ("a shape, an axis or an index that is computed while the network runs",
     r"is computed from the network's data|is not one constant|are not one constant"),
    ("weights, bounds or exponents that are computed while the network runs", r"is not a constant|is not on an integer grid"),
    ("the result does not depend on an input", r"does not depend on an input"),
    ("training", r"training"),
    ("scaling other than nearest neighbour, or by a fraction of positions", r"mode (linear|cubic)|whole positions|tf_crop_and_resize"),
    ("integers that wrap around, overflow or are divided", r"made of integers|division of integers|64-bit|beyond 2\^"),
    ("an operator set older than this version reads", r"version \d+ of the operator set; supported"),
    ("no elements", r"no elements|is 0$"),
    ("values outside an op's domain", r"outside the op's domain|is infinite|is NaN"),
    ("an attribute or operand that this version does not implement", r"."),
]


def load(path):
    with open(path, "rb") as f:
        data = f.read()
    tensor = onnx.TensorProto()
    tensor.ParseFromString(data)
    return numpy_helper.to_array(tensor)


def parts(folder, kind):
    count = len(list(folder.glob(f"{kind}_*.pb")))
    return [load(folder / f"{kind}_{i}.pb") for i in range(count)]


def run(model, names, inputs, outputs, work):
    """What lutfisk predicts, or the reason it gives."""
    np.savez(work / "in.npz", **dict(zip(names, inputs)))
    done = subprocess.run([LUTFISK, "predict", str(model), "-i", str(work / "in.npz"), "-o", str(work / "out.npz"), "--engine", "reference",
                           "--threads", "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode not in (0, 2):
        return None, f"CRASH: exit status {done.returncode}: {done.stdout[-300:]}"
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if "error" in line] or done.stdout.splitlines() or ["?"]
        return None, errors[0]
    found = np.load(work / "out.npz")
    return [found[name] for name in outputs], None


def same(got, want):
    if list(got.shape) != list(want.shape):
        return f"shape {got.shape}, expected {want.shape}"
    if got.dtype != (np.float32 if want.dtype == np.float16 else want.dtype):
        return f"type {got.dtype}, expected {want.dtype}"
    if want.dtype.kind in "iub":
        bad = got.astype(np.float64) != want.astype(np.float64)
    else:
        bad = ~np.isclose(got.astype(np.float64), want.astype(np.float64), rtol=RTOL, atol=ATOL)
    if bad.any():
        at = np.argwhere(bad)[0] if bad.ndim else ()
        return f"{int(bad.sum())} of {bad.size} elements differ; at {tuple(at)} {got[tuple(at)]}, expected {want[tuple(at)]}"
    return None


def with_constants(model, names, inputs):
    """The model with all inputs but the first as initializers; None when there is no other."""
    if len(names) < 2:
        return None
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for name, value in list(zip(names, inputs))[1:]:
        fixed.graph.initializer.append(numpy_helper.from_array(value, name))
    keep = [i for i in fixed.graph.input if i.name == names[0]]
    del fixed.graph.input[:]
    fixed.graph.input.extend(keep)
    return fixed


def one_set(model, path, folder, work):
    """(outcome, detail): pass, constant (pass with constant operands), refused, wrong."""
    inputs, wanted = parts(folder, "input"), parts(folder, "output")
    names = [i.name for i in model.graph.input][:len(inputs)]
    outputs = [o.name for o in model.graph.output]
    if any(a.dtype.kind in "OSU" or a.dtype.kind == "c" for a in inputs + wanted):
        return "refused", "elements of STRING"
    got, reason = run(path, names, inputs, outputs, work)
    outcome = "pass"
    fixed = with_constants(model, names, inputs) if reason and not reason.startswith("CRASH") else None
    if fixed:
        onnx.save(fixed, str(work / "fixed.onnx"))
        got, second = run(work / "fixed.onnx", names[:1], inputs[:1], outputs, work)
        outcome, reason = ("constant", None) if second is None else (outcome, second if second.startswith("CRASH") else reason)
    if reason:
        return ("wrong" if reason.startswith("CRASH") else "refused"), reason
    for name, a, b in zip(outputs, got, wanted):
        differs = same(a, b)
        if differs:
            return "wrong", f"{name}: {differs}"
    return outcome, ""


def one_test(folder):
    try:
        model = onnx.load(str(folder / "model.onnx"))
        sets = sorted(folder.glob("test_data_set_*"))
        kinds = [i.type.WhichOneof("value") for i in list(model.graph.input) + list(model.graph.output)]
        if any(kind != "tensor_type" for kind in kinds):
            return "refused", "it is not a tensor"
        with tempfile.TemporaryDirectory() as work:
            results = [one_set(model, folder / "model.onnx", s, Path(work)) for s in sets]
    except (ValueError, KeyError, TypeError, onnx.onnx_cpp2py_export.checker.ValidationError) as broken:
        return "wrong", f"the runner: {broken}"
    for outcome in ("wrong", "refused", "constant"):
        for result in results:
            if result[0] == outcome:
                return result
    return results[0] if results else ("refused", "no data")


def op_of(folder):
    ops = sorted({n.op_type for n in onnx.load(str(folder / "model.onnx")).graph.node})
    return ops[0] if len(ops) == 1 else "(several ops)"


def class_of(reason):
    return next(name for name, pattern in CLASSES if re.search(pattern, reason.strip()))


def page(ops, results):
    count = Counter(outcome for outcome, _ in results.values())
    table = defaultdict(Counter)
    why = defaultdict(Counter)
    for name, (outcome, reason) in results.items():
        table[ops[name]][outcome] += 1
        if outcome == "refused":
            why[class_of(reason)][ops[name]] += 1
    lines = ["# ONNX: which ops, held against ONNX's own tests", "",
             "Written by `tests/import/test_onnx_conformance.py --write` and checked by it. The tests are ONNX's tests of single nodes as Debian 12",
             "packages them (`libonnx-testdata` 1.12); each is run by the reference engine and compared with the expected outputs: integers exactly,",
             "reals within 1e-3 of the value. Passing here means that the *network* op is right; which of them a circuit can hold is a matter of the",
             "passes behind (`lutfisk info MODEL` says so for every node).", "",
             f"Of {len(results)} tests {count['pass']} pass as they are and {count['constant']} with their operands other than the data made constant",
             f"(weights, bounds, shapes, axes, indices: a circuit has these fixed). {count['refused']} are refused with a reason. None may compute anything wrong.", "",
             "## By op", "", "| op | passes | with constant operands | refused |", "|---|---|---|---|"]
    for op in sorted(table):
        c = table[op]
        if c["pass"] or c["constant"]:
            lines.append(f"| {op} | {c['pass'] or ''} | {c['constant'] or ''} | {c['refused'] or ''} |")
    lines += ["", "Rows with several ops are ONNX's expansions of composed ops into simpler ones.", "", "## What is refused, and why", ""]
    for reason, by_op in sorted(why.items(), key=lambda item: -sum(item[1].values())):
        named = ", ".join(f"{op}&nbsp;{n}" if n > 1 else op for op, n in sorted(by_op.items()))
        lines += [f"- **{reason}** ({sum(by_op.values())}): {named}"]
    lines += ["", "## Rules that differ from a float32 runtime", "",
              "- A symbolic first dimension, or one of 1, is the batch. In a model whose first dimensions are fixed, one sample is what the file says, whole.",
              "- Reals are IEEE double in the order of the graph; the functions exp, log, tanh, sigmoid, erf and pow have the same bits on every machine.",
              "- Integers are exact. They wrap around at the width of the ONNX type where they can leave it.",
              "- 64-bit integer inputs hold values within ±2^52; others are refused when they come.",
              "- Outputs are written in the type that the model declares: bool, integers, float64; float16 as float32."]
    return "\n".join(lines) + "\n"


def main():
    if not TESTS.is_dir():
        print(f"1..0 # skipped: no ONNX node tests in {TESTS} (Debian: libonnx-testdata)")
        return 77
    folders = sorted(f for f in TESTS.iterdir() if (f / "model.onnx").exists())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = dict(zip((f.name[5:] for f in folders), pool.map(one_test, folders)))
    ops = {f.name[5:]: op_of(f) for f in folders}
    good = sorted(name for name, (outcome, _) in results.items() if outcome in ("pass", "constant"))
    if "--write" in sys.argv:
        EXPECTED.write_text("".join(f"{name}\n" for name in good), encoding="utf-8")
        PAGE.write_text(page(ops, results), encoding="utf-8")
    if "--reasons" in sys.argv:
        for name, (outcome, reason) in sorted(results.items(), key=lambda r: (r[1][0], class_of(r[1][1] or "-"), r[0])):
            print(f"# {outcome:9} {name}: {reason[:230]}")
    wrong = [name for name, (outcome, _) in results.items() if outcome == "wrong"]
    lost = [name for name in EXPECTED.read_text(encoding="utf-8").split() if results.get(name, ("gone", ""))[0] not in ("pass", "constant")]
    print("1..4")
    for name in wrong:
        print(f"# {name}: {results[name][1]}")
    print("not ok" if wrong else "ok", f"1 - what is accepted is right ({len(wrong)} wrong)")
    for name in lost:
        print(f"# {name}: {results.get(name, ('', 'no such test'))[1]}")
    print("not ok" if lost else "ok", "2 - every expected pass")
    print("ok" if len(good) >= LEAST else "not ok", f"3 - {len(good)} of {len(results)} pass, at least {LEAST}")
    fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page(ops, results)
    print("ok" if fresh else "not ok", "4 - doc/user/onnx-coverage.md says what this run found (else: run with --write)")
    return int(bool(wrong or lost or not fresh or len(good) < LEAST))


if __name__ == "__main__":
    sys.exit(main())
