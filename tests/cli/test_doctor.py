#!/usr/bin/python3
"""doctor says of every tool whether it is on the PATH and which version answers; Berkeley ABC goes by two names. TAP."""
import os
import stat
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import network
from tap import answer, check, end, run

NAMES = ("berkeley-abc", "yosys-abc")


def fake(name, text, mode=0o755):
    """A tool on the PATH, which is this directory's bin alone."""
    path = os.path.join("bin", name)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def found():
    return {name: answer("doctor")["tools"][name] for name in NAMES}


def row(name):
    """What the table for people says in the tool's line."""
    lines = [line for line in run("doctor")[1].splitlines() if line.startswith(name + " ")]
    return lines[0] if len(lines) == 1 else ""


def without():
    check("no ABC: null for both names", found() == dict.fromkeys(NAMES), found())
    for name in NAMES:
        check(f"{name} is not found and what it is for stands there", "not found" in row(name) and "build --abc" in row(name), row(name))
    status, _, text = run("build", network("net", (8, 4)), "-o", "hw", "--style", "spatial", "--interface", "flow", "--abc", "-q")
    check("build --abc says so before it works", status == 3 and all(n in text for n in NAMES) and not os.path.exists("hw"), f"{status} {text}")


def with_one(name, other):
    path = fake(name, '#!/bin/sh\necho "fake ABC 1.01 $1"\necho more\n')
    check(f"{name}: the first line of its version", found() == {name: "fake ABC 1.01 -qversion", other: None}, found())
    check(f"{name}: in the table, too", "fake ABC 1.01 -qversion" in row(name) and "more" not in row(name), row(name))
    check(f"{other} is still missing", "not found" in row(other), row(other))
    os.chmod(path, stat.S_IRUSR)
    check(f"{name}: a file that nobody may execute is no tool", found()[name] is None, found())
    os.remove(path)
    os.mkdir(path)
    check(f"{name}: nor is a directory", found()[name] is None, found())
    os.rmdir(path)


def broken():
    path = fake("yosys-abc", "#!/nowhere/sh\n")
    check("one that is there and does not start", found()["yosys-abc"] == "does not start" and "does not start" in row("yosys-abc"), found())
    os.remove(path)


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    os.mkdir("bin")
    os.environ["PATH"] = os.path.join(work, "bin")
    without()
    with_one(*NAMES)
    with_one(*reversed(NAMES))
    broken()
sys.exit(end())
