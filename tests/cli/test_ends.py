#!/usr/bin/python3
"""Small ends of the command: a signal leaves nothing behind; a target that cannot be written is said before the work; train --resume
without a checkpoint says so; predict without a file shows rows; estimates for small LUTs are called what they are. TAP."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import write_recipe
from tap import TOOL as LUTFISK, check, end, run, wait_for

# A tool that starts a child, says that it runs, and writes into its folder until it is killed.
SLOW = """#!/bin/sh
case "$1" in -V|--version) echo "Icarus Verilog version 12.0"; exit 0;; esac
(while :; do echo x >> more.$$; sleep 0.01; done) &
echo $$ > "$STARTED"
sleep 60
"""


def stopped(name, number, *args):
    """The command is stopped while its tool runs."""
    os.makedirs("temp", exist_ok=True)
    started = os.path.abspath("started")
    if os.path.exists(started):
        os.remove(started)
    env = dict(os.environ, PATH=os.path.abspath("tools") + ":" + os.environ["PATH"], TMPDIR=os.path.abspath("temp"), STARTED=started)
    with subprocess.Popen([LUTFISK, *args], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as p:
        ran = wait_for(lambda: os.path.exists(started) and os.path.getsize(started) > 0)
        left = os.listdir("temp")
        p.send_signal(number)
        said = p.communicate(timeout=20)[1]
    check(f"{name}: it ends by {signal.Signals(number).name}", ran and left and p.returncode == -number, f"{p.returncode} {left} {said}")
    check(f"{name}: nothing is left behind", not os.listdir("temp") and not [f for f in os.listdir(".") if ".new" in f or f.startswith("out")], f"{os.listdir('temp')} {os.listdir('.')}")


def first_words(*args):
    """What a command says first, while it still runs; nothing when it says nothing in time."""
    with subprocess.Popen([LUTFISK, *args], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as p:
        line = p.stderr.readline() if select.select([p.stderr], [], [], 120)[0] else ""
        runs = p.poll() is None
        p.kill()
        p.communicate()
    return line if runs else f"it has ended: {line}"


def time_left():
    """A progress line says how long the rest will take, as far as the lines before it tell."""
    first = last = None
    with subprocess.Popen([LUTFISK, "train", "tiny.yaml", "-o", "long.onnx", "--epochs", "80"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as p:
        for line in p.stderr:
            said = re.match(r"tiny: (\d+) %, (\d+) s left", line)
            if said:
                last = (time.monotonic(), *map(int, said.groups()))
                first = first or last
                if last[1] >= first[1] + 5:
                    break
        p.kill()
        p.communicate()
    good = first and last[1] > first[1]
    rest = (last[0] - first[0]) / (last[1] - first[1]) * (100 - last[1]) if good else 0
    check("progress says the time left", good and rest / 4 - 2 < last[2] < rest * 4 + 2, f"{first} {last}: {rest} s left")


def on_a_terminal():
    """One line, written over, instead of many."""
    ours, theirs = pty.openpty()
    env, said = dict(os.environ, TERM="xterm"), b""
    with subprocess.Popen([LUTFISK, "train", "tiny.yaml", "-o", "long.onnx", "--epochs", "80"], env=env, stdout=subprocess.DEVNULL, stderr=theirs) as p:
        while said.count(b" left") < 3 and select.select([ours], [], [], 30)[0]:
            said += os.read(ours, 1000)
        p.kill()
    os.close(ours)
    os.close(theirs)
    check("on a terminal progress stays in its line", re.search(rb"\rtiny: \d+ %, .* left\x1b\[K\rtiny: ", said) and b"\n" not in said, said)


def signals():
    os.mkdir("tools")
    for tool in ("yosys", "iverilog"):
        with open(f"tools/{tool}", "w") as f:
            f.write(SLOW)
        os.chmod(f"tools/{tool}", 0o755)
    stopped("synth", signal.SIGTERM, "synth", "hw", "-q")
    stopped("verify", signal.SIGINT, "verify", "hw", "-i", "x.npy", "--sim", "iverilog", "-q")
    stopped("a netlist", signal.SIGHUP, "synth", "hw", "--netlist", "outside.v", "-q")


def targets():
    os.mkdir("folder")
    for where, why in (("folder", "Is a directory"), ("nowhere/n.v", "No such file")):
        began = time.monotonic()
        env = dict(os.environ, PATH=os.path.abspath("tools") + ":" + os.environ["PATH"], STARTED=os.path.abspath("never"))
        done = subprocess.run([LUTFISK, "synth", "hw", "--netlist", where], env=env, capture_output=True, text=True, timeout=30)
        check(f"synth into {where}: refused before yosys runs", done.returncode == 2 and why in done.stderr and not os.path.exists("never"), f"{time.monotonic() - began} {done.stderr}")


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    write_recipe("tiny.yaml")
    code, _, said = run("train", "tiny.yaml", "-o", "tiny.onnx", "--resume", "-q")
    check("train --resume without a checkpoint says that it starts afresh", code == 0 and "tiny.onnx.ckpt: note" in said and "afresh" in said, said)
    for quiet in ([], ["-q"]):
        said = first_words("train", "tiny.yaml", "-o", "long.onnx", "--resume", "--epochs", "100000", *quiet)
        check(f"and says so before it trains {quiet}", said.startswith("long.onnx.ckpt: note") and "afresh" in said, said)
    time_left()
    on_a_terminal()
    code, _, said = run("train", "tiny.yaml", "-o", "tiny.onnx", "-q")
    check("train without --resume does not", code == 0 and "afresh" not in said, said)
    np.save("x.npy", np.random.default_rng(1).uniform(0, 1, (7, 1, 28, 28)).astype(np.float32))
    run("predict", "tiny.onnx", "-i", "x.npy", "-o", "y.npy", "-q")
    y = np.load("y.npy")
    code, text, _ = run("predict", "tiny.onnx", "-i", "x.npy", "-q")
    lines = text.split("\n")
    shown = [float(v) for v in lines[1].split()[1:9]]
    check("predict without -o shows the first rows and how to keep all", code == 0 and np.allclose(shown, y[1][:8], rtol=1e-5) and lines[5].startswith("nothing was written: -o"), text)
    code, text, _ = run("predict", "tiny.onnx", "-i", "x.npy", "-o", "y.npy", "-q")
    check("with -o it does not", code == 0 and "nothing was written" not in text, text)
    code, text, said = run("build", "tiny.onnx", "-o", "hw", "--part", "ice40hx8k", "--ii", "784", "-q")
    check("LUTs of an iCE40 are called estimates of larger ones", code == 0 and "ice40hx8k has 4-input ones" in text, text + said)
    code, text, said = run("build", "tiny.onnx", "-o", "hw7", "--ii", "784", "-q")
    check("those of a 7-series part are not", code == 0 and "6-input" not in text, text + said)
    signals()
    targets()
sys.exit(end())
