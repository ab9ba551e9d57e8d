"""What tests in Python share: results as TAP, the command, rows as .npy files without NumPy."""
import json
import os
import struct
import subprocess

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


def write_rows(path, rows):
    """Lists of floats of one length; returns the path."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for row in rows:
            f.write(struct.pack(f"<{len(row)}f", *row))
    return path
