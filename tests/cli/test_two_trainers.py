#!/usr/bin/python3
"""One output has one trainer at a time, under whatever name; a trainer that is killed locks nothing. A checkpoint of another training is told apart. TAP."""
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import write_recipe
from tap import TOOL, check, end, run, wait_for


def start():
    """A training that will not end by itself, once it has the lock."""
    p = subprocess.Popen([TOOL, "train", "a.yaml", "-o", "net.onnx", "--epochs", "100000", "-q"], stderr=subprocess.DEVNULL)
    locked = wait_for(lambda: os.path.exists("net.onnx.lock") and open("net.onnx.lock").read() == f"{p.pid}\n")
    check("the lock names its process", locked)
    return p


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    for name, width in (("a", 4), ("b", 5)):
        write_recipe(f"{name}.yaml", width)
    run("data", "--generate", "digits", "-n", "12000", "--seed", "9", "-o", "gen/mnist")
    for part in ("images-idx3", "labels-idx1"):
        os.symlink(f"t10k-{part}-ubyte", f"gen/mnist/train-{part}-ubyte")
    os.mkdir("folder")
    os.symlink(work, "folder/up")
    p = start()
    for name in ("net.onnx", "./net.onnx", "folder/up/net.onnx", f"{work}/net.onnx"):
        code, _, said = run("train", "b.yaml", "-o", name, "-q")
        check(f"a second trainer of {name} is refused", code == 2 and f"{name}: error: another lutfisk (process {p.pid})" in said and "another file" in said, f"{code} {said}")
    code, _, said = run("train", "b.yaml", "-o", "other.onnx", "-q")
    check("another output is free", code == 0, said)
    check("a checkpoint is written", wait_for(lambda: os.path.exists("net.onnx.ckpt")))
    p.kill()
    p.wait()
    check("the lock file of one that was killed is left", os.path.exists("net.onnx.lock"))
    for args, says in ((["b.yaml", "--epochs", "100000"], "another recipe"), (["a.yaml", "--epochs", "100000", "--seed", "5"], "seed 1 instead of 5"), (["a.yaml"], "100000 epochs instead of 1"),
                       (["a.yaml", "--epochs", "100000", "--set", "mnist", "--data-dir", "gen"], "other data")):
        code, _, said = run("train", *args, "-o", "net.onnx", "--resume", "-q")
        check(f"--resume, {says}", code == 2 and f"another training: {says}\n" in said and "without --resume" in said, f"{code} {said}")
    check("the checkpoint is still there", os.path.exists("net.onnx.ckpt"))
    p = start()
    p.send_signal(signal.SIGTERM)
    check("one that is stopped", p.wait() == -signal.SIGTERM)
    check("leaves no lock", not os.path.exists("net.onnx.lock"))
    code, _, said = run("train", "b.yaml", "-o", "net.onnx", "-q")
    check("then the output is free", code == 0 and sorted(f for f in os.listdir(".") if f.startswith("net.")) == ["net.onnx"], f"{code} {said} {os.listdir('.')}")
    with open("mine.onnx.lock", "w") as f:
        f.write("a list of locks\n")
    code, _, said = run("train", "a.yaml", "-o", "mine.onnx", "-q")
    check("a file of somebody else's that has the lock's name stays", code == 2 and "none of lutfisk's" in said and open("mine.onnx.lock").read() == "a list of locks\n", f"{code} {said}")
    code, _, said = run("train", "b.yaml", "-o", "nowhere/net.onnx", "-q")
    check("a folder that is not there is told before the training", code == 2 and said.count("error") == 1 and "nowhere/net.onnx" in said, said)
sys.exit(end())
