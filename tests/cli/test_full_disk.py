#!/usr/bin/python3
"""A disk that is full: a model in text form and its weights stay the old pair, whole and readable, where either of the new ones finds no room;
the message names the file that could not be written, and nothing else is left. By a limit on the size of files, and on a small file system
where one may be mounted. TAP."""
import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dense_nets import write_recipe
from tap import TOOL, check, end, run

PAGE = resource.getpagesize()
PAIR = ("full/m.lf", "full/m.lfw")
WRITE = {  # what makes the new pair at the old one's name
    "opt": ("opt", "new.onnx", "-p", "", "-o", PAIR[0]),
    "quantize": ("quantize", "small.onnx", "-o", PAIR[0], "--requantize", "--bits", 2, "--random-data", "0,255"),
}
TRAIN = ("train", "new.yaml", "-o", PAIR[0])


def contents():
    """Hashes of all that lies beside the model."""
    made = {}
    for name in sorted(os.listdir("full")):
        with open(os.path.join("full", name), "rb") as f:
            made[f"full/{name}"] = hashlib.sha256(f.read()).hexdigest()
    return made


def begin():
    """The old pair alone."""
    shutil.rmtree("full", ignore_errors=True)
    shutil.copytree("old", "full")
    return contents()


def sizes(args):
    """Of the new text and weights, where there is room for them."""
    old = begin()
    code, _, said = run(*args, "-q")
    check(f"{args[0]} with room: a new pair", code == 0 and set(contents()) == set(old) and not set(contents().values()) & set(old.values()), said)
    return [os.path.getsize(p) for p in PAIR]


def limited(args, most, prepare=lambda: None):
    """No file grows beyond `most` bytes: more is an error, as on a full disk, or a signal that ends a program that does not mind it."""
    def limit():
        prepare()
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    done = subprocess.run([TOOL, *map(str, args), "-q"], capture_output=True, text=True, preexec_fn=limit, restore_signals=False)
    return done.returncode, done.stderr


def mounted(args, pages):
    """On a file system of so many pages; what it holds in the end is copied back."""
    script = ('mount -t tmpfs -o size=$1 none full || exit 99; shift; cp old/* full || exit 98; "$@"; code=$?; '
              'rm -rf back; cp -r full back || exit 97; exit $code')
    line = ["unshare", "-rm", "sh", "-c", script, "sh", str(pages * PAGE), TOOL, *map(str, args), "-q"]
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode < 97:
        shutil.rmtree("full")
        os.rename("back", "full")
    return done.returncode, done.stderr


def can_mount():
    begin()
    return shutil.which("unshare") and mounted(("doctor",), 64)[0] == 0


def kept(name, old, code, said, path, why):
    """The command failed over `path`, and the old pair is all that is there; it still runs."""
    check(f"{name}: refused, and {path} is named", code == 2 and f"{path}: error: cannot write: {why}" in said, f"{code} {said}")
    check(f"{name}: the old pair is all that is there", contents() == old, contents())
    code, _, said = run("predict", PAIR[0], "-i", "x.npy", "-o", "y.npy", "-q")
    check(f"{name}: it can be read", code == 0, said)


def by_limit(verb, args, text, weights):
    check(f"{verb}: the text is the larger file", text > weights, f"{text} {weights}")
    for path, most in ((PAIR[1], weights - 1), (PAIR[0], text - 1)):
        old = begin()
        code, said = limited(args, most)
        kept(f"{verb}, no room in {path}", old, code, said, path, "File too large")


def pages_of(size):
    return -(-size // PAGE)


def by_mount(verb, args, text, weights):
    old_pages = sum(pages_of(os.path.getsize(os.path.join("old", name))) for name in os.listdir("old"))
    both = old_pages + pages_of(weights) + pages_of(text)
    for path, pages in ((PAIR[1], old_pages + pages_of(weights) - 1), (PAIR[0], both - 1)):
        old = begin()
        code, said = mounted(args, pages)
        kept(f"{verb}, a disk without room for {path}", old, code, said, path, "No space left on device")
    code, said = mounted(args, both)
    check(f"{verb}, a disk with just enough room", code == 0 and contents() != old, f"{code} {said}")


def train():
    """Its checkpoint is the first that finds no room."""
    old = begin()
    code, said = limited(TRAIN, 20000)
    kept("train", old, code, said, PAIR[0] + ".ckpt", "File too large")


def signalled():
    """Where the signal that a limit sends is not ignored, either."""
    old = begin()
    code, said = limited(WRITE["opt"], 1000, lambda: signal.signal(signal.SIGXFSZ, signal.SIG_DFL))
    kept("opt, with the signal", old, code, said, PAIR[1], "File too large")


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    os.mkdir("old")
    for args in (("train", write_recipe("old.yaml", 64), "-o", "old/m.lf", "--seed", 5),
                 ("train", write_recipe("new.yaml", 48), "-o", "new.onnx"),
                 ("train", write_recipe("small.yaml", 16), "-o", "small.onnx"),
                 ("data", "--rows", "digits:test", "-n", 2, "-o", "x.npy")):
        code, _, said = run(*args, "-q")
        check(args[0], code == 0, said)
    mounts = can_mount()
    for verb, args in WRITE.items():
        text, weights = sizes(args)
        by_limit(verb, args, text, weights)
        if mounts:
            by_mount(verb, args, text, weights)
    train()
    signalled()
    if not mounts:
        print("# no file system may be mounted here: limits of files alone were tried")
sys.exit(end())
