"""What the tests of FIFOs at joins share: a small network of branches, trained; built with given depths."""
import json
import os
import shutil
import tempfile

import tap

HEAD = """data: digits
input: {shape: [1, 28, 28], divisor: 255, multiply: 2, subtract: 1}
input_quantizer: {type: int, bits: 4, scale: 0.125}
weights: {type: int, bits: 4, narrow: true, scale_mode: learned}
activations: {type: uint, bits: 4, scale_mode: learned}
training: {epochs: 1, batch: 512, rate: 0.005, initial: 0.1, validation: 128}
"""


def build(ii, depths, *more):
    """Status, report (None when the build was refused) and messages; depths: of some FIFOs by name, the others are sized."""
    if depths:
        with open("folding.json", "w") as f:
            json.dump({name: {"depth": d} for name, d in depths.items()}, f)
        more += ("--folding", "folding.json")
    status, _, text = tap.run("build", "net.onnx", "-o", "hw", "--ii", ii, *more, "-q")
    return status, json.load(open("hw/report.json")) if status == 0 else None, text


def prepare(layers, rows):
    """net.onnx and x.npy in this folder; whether that went well."""
    with open("net.yaml", "w") as f:
        f.write(HEAD + layers)
    for command in (["train", "net.yaml", "-o", "net.onnx"], ["data", "--rows", "digits:test", "-n", rows, "-o", "x.npy"]):
        status, _, text = tap.run(*command, "-q")
        if status:
            tap.check(command[0], False, text)
            return False
    return True


def main(layers, rows, study):
    """Runs `study` in a folder with the trained network and rows; the exit status."""
    if not shutil.which("iverilog"):
        print("1..0 # SKIP iverilog was not found")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if prepare(layers, rows):
            study()
        os.chdir("/")
    return tap.end()
