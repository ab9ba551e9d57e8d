#!/usr/bin/env python3
"""eval on rows of another layout, scale and order of classes, and what it guesses near chance; predict's integers, batches and inner tensors. TAP."""
import ast
import json
import math
import os
import random
import struct
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import check, end, run, write_rows

# Scores of three classes from a picture of 2 channels, 2 x 3; constants decide unless the rows have the size that the weights expect.
CHANNELS, PIXELS, CLASSES, ROWS = 2, 6, 3, 300
rng = random.Random(5)
WEIGHTS = [[rng.uniform(-1, 1) for _ in range(CLASSES)] for _ in range(CHANNELS * PIXELS)]
BIAS = [4.0, 0.0, 0.0]
NET = f"""lutfisk 1
graph "scores"
input "x" = %x : FLOAT32[1,{CHANNELS},2,3]
const %w : FLOAT32[{CHANNELS * PIXELS},{CLASSES}] = [{', '.join(repr(v) for row in WEIGHTS for v in row)}]
const %b : FLOAT32[{CLASSES}] = [{', '.join(map(repr, BIAS))}]
%f : FLOAT32[1,{CHANNELS * PIXELS}] = reshape(%x) "flat" {{shape=[1, {CHANNELS * PIXELS}]}}
%p : FLOAT32[1,{CLASSES}] = matmul(%f, %w) "product"
%y : FLOAT32[1,{CLASSES}] = add(%p, %b) "sum"
output "y" = %y
"""
QUANTIZED = """lutfisk 1
graph "quantized"
input "x" = %x : FLOAT32[1,4]
const %one : UINT1[] range {1,1,1} as f32 = [1]
const %w : BIPOLAR[4,2] = [1, 1, -1, 1, 1, -1, -1, -1]
const %s : FLOAT32[] = [0.125]
%q : BIPOLAR[1,4] = bipolar_quant(%x, %one) "q"
%p : INT4[1,2] range {-4,4,2} = matmul(%q, %w) "fc"
%m : FLOAT32[1,2] = mul(%p, %s) "scale"
%y : FLOAT32[1,2] = softmax(%m) "soft"
output "y" = %y
"""

HEAD = NET.split("output")[0]
SAYS = HEAD + '%k : UINT2[1,1] = argmax(%y) "top" {axis=1, keepdims=true}\noutput "class" = %k\n'
NAMED = SAYS.replace('input "x"', 'classes ["red", "green", "blue"]\ninput "x"')
FOUR = NET.replace('input "x"', 'classes ["red", "green", "blue", "black"]\ninput "x"')
ONE = """lutfisk 1
graph "one"
input "x" = %x : FLOAT32[1,1]
const %half : FLOAT32[] = [0.5]
%y : FLOAT32[1,1] = mul(%x, %half) "half"
output "y" = %y
"""
TOTAL = """lutfisk 1
graph "total"
input "x" = %x : UINT2[1,4]
const %w : UINT3[4,1] range {5,5,1} = [5, 5, 5, 5]
%y : UINT6[1,1] range {0,60,1} = matmul(%x, %w) "total"
output "y" = %y
"""
BIT = """lutfisk 1
graph "bit"
input "x" = %x : FLOAT32[1,1]
const %t : FLOAT32[1,1] = [1.5]
%y : UINT1[1,1] = thermometer(%x, %t) "bit"
output "y" = %y
"""


def label(row):
    scores = [BIAS[c] + sum(x * w[c] for x, w in zip(row, WEIGHTS)) for c in range(CLASSES)]
    return scores.index(max(scores))


def accuracy(rows, labels, *options, net="net.lf"):
    status, out, text = run("eval", net, "-i", rows, "-y", labels, *options, "--json", "-q")
    return (json.loads(out)["accuracy"] if status == 0 else None), text


def evaluate():
    rows = [[rng.uniform(-60, 60) for _ in range(CHANNELS * PIXELS)] for _ in range(ROWS)]
    labels = [label(r) for r in rows]
    turned = [(c + 1) % CLASSES for c in labels]  # class 0 of the network means label 1
    write_rows("x.npy", rows)
    write_rows("nhwc.npy", [[r[c * PIXELS + p] for p in range(PIXELS) for c in range(CHANNELS)] for r in rows])
    write_rows("small.npy", [[v / 255 for v in r] for r in rows])
    write_rows("y.npy", [[c] for c in labels])
    write_rows("turned.npy", [[c] for c in turned])
    good, text = accuracy("x.npy", "y.npy")
    check("rows as they are", good == 1 and min(labels.count(c) for c in range(CLASSES)) > 30, f"{good} {text}")
    wrong, _ = accuracy("nhwc.npy", "y.npy")
    good, text = accuracy("nhwc.npy", "y.npy", "--layout", "nhwc")
    check("channels last", good == 1 and wrong < 0.9, f"{wrong} {good} {text}")
    good, text = accuracy("small.npy", "y.npy", "--scale", 255)
    check("scaled", good is not None and good > 0.98, f"{good} {text}")
    wrong, text = accuracy("small.npy", "y.npy")
    check("a scale that explains chance is named", wrong < 0.5 and "--scale 255 it would be" in text, f"{wrong} {text}")
    good, text = accuracy("x.npy", "turned.npy", "--class-map", "1,2,0")
    check("classes in another order", good == 1, f"{good} {text}")
    wrong, text = accuracy("x.npy", "turned.npy")
    check("an order that explains chance is named", wrong == 0 and "--class-map 1,2,0 it would be 100.0 %" in text, f"{wrong} {text}")

    some = [i for i in range(ROWS) if labels[i] < 2]  # a file need not have every class that the network says
    write_rows("some.npy", [rows[i] for i in some])
    write_rows("wrong.npy", [[0] for _ in some])
    good, text = accuracy("some.npy", "wrong.npy", net="says.lf")
    check("classes that no row has are wrong, not illegal", good == sum(labels[i] == 0 for i in some) / len(some), f"{good} {text}")
    for net, said in (("net.lf", "the label of row 2 is 3"), ("says.lf", "the label of row 2 is 3"), ("named.lf", "the label of row 2 is 3")):
        write_rows("beyond.npy", [[c] for c in labels[:2] + [3] + labels[3:]])
        good, text = accuracy("x.npy", "beyond.npy", net=net)
        check(f"{net}: a label beyond its classes", good is None and "beyond.npy: error: " + said in text and "has 3 classes, 0 to 2" in text, f"{good} {text}")
    good, text = accuracy("x.npy", "beyond.npy", "-n", 2, net="says.lf")
    check("rows that are not looked at may have any", good == 1, f"{good} {text}")
    write_rows("four.npy", [[c] for c in [3] + labels[1:]])
    good, text = accuracy("x.npy", "four.npy", net="four.lf")
    check("a name without an output is no class", good is None and "has 3 classes, 0 to 2" in text, f"{good} {text}")
    good, text = accuracy("x.npy", "y.npy", net="named.lf")
    check("labels of classes that have names", good == 1, f"{good} {text}")
    write_rows("real.npy", [[2.0], [1.0]])
    write_rows("two.npy", [[1], [1]])
    good, text = accuracy("real.npy", "two.npy", net="one.lf")
    check("a number that is no class is refused", good is None and "row 1: the network says 0.5, which is no class" in text, f"{good} {text}")
    write_rows("total.npy", [[0, 0, 0, 0], [1, 2, 3, 3]] * 30)
    write_rows("both.npy", [[0], [1]] * 30)
    good, text = accuracy("total.npy", "both.npy", net="total.lf")
    check("a score is taken for no class", good is None and "row 1: the network says class 45, the labels go to 1" in text, f"{good} {text}")
    named = TOTAL.replace('input "x"', 'classes ["red", "green"]\ninput "x"')
    with open("named-total.lf", "w") as f:
        f.write(named)
    good, text = accuracy("total.npy", "both.npy", net="named-total.lf")
    check("nor where classes have names", good is None and "the network says class 45, the labels go to 1" in text, f"{good} {text}")
    write_rows("none.npy", [[0], [0]])
    good, text = accuracy("real.npy", "none.npy", net="bit.lf")
    check("a bit is a class of two, which not all rows need to have", good == 0.5, f"{good} {text}")


def read(path):
    """Type and values of a .npy file."""
    with open(path, "rb") as f:
        f.read(8)
        header = ast.literal_eval(f.read(struct.unpack("<H", f.read(2))[0]).decode())
        kind = {"f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q"}[header["descr"][1:]]
        data = f.read()
    return header["descr"][1:], list(struct.unpack(f"<{len(data) // struct.calcsize(kind)}{kind}", data))


def predict(*options):
    status, _, text = run("predict", "quantized.lf", "-i", "q.npy", "-o", "out.npy", *options, "-q")
    return read("out.npy") if status == 0 else (text, [])


def integers():
    rows = [[rng.uniform(-1, 1) for _ in range(4)] for _ in range(50)]
    signs = [[1 if v >= 0 else -1 for v in r] for r in rows]
    weights = [[1, 1], [-1, 1], [1, -1], [-1, -1]]
    sums = [sum(s * w[c] for s, w in zip(r, weights)) for r in signs for c in range(2)]
    write_rows("q.npy", rows)
    kind, values = predict()
    odds = [1 / (1 + math.exp((sums[i ^ 1] - sums[i]) / 8)) for i in range(len(sums))]
    check("values", kind == "f4" and all(abs(v - o) < 1e-6 for v, o in zip(values, odds)), f"{kind} {values}")
    check("--batch: the same in blocks of 7", predict("--batch", 7) == (kind, values))
    kind, values = predict("--raw")
    check("--raw: the integers before scale and softmax", kind[0] == "i" and values == sums, f"{kind} {values}")
    kind, values = predict("--output", "q")
    check("--output: a tensor inside", values == [s for r in signs for s in r], f"{kind} {values}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, text in (("net.lf", NET), ("quantized.lf", QUANTIZED), ("says.lf", SAYS), ("named.lf", NAMED), ("four.lf", FOUR), ("one.lf", ONE), ("total.lf", TOTAL), ("bit.lf", BIT)):
            with open(name, "w") as f:
                f.write(text)
        evaluate()
        integers()
        os.chdir("/")
    return end()


sys.exit(main())
