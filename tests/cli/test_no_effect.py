#!/usr/bin/python3
"""Options that would do nothing: nonsense is refused, what is harmless is a warning, and neither is silent. TAP."""
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import network
from tap import check, end, run, write_labels, write_rows

CIRCUIT = ("build", "net.lf", "-o", "hw", "--style", "spatial")
REFUSED = [
    (("build", "net.lf", "-o", "hw", "--weights", ","), ["--weights", "names no layer", "all"]),
    (("build", "net.lf", "-o", "hw", "--weights", ""), ["--weights", "names no layer"]),
    (("build", "net.lf", "-o", "hw", "--weights", "fc0_mvu,,fc1_mvu"), ["between two commas"]),
    ((*CIRCUIT, "--dont-cares", "x.npy", "--labels", "y9.npy"), ["y9.npy: error", "row 4 is 4", "classes are 0 to 3"]),
    ((*CIRCUIT, "--dont-cares", "x.npy", "--check", "x2.npy", "--check-labels", "y9.npy"), ["y9.npy: error", "classes are 0 to 3"]),
    (("predict", "net.lf", "-i", "x.npy", "--output", "q1", "--engine", "bogus"), ["--engine bogus", "reference"]),
    (("eval", "net.lf", "--data", "digits", "-i", "x.npy", "-y", "y4.npy"), ["--data digits and -i exclude"]),
    (("data", "-n", "5"), ["-n belongs to --rows"]),
    (("data", "-o", "x"), ["-o belongs to --rows"]),
]
WARNED = [
    (("build", "net.lf", "-o", "hw", "--lut-depth", "3"), "--lut-depth has no effect"),
    (("build", "net.lf", "-o", "hw", "--allow-deadlock"), "--allow-deadlock has no effect"),
    (("predict", "net.lf", "-i", "x.npy", "--output", "q1", "--engine", "fast"), "--engine fast has no effect"),
    (("quantize", "net.lf", "-o", "q.lf", "--random-data", "0,1", "--percentile", "99"), "--percentile has no effect"),
    (("opt", "net.lf", "-p", "integerize", "-o", "o.lf", "--dump-after", "map"), "--dump-after map has no effect"),
    (("opt", "net.lf", "-p", "integerize", "--inline"), "--inline has no effect"),
]
SILENT = [
    (*CIRCUIT, "--lut-depth", "3"),
    (*CIRCUIT, "--dont-cares", "x.npy", "--labels", "y4.npy"),
    ("build", "net.lf", "-o", "hw", "--weights", "fc0_mvu,fc1_mvu"),
    ("quantize", "net.lf", "-o", "q.lf", "--random-data", "0,1", "--method", "percentile", "--percentile", "99"),
    ("opt", "net.lf", "-p", "integerize", "-o", "o.lf", "--dump-after", "integerize", "--inline"),
]


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    network("net", [16, 8, 4])
    rng = random.Random(1)
    for name in ("x.npy", "x2.npy"):
        write_rows(name, [[rng.uniform(-1, 1) for _ in range(16)] for _ in range(40)])
    for classes in (4, 9):
        write_labels(f"y{classes}.npy", [i % classes for i in range(40)])
    for args, words in REFUSED:
        code, _, said = run(*args, "-q")
        check(f"refused: {' '.join(args)}", code == 2 and said.count("error: ") == 1 and all(w in said for w in words), f"{code} {said}")
    for args, words in WARNED:
        code, _, said = run(*args, "-q")
        check(f"warned: {' '.join(args)}", code == 0 and f"warning: {words}" in said, f"{code} {said}")
    for args in SILENT:
        code, _, said = run(*args, "-q")
        check(f"in use: {' '.join(args)}", code == 0 and "no effect" not in said, f"{code} {said}")
    os.chdir("/")
sys.exit(end())
