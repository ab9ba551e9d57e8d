#!/usr/bin/python3
"""build, train and verify that are stopped, or killed, at any moment: what they write is there whole or not at all, an older result stays
whole, the status is the signal's, a signal that can be caught leaves nothing else, and the same command then gives the same bytes as if
nothing had happened. TAP."""
import hashlib
import os
import random
import signal
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import network, write_recipe
from tap import TOOL, check, end, run, write_rows

PARTS = (0.2, 0.6, 0.9)  # of the time that the whole takes


def contents(path):
    """A hash of a file or of all files below a directory, with their names; None: it is not there."""
    if not os.path.exists(path):
        return None
    h = hashlib.sha256()
    for folder, _, files in sorted(os.walk(path)) if os.path.isdir(path) else [(".", [], [path])]:
        for name in sorted(files):
            with open(os.path.join(folder, name), "rb") as f:
                h.update(os.path.join(folder, name).encode() + b"\0" + f.read())
    return h.hexdigest()


def remove(path):
    shutil.rmtree(path) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)


class Command:
    """A command that writes `result`; `keeps`: what else an interruption may leave."""

    def __init__(self, name, args, result, keeps=()):
        self.name, self.args, self.result, self.keeps = name, [str(a) for a in args], result, set(keeps)
        began = time.monotonic()
        code, _, said = run(*self.args)
        self.seconds, self.want, self.old = time.monotonic() - began, contents(result), None
        print(f"# {name}: {self.seconds:.2f} s")
        check(f"{name}: it runs", code == 0 and self.want, said)
        remove(result)
        self.known = set(os.listdir(".")) | {result} | self.keeps

    def start_from(self, make):
        """An older result stands at the name of the new one."""
        make()
        self.old = contents(self.result)
        self.made = make

    def stop(self, number, part):
        """Whether it was stopped before it was done. What is wrong then is said in self.wrong."""
        remove(self.result)
        for name in os.listdir(TEMP):  # what SIGKILL left
            remove(os.path.join(TEMP, name))
        if self.old:
            self.made()
        with subprocess.Popen([TOOL, *self.args, "-q"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
            time.sleep(part * self.seconds)
            p.send_signal(number)
            code = p.wait(60)
        left, now = set(os.listdir(".")) - self.known, contents(self.result)
        if code not in (0, -number):
            self.wrong.append(f"after {part} of {self.seconds} s: status {code}")
        if now not in ((self.want,) if code == 0 else (self.old, self.want)):
            self.wrong.append(f"after {part}: {self.result} is neither the old one nor the new one")
        if number != signal.SIGKILL and (left or os.listdir(TEMP)):
            self.wrong.append(f"after {part}: left behind {left} {os.listdir(TEMP)}")
        return code != 0

    def again(self, number):
        code, _, said = run(*self.args, "-q")
        check(f"{self.name} after {number.name}: the second run gives the same bytes", code == 0 and contents(self.result) == self.want, said)

    def hold(self, *signals):
        for number in signals:
            self.wrong = []
            stopped = sum(self.stop(number, part) for part in PARTS)
            while not stopped and self.seconds > 0.01:  # the machine was busy when the time was taken
                self.seconds /= 2
                stopped = self.stop(number, 0.5)
            check(f"{self.name}, {number.name}: all or nothing, {stopped} times stopped", stopped and not self.wrong, "\n".join(self.wrong))
            self.again(number)
            for name in set(os.listdir(".")) - self.known | self.keeps:  # what SIGKILL leaves
                remove(name)


def builds():
    wide, small = network("wide", (140, 120, 10)), network("small", (16, 8, 4))
    build = Command("build", ("build", wide, "-o", "hw", "--style", "spatial", "--interface", "flow"), "hw")
    build.hold(signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
    build.start_from(lambda: run("build", small, "-o", "hw", "-q"))
    build.name = "build over an older design"
    build.hold(signal.SIGTERM, signal.SIGKILL)
    remove("hw")


def trainings():
    write_recipe("tiny.yaml")
    Command("train", ("train", "tiny.yaml", "-o", "tiny.onnx"), "tiny.onnx", ("tiny.onnx.ckpt",)).hold(signal.SIGINT, signal.SIGKILL)
    remove("tiny.onnx")


def verifications():
    rng = random.Random(3)
    run("build", network("net", (48, 32, 10)), "-o", "design", "-q", "--ii", 128)
    x = write_rows("x.npy", [[rng.uniform(-1, 1) for _ in range(48)] for _ in range(24)])
    Command("verify", ("verify", "design", "-i", x, "-o", "y.npy", "--sim", "iverilog"), "y.npy").hold(signal.SIGTERM, signal.SIGKILL)


with tempfile.TemporaryDirectory() as work, tempfile.TemporaryDirectory() as temp:
    os.chdir(work)
    os.environ["TMPDIR"] = TEMP = temp
    builds()
    trainings()
    if shutil.which("iverilog"):
        verifications()
sys.exit(end())
