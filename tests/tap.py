"""What tests in Python share: results as TAP, the command, rows as .npy files without NumPy."""
import json
import os
import struct
import subprocess
import time

TOOL = os.path.abspath(os.environ.get("LUTFISK", "build/lutfisk"))

tests = failed = 0


def check(name, good, why=""):
    global tests, failed
    tests += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {tests} - {name}", flush=True)
    for line in str(why).splitlines()[-20:] if not good else []:
        print("#", line[:1000])


def end():
    """Prints the plan; the exit status."""
    print(f"1..{tests}")
    return 1 if failed else 0


def run(*args):
    """The command's status, output and messages."""
    done = subprocess.run([TOOL, *map(str, args)], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def run_merged(*args):
    """Status, and output with the messages behind it."""
    status, out, text = run(*args)
    return status, out + text


def answer(*args, status=0):
    """The command's JSON, or its messages where another status than 0 is right; nothing else is."""
    code, out, text = run(*args, "-q", "--json")
    assert code == status, f"{args}: {code} {text}"
    return json.loads(out) if status == 0 else text


def wait_for(what, seconds=60):
    last = time.monotonic() + seconds
    while not what() and time.monotonic() < last:
        time.sleep(0.02)
    return what()


def write(path, content):
    """Text or bytes; returns the path, as the next ones do."""
    with open(path, "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    return path


def write_npy(path, kind, shape, values):
    header = f"{{'descr': '<{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        f.write(struct.pack(f"<{len(values)}{'f' if kind == 'f4' else 'q'}", *values))
    return path


def write_rows(path, rows):
    """Lists of floats of one length."""
    return write_npy(path, "f4", (len(rows), len(rows[0])), [v for row in rows for v in row])


def write_labels(path, labels):
    return write_npy(path, "i8", (len(labels),), labels)
