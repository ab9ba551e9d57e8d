#!/usr/bin/python3
"""What a verb writes is never a file that it reads, under whatever name: the file stays and the message names both. TAP."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import write_recipe
from tap import check, end, run, write


def content(path):
    with open(path, "rb") as f:
        return f.read()


def kept(name, guarded, words, *args):
    """The command is refused before it works, says `words`, and the file is as it was."""
    before = content(guarded)
    code, _, said = run(*args, "-q")
    check(f"{name}: refused", code == 2 and all(w in said for w in words), f"{code} {said}")
    check(f"{name}: the file is as it was", os.path.exists(guarded) and content(guarded) == before)


def links():
    os.symlink("net.lf", "soft.lf")
    os.link("net.lf", "hard.lf")
    os.symlink("x.npy", "soft.npy")
    os.link("x.npy", "hard.npy")
    os.symlink("net.lfw", "weights.npy")


def files():
    for out in ("net.lf", "./net.lf", "soft.lf", "hard.lf"):
        kept(f"opt -o {out}", "net.lf", [f"-o {out}", "input net.lf", "another file"], "opt", "net.lf", "-p", "", "-o", out)
        kept(f"quantize -o {out}", "net.lf", [f"-o {out}", "input net.lf"], "quantize", "net.lf", "-o", out, "--random-data", "0,1")
    for out in ("x.npy", "soft.npy", "hard.npy", "y=x.npy"):
        kept(f"predict -o {out}", "x.npy", ["-o", "x.npy", "overwrite"], "predict", "net.lf", "-i", "x.npy", "-o", out)
    kept("predict over the weights", "net.lfw", ["weights.npy", "net.lfw"], "predict", "net.lf", "-i", "x.npy", "-o", "weights.npy")
    os.symlink("recipe.yaml", "recipe.onnx")
    kept("train over its recipe", "recipe.yaml", ["recipe.onnx", "recipe.yaml"], "train", "recipe.yaml", "-o", "recipe.onnx")
    code, _, said = run("opt", "net.lf", "-p", "", "-o", "other.lf", "-q")
    check("another file is written", code == 0 and os.path.exists("other.lf"), said)
    code, _, said = run("predict", "net.lf", "-i", "x.npy", "-o", "/dev/null", "-q")
    check("a device is not a file", code == 0, said)


def tables():
    """A table of the user's is read under the name of a data set."""
    lines = [f"{i % 7},{i % 5 / 2},{'ab'[i % 7 > 3]}\n" for i in range(60)]
    write("own.csv", "u,v,kind\n" + "".join(lines))
    write("own.yaml", "data: own.csv:kind\nfamily: luts\nthermometer: {levels: 3}\nlayers: [4, 2]\ntraining: {epochs: 1, validation: 8}\n")
    for name in ("own.npy", "own.lf"):
        os.symlink("own.csv", name)
    kept("rows of a table over it", "own.csv", ["-o own.npy", "input own.csv"], "data", "--rows", "own.csv:kind", "-o", "own.npy")
    kept("train over the recipe's table", "own.csv", ["-o own.lf", "input own.csv"], "train", "own.yaml", "-o", "own.lf")
    kept("train over another table", "own.csv", ["-o own.lf", "input own.csv"], "train", "recipe.yaml", "--set", "own.csv:kind:train", "-o", "own.lf")
    kept("quantize over its table", "own.csv", ["-o own.lf", "input own.csv"], "quantize", "net.lf", "--data", "own.csv:kind", "-o", "own.lf")


def dumps():
    run("opt", "net.lf", "-p", "integerize", "-o", "d.integerize.lf", "-q")
    kept("a dump over the model", "d.integerize.lf", ["d.integerize.lf", "--dump-after"],
         "opt", "d.integerize.lf", "-p", "integerize", "-o", "d.lf", "--dump-after", "all")
    code, _, said = run("opt", "d.integerize.lf", "-p", "sink-pools", "-o", "d.lf", "--dump-after", "all", "-q")
    check("a pass that does not run dumps over nothing", code == 0 and os.path.exists("d.sink-pools.lf"), said)


def designs():
    code, _, said = run("build", "net.onnx", "-o", "hw", "-q")
    check("build", code == 0, said)
    before = content("net.onnx")
    os.rename("net.onnx", "hw/net.onnx")
    kept("build over its model", "hw/net.onnx", ["-o hw", "hw/net.onnx", "another directory"], "build", "hw/net.onnx", "-o", "hw")
    os.symlink("hw", "link")
    kept("by a link", "hw/net.onnx", ["-o link", "hw/net.onnx"], "build", "hw/net.onnx", "-o", "link")
    os.rename("hw/net.onnx", "net.onnx")
    os.link("x.npy", "hw/rows.npy")
    kept("build over its rows", "hw/rows.npy", ["-o hw", "hw/rows.npy"], "build", "net.onnx", "-o", "hw", "--verify", "hw/rows.npy")
    for option in (["--verify", "x=hw/rows.npy"], ["--dont-cares", "x=hw/rows.npy"], ["--dont-cares", "x=x.npy", "--check", "x=hw/rows.npy"]):
        kept(f"build over {option[-2]} NAME=FILE", "hw/rows.npy", ["-o hw would be replaced", "hw/rows.npy"], "build", "net.onnx", "-o", "hw", *option)
    kept("opt over a design", "hw/model.lf", ["-o hw/model.lf"], "opt", "hw", "-p", "", "-o", "hw/model.lf")
    for file in ("report.json", "folding.json"):
        kept(f"opt over {file}", f"hw/{file}", [f"-o hw/{file}", "overwrite"], "opt", "hw", "-p", "", "-o", f"hw/{file}")
    kept("synth over the sources", "hw/rtl/net.v", ["--netlist hw/rtl/net.v", "overwrite"], "synth", "hw", "--netlist", "hw/rtl/net.v")
    for file in ("model.lf", "model.lfw", "report.json", "tb/" + os.listdir("hw/tb")[0]):
        kept(f"synth over {file}", f"hw/{file}", [f"--netlist hw/{file}", "overwrite"], "synth", "hw", "--netlist", f"hw/{file}")
    for out in ("hw/rtl/net.v", "y=hw/rtl/net.v", "hw/tb/" + os.listdir("hw/tb")[0]):
        for verb in ("verify", "predict"):
            kept(f"{verb} -o {out}", out.split("=")[-1], [f"-o {out}", "overwrite"], verb, "hw", "-i", "x.npy", "-o", out)
    kept("verify over its rows", "hw/rows.npy", ["-o hw/rows.npy"], "verify", "hw", "-i", "hw/rows.npy", "-o", "hw/rows.npy")
    code, _, said = run("build", "net.onnx", "-o", "hw", "--folding", "hw/folding.json", "-q")
    check("the folding of an earlier build may be its own", code == 0 and os.path.exists("hw/folding.json"), said)
    check("and its model was not touched", content("net.onnx") == before)


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    write_recipe("recipe.yaml", 8)
    code, _, said = run("train", "recipe.yaml", "-o", "net.onnx", "-q")
    check("train", code == 0, said)
    code, _, said = run("opt", "net.onnx", "-p", "", "-o", "net.lf", "-q")
    check("as text", code == 0 and os.path.exists("net.lfw"), said)
    run("data", "--rows", "digits:test", "-n", "2", "-o", "x.npy")
    links()
    files()
    tables()
    dumps()
    designs()
sys.exit(end())
