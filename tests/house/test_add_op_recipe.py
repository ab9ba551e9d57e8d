#!/usr/bin/python3
"""Carries out doc/dev/adding-an-op.md in a copy of the tree: its blocks become files and lines, its commands run on what is built.
Speaks TAP."""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "doc/dev/adding-an-op.md"
BLOCK = re.compile(r"^```(\w+) (\w+)(?:=(\S+))?\n(.*?)^```$", re.M | re.S)
failed = False
count = 0


def check(good, what, output=""):
    global failed, count
    count += 1
    print(("ok" if good else "not ok"), count, "-", what, flush=True)
    if not good:
        failed = True
        print("".join(f"# {line}\n" for line in output.splitlines()[-40:]), end="")
    return good


def run(command, cwd, **keys):
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **keys)


def copy_tree(to):
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file() and not name.startswith("tests/") or name.startswith(("tests/op/op_", "tests/house/")):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return len(names) > 1


def apply(tree, blocks):
    for _, kind, path, text in blocks:
        if kind == "append":
            with open(tree / path, "a", encoding="utf-8") as out:
                out.write(text)
        elif kind == "file":
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text, encoding="utf-8")


def build(tree, out):
    made = run(["cmake", "-S", str(tree), "-B", str(out), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_C_FLAGS=-O0",
                "-DLF_WERROR=ON", "-DLF_TESTS=ON"], tree)
    if made.returncode == 0:
        made = run(["cmake", "--build", str(out), "--target", "lutfisk_command", "op.test_bitwise_not"], tree)
    return check(made.returncode == 0, "the tree with the new op builds without a warning", made.stdout)


def write_rows(path, rows):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}".ljust(117) + "\n"
    data = b"".join(struct.pack("<4f", *row) for row in rows)
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data)


def read_rows(path):
    data = path.read_bytes()
    body = data[10 + struct.unpack("<H", data[8:10])[0]:]
    return [struct.unpack_from("<2f", body, 8 * i) for i in range(len(body) // 8)]


def expected(row):
    """The network of the page, by hand."""
    w0, w1 = [[1, -1], [1, 1], [-1, 1], [1, 1]], [[1, 1], [-1, 1]]
    q = [1 if x >= 0 else -1 for x in row]
    hidden = [1 if -1 - sum(q[i] * w0[i][j] for i in range(4)) >= 0 else -1 for j in range(2)]
    return tuple(float(sum(hidden[i] * w1[i][j] for i in range(2))) for j in range(2))


def predict(lutfisk, tree):
    rows = [[1.0 if bits >> i & 1 else -0.5 for i in range(4)] for bits in range(16)]
    write_rows(tree / "x.npy", rows)
    for model in ("not.lf", "hw"):
        for engine in ("reference", "fast"):
            ran = run([lutfisk, "predict", model, "-i", "x.npy", "-o", "y.npy", "--engine", engine], tree)
            good = ran.returncode == 0 and read_rows(tree / "y.npy") == [expected(row) for row in rows]
            check(good, f"predict {model} with the {engine} engine gives what the network means", ran.stdout)


def recipe(work):
    tree, out = work / "tree", work / "build"
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    check({kind for _, kind, _, _ in blocks} == {"file", "append", "run"}, "the page has files, lines and commands")
    if not copy_tree(tree):
        print("1..0 # SKIP not a git checkout")
        return 77
    apply(tree, blocks)
    if not build(tree, out):
        return 1
    ran = run([str(out / "tests/op.test_bitwise_not")], tree)
    check(ran.returncode == 0, "the page's test passes", ran.stdout)
    env = dict(os.environ, PATH=f"{out}:{os.environ['PATH']}")
    for line in "".join(text for _, kind, _, text in blocks if kind == "run").splitlines():
        ran = run(["bash", "-c", line], tree, env=env)
        check(ran.returncode == 0, line, ran.stdout)
        if line.endswith("list ops"):
            check(re.search(r"^bitwise_not +network +-1 - x", ran.stdout, re.M), "the list has the op", ran.stdout)
    check(not re.search(r"= bitwise_not\(", (tree / "out.lf").read_text(encoding="utf-8")), "the op went into the thresholds")
    check(bool(list((tree / "hw/rtl").glob("*.v"))), "there is Verilog")
    predict(str(out / "lutfisk"), tree)
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        sys.exit(recipe(Path(directory)))
