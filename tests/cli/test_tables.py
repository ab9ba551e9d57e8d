#!/usr/bin/env python3
"""Tables: trained with ranked columns, the network takes rows as they come: other orders, unknown categories, missing cells; wrong tables are
refused by line and column; the circuit gives the same. TAP."""
import os
import random
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import check, end, run_merged as run, write

COLUMNS = ["fLength", "fWidth", "fSize", "fConc", "fConc1", "fAsym", "fM3Long", "fM3Trans", "fAlpha", "fDist"]
rng = random.Random(5)
here = tempfile.mkdtemp()
os.makedirs(f"{here}/magic")


def path(name):
    return os.path.join(here, name)


def row():
    """Rows in MAGIC's form, of another making: a class that three columns decide; the second holds words."""
    cells = [f"{rng.uniform(-50, 50):.3f}" for _ in COLUMNS]
    cells[1] = rng.choice(["red", "green", "blue"])
    hadron = (float(cells[0]) > 10) != (cells[1] == "red") or float(cells[8]) > 40
    return cells, "h" if hadron else "g"


rows = [row() for _ in range(1500)]
with open(path("magic/magic04.data"), "w") as f:
    f.writelines(",".join(cells) + f",{label}\n" for cells, label in rows)


def accuracy_in(text, pattern=r"accuracy ([\d.]+)"):
    found = re.search(pattern, text)
    return float(found.group(1)) if found else 0


def train(name, data="magic", coding="", says=""):
    """NAME.lf, a network of LUTs on a table; its accuracy and its text."""
    recipe = write(path(f"{name}.yaml"), f"""data: {data}
family: luts
table: {{{coding}scaling: rank, bits: 4}}
thermometer: {{levels: 15}}
layers: [6, 1]
luts: {{method: search, comparison_cost: 2}}
training: {{epochs: 30, batch: 64, validation: 200}}
""")
    status, text = run("train", recipe, "-o", path(f"{name}.lf"), "--data", here, "-q")
    check(f"train {name}", status == 0 and says in text, text)
    accuracy = accuracy_in(text, r"([\d.]+) % test")
    check(f"accuracy {accuracy} % of {name}", accuracy > 93, text)
    with open(path(f"{name}.lf")) as f:
        return accuracy, f.read()


def table(name, order, cells, labels=True):
    with open(path(name), "w") as f:
        head = [COLUMNS[i] for i in order]
        f.write(",".join(["number"] + head + (["class"] if labels else [])) + "\n")
        for i, (c, label) in enumerate(cells):
            f.write(",".join([str(i)] + [c[k] for k in order] + ([str(int(label == "h"))] if labels else [])) + "\n")
    return path(name)


def predict(model, rows_file, *more):
    status, text = run("predict", model, "-i", rows_file, "-o", path("y.npy"), *more)
    with open(path("y.npy"), "rb") as f:
        data = f.read()
    os.unlink(path("y.npy"))
    return data if status == 0 else text


accuracy, lf = train("net")
check("the network names its columns", lf.count("\ncolumn ") == 10 and '"red"' in lf and " steps [" in lf, lf[:500])

os.environ["LUTFISK_DATA"] = here
status, text = run("eval", path("net.lf"), "--data", "magic")
check("eval codes the set as the network says", f"accuracy {accuracy:.2f} %" in text, text)

fresh = [row() for _ in range(300)]
straight = table("straight.csv", range(10), fresh)
shuffled = table("shuffled.csv", rng.sample(range(10), 10), fresh, labels=False)
status, text = run("eval", path("net.lf"), "-i", straight, "-y", f"{straight}:class")
check("eval takes a table and its column of classes", status == 0 and accuracy_in(text) > 90, text)
first = predict(path("net.lf"), straight)
check("columns in another order", first == predict(path("net.lf"), shuffled))

run("opt", path("net.lf"), "-p", "", "-o", path("again.lf"))
check("columns survive the text form", open(path("again.lf")).read().count("\ncolumn ") == 10)
check("and give the same", first == predict(path("again.lf"), straight))

odd = [([c[0], "violet", "", "NA", *c[4:]], label) for c, label in fresh]
check("unknown categories and missing numbers", isinstance(predict(path("net.lf"), table("odd.csv", range(10), odd)), bytes))

status, text = run("build", path("net.lf"), "-o", path("hw"), "--style", "table", "--interface", "flow", "--input", "UINT4",
                   "--verify", straight, "-q")
check("the circuit equals the network on the table", status == 0, text)
check("a build takes the table, too", first == predict(path("hw"), straight))

wrong = [([*c[:4], "much", *c[5:]], label) if i == 7 else (c, label) for i, (c, label) in enumerate(fresh)]
status, text = run("predict", path("net.lf"), "-i", table("wrong.csv", range(10), wrong))
check("a wrong cell by line and column", status != 0 and "wrong.csv:9" in text and "'much' in column 'fConc1'" in text, text)
wrong = [([*c[:4], f"word{i}", *c[5:]], label) if i % 20 == 7 else (c, label) for i, (c, label) in enumerate(fresh)]
status, text = run("predict", path("net.lf"), "-i", table("wrong.csv", range(10), wrong))
check("several: the first ten, and how many more", status == 2 and text.count(": error: ") == 10 and "wrong.csv:9: error: 'word7' in" in text and
      "wrong.csv:189: error: 'word187' in" in text and "word207" not in text and "and 5 more like these" in text, text)
status, text = run("predict", path("net.lf"), "-i", table("few.csv", range(9), fresh))
check("a missing column by name", status != 0 and "no column 'fDist'" in text, text)
write(path("plain.lf"), "\n".join(line for line in lf.splitlines() if not line.startswith(("column", "    "))) + "\n")
shutil.copy(path("net.lfw"), path("plain.lfw"))
status, text = run("predict", path("plain.lf"), "-i", straight)
check("a network without columns takes no table", status != 0 and "does not say how columns" in text, text)
status, text = run("train", path("net.yaml"), "-o", path("net.onnx"), "-q")
check("ONNX does not hold the scaling", status != 0 and ".lf files only" in text, text)

# -- an element for every name
accuracy, lf = train("hot", coding="coding: one_hot, ")
check("the network names its elements", lf.count("\ncolumn ") == 12 and 'column "fWidth" is "red" steps' in lf and "FLOAT32[1,12]" in lf, lf[:600])
status, text = run("eval", path("hot.lf"), "--data", "magic")
check("eval makes them of the set", f"accuracy {accuracy:.2f} %" in text, text)
first = predict(path("hot.lf"), straight)
check("and predict of a table, in any order", isinstance(first, bytes) and first == predict(path("hot.lf"), shuffled), first)
violet = [([c[0], "violet", *c[2:]], label) for c, label in fresh]
missing = [([c[0], "?", *c[2:]], label) for c, label in fresh]
check("names never seen are as missing ones", predict(path("hot.lf"), table("violet.csv", range(10), violet)) ==
      predict(path("hot.lf"), table("missing.csv", range(10), missing)))
status, text = run("build", path("hot.lf"), "-o", path("hw2"), "--style", "table", "--interface", "flow", "--input", "UINT4",
                   "--verify", straight, "-q")
check("its circuit equals it on the table", status == 0, text)
# -- a table of one's own
own = [row() for _ in range(1500)] + rows[:20] * 2
with open(path("own.csv"), "w") as f:
    f.write("kind," + ",".join(COLUMNS) + "\n")
    f.writelines({"h": "hadron", "g": "gamma"}[label] + "," + ",".join(cells) + "\n" for cells, label in own)
accuracy, lf = train("own", data=path("own.csv:kind"), says="own.csv")
status, text = run("eval", path("own.lf"), "--data", path("own.csv:kind"))
check("eval on its rows for testing, by names of classes", f"accuracy {accuracy:.2f} %" in text and "1 hadron" in text, text)
status, text = run("eval", path("own.lf"), "--data", path("own.csv:kind:train"))
check("and on those it was trained on, without duplicates", status == 0 and re.search(r"train part without duplicates, 1,?[12]\d\d ", text), text)
status, text = run("eval", path("own.lf"), "-i", straight, "-y", f"{straight}:class")
check("numbers of classes are those of the sorted names", status == 0 and accuracy_in(text) > 90, text)
straight_names = path("names.csv")  # other rows, with the names of the classes in their column
named = rows[20:60]
with open(straight_names, "w") as f:
    f.write(",".join(COLUMNS) + ",kind\n")
    f.writelines(",".join(cells) + "," + {"h": "hadron", "g": "gamma"}[label] + "\n" for cells, label in named)
check("a trained network keeps the names of its classes", '\nclasses ["gamma", "hadron"]\n' in lf, lf[:2000])
run("opt", path("own.lf"), "-p", "integerize", "-o", path("own-int.lf"), "-q")
for model in ("own.lf", "own-int.lf"):
    status, text = run("eval", path(model), "-i", straight_names, "-y", f"{straight_names}:kind")
    check(f"eval of {model} reads and prints them", status == 0 and accuracy_in(text) > 85 and "1 hadron" in text, text)
status, text = run("predict", path("own.lf"), "-i", straight_names)
check("predict shows them behind their numbers", status == 0 and re.search(r"\[0\] [01] \((gamma|hadron)\)\n", text), text)
status, text = run("predict", path("own.lf"), "-i", straight_names, "-o", path("numbers.npy"))
head = open(path("numbers.npy"), "rb").read()[:60] if status == 0 else b""
check("and writes numbers", b"'descr': '<f4'" in head or b"'descr': '<i8'" in head, text)
with open(straight_names, "a") as f:
    f.write(",".join(named[0][0]) + ",muon\n")
status, text = run("eval", path("own.lf"), "-i", straight_names, "-y", f"{straight_names}:kind")
check("a name that it does not know is refused by line", status == 2 and "names.csv:42: error" in text and "'muon'" in text and "'gamma', 'hadron'" in text, text)
for cell in ("2", "-1"):
    write(path("beyond.csv"), ",".join(COLUMNS) + ",kind\n" + ",".join(named[0][0]) + ",gamma\n" + ",".join(named[1][0]) + f",{cell}\n")
    status, text = run("eval", path("own.lf"), "-i", path("beyond.csv"), "-y", path("beyond.csv:kind"))
    check(f"class {cell} of two is refused by line", status == 2 and f"beyond.csv:3: error: '{cell}' in column 'kind' is not a class from 0 to 1" in text, text)
with open(path("beyond.csv"), "a") as f:
    f.write((",".join(named[1][0]) + ",muon\n") * 10)
status, text = run("eval", path("own.lf"), "-i", path("beyond.csv"), "-y", path("beyond.csv:kind"))
check("wrong classes: all told, and one remedy", status == 2 and text.count(": error: ") == 10 and "beyond.csv:12: error: 'muon'" in text and
      "and 1 more like it" in text and text.count("the network knows 'gamma', 'hadron'") == 1, text)
write(path("spelled.csv"), "size,kind\n" + "".join(f"{i},{'00' if i == 29 else i % 2}\n" for i in range(40)))
status, text = run("eval", path("own.lf"), "--data", path("spelled.csv:kind"))
check("one class written in two ways is refused by line",
      status == 2 and "spelled.csv:31: error: '00' in column 'kind' is the number of class '0'" in text and "write" in text, text)
for spec, words in ((":king", "own.csv:kind"), ("", "which column"), (":fLength", "different classes"), (":kind:other", "no column 'kind:other'")):
    status, text = run("eval", path("own.lf"), "--data", path("own.csv") + spec)
    check(f"own.csv{spec} is refused", status == 2 and words in text, text)
with open(path("own.csv"), "a") as f:
    f.write("," + ",".join(rows[0][0]) + "\n")
status, text = run("eval", path("own.lf"), "--data", path("own.csv:kind"))
check("a row without a class is refused by line", status == 2 and "is no class" in text and "own.csv:15" in text, text)
status, text = run("eval", path("net.lf"), "--data", f"{straight}:class")
check("a set with another coding is refused, and what takes it is said", status == 2 and "is not coded as" in text and "-i FILE.csv -y FILE.csv:COLUMN" in text, text)
write(path("late.csv"), "\n\n" + open(path("few.csv")).read())
status, text = run("predict", path("net.lf"), "-i", path("late.csv"))
check("empty lines before the first one count", status == 2 and "late.csv:3: error" in text and "no column 'fDist'" in text, text)
os.makedirs(path("a:b"))
write(path("a:b/colons.csv"), open(straight).read().replace(",class\n", ",the:class\n"))
status, text = run("eval", path("net.lf"), "-i", path("a:b/colons.csv"), "-y", path("a:b/colons.csv:the:class"))
check("colons in a path and in the name of a column", status == 0 and accuracy_in(text) > 90, text)

write(path("twice.csv"), "a,b,,a,\n1,2,3,4,5\n")
status, text = run("predict", path("own.lf"), "-i", path("twice.csv"))
check("two columns of one name", status == 2 and "twice.csv:1: error: two columns are called 'a'" in text, text)
write(path("others.csv"), open(path("own.csv")).read().rsplit("\n", 2)[0].replace("gamma", "muon") + "\n")
status, text = run("eval", path("own.lf"), "--data", path("others.csv:kind"))
check("classes of other names are not taken for each other", status == 2 and "class 0" in text and "'gamma'" in text, text)

write(path("pictures.yaml"), "data: digits\nfamily: luts\ntable: {coding: one_hot}\nlayers: [10]\ntraining: {epochs: 1, batch: 64}\n")
status, text = run("train", path("pictures.yaml"), "-o", path("p.lf"), "-q")
check("pictures have no categories", status != 0 and "is no table" in text, text)

status, text = run("info", path("net.lf"))
check("info proposes the grid of the ranks", "--input UINT4" in text and "FIXED" not in text, text)
for column, grid in (('names ["a", "", "b", "c"]', "UINT2"), ('names ["a", "", "b", "c", "d"]', "UINT3"), ('names ["a"]', "UINT1"), ('is "a"', "UINT1"), ("number missing 0", "FIXED<")):
    write(path("grid.lf"), f"""lutfisk 1
graph "grid"
column "c" {column}
input "x" = %x : FLOAT32[1,1]
const %t : FLOAT32[1,1] = [0.5]
%y : UINT1[1,1] = thermometer(%x, %t) "encoder"
output "y" = %y
""")
    status, text = run("build", path("grid.lf"), "-o", path("dead"))
    check(f"a column of {column}: --input {grid}", status == 2 and f"--input {grid}" in text.replace("'", ""), text)
status, text = run("build", path("net.lf"), "-o", path("dead"), "--style", "table", "--interface", "flow", "--input", "UINT8,1/255")
check("a grid that leaves nothing to compute is told", status == 0 and "the same whatever the input is" in text and "look at --input" in text, text)
status, text = run("build", path("net.lf"), "-o", path("dead3"), "--style", "table", "--interface", "flow", "--input", "UINT8!,1/255", "--dont-cares", straight)
check("with don't-cares, too", status == 0 and "the same whatever the input is" in text and "look at --input" in text, text)
status, text = run("opt", path("net.lf"), "-p", "", "-o", path("net.json"))
check("JSON that leaves out the coding of the table says so", status == 0 and "only FILE.lf holds" in text, text)
status, text = run("build", path("dead"), "-o", path("dead2"))
check("a design is no network", status == 2 and "built already" in text and "model.lf" not in text, text)
write(path("forgotten.yaml"), f"data: {path('own.csv')}\nfamily: luts\nlayers: [2]\ntraining: {{epochs: 1, batch: 64}}\n")
status, text = run("train", path("forgotten.yaml"), "-o", path("f.lf"), "-q")
check("a recipe that names no column of classes", status == 2 and "which column" in text, text)

shutil.rmtree(here)
sys.exit(end())
