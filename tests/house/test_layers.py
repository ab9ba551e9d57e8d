#!/usr/bin/python3
"""The includes of the tree go down, and tools/layers.py notices when one does not: bad ones are planted in a copy."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ROOT / "tools" / "layers.py"

# file of the copy, a line added to it, what must be said
PLANTED = [
    ("src/base/arena.c", '#include "num/dtype.h"', "points up"),
    ("src/num/dtype.c", '#include "ir/graph.h"', "points up"),
    ("src/ir/graph.h", '  #  include "circuit/circuit.h"', "points sideways"),
    ("src/vlog/vlog.h", '#include "data/idx.h"', "points sideways"),
    ("src/base/ctx.c", '#include "arena.h"', "write it from src"),
    ("src/base/ctx.c", '#include "base/no_such.h"', "there is no such file"),
    ("src/base/ctx.c", "#include <lutfisk/no_such.h>", "there is no such public header"),
    ("include/lutfisk/context.h", '#include "base/arena.h"', "public header includes a private one"),
    ("cli/planted.c", '#include "base/arena.h"', "only <lutfisk/...>"),
    ("src/nowhere/planted.c", "", "is on no floor"),
    ("src/num/arena.c", "", "used more than once"),
]
# what must stay allowed
HARMLESS = [
    ("src/num/dtype.c", '#include "base/arena.h"'),
    ("src/base/ctx.c", "#include <string.h>"),
    ("cli/planted.c", "#include <lutfisk/context.h>"),
    ("src/base/ctx.c", '// #include "num/dtype.h"'),
]


def run(root):
    done = subprocess.run([sys.executable, str(LAYERS), str(root)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def copy_tree(to):
    """The copy holds what the planted lines name, so that only the arrow is wrong."""
    for top in ("src", "include", "cli"):
        if (ROOT / top).is_dir():
            shutil.copytree(ROOT / top, to / top)
    for name in ("src/circuit/circuit.h", "src/ir/graph.h", "src/data/idx.h", "src/num/dtype.h", "src/num/dtype.c", "src/vlog/vlog.h"):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).touch()


def with_line(root, name, line):
    """Runs the check with `line` added to the file, which is put back afterwards."""
    path = root / name
    old = path.read_text() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((old or "") + "\n" + line + "\n")
    try:
        return run(root)
    finally:
        if old is None:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
        else:
            path.write_text(old)


def main():
    results = []

    def check(name, good, output=""):
        results.append(good)
        print(f"{'ok' if good else 'not ok'} {len(results)} - {name}")
        if not good:
            print("\n".join("# " + line for line in output.splitlines()))

    status, output = run(ROOT)
    check("the tree's includes go down", status == 0, output)
    with tempfile.TemporaryDirectory() as tmp:
        copy = Path(tmp)
        copy_tree(copy)
        before = run(copy)[1]
        for name, line, message in PLANTED:
            status, output = with_line(copy, name, line)
            news = set(output.splitlines()) - set(before.splitlines())
            check(f"{name} + {line or 'nothing'}: {message}", status == 1 and any(message in text for text in news), output)
        for name, line in HARMLESS:
            _, output = with_line(copy, name, line)
            news = {text for text in set(output.splitlines()) - set(before.splitlines()) if " files, " not in text}
            check(f"{name} + {line}: allowed", not news, output)
    with tempfile.TemporaryDirectory() as tmp:
        check("an empty tree is not a good one", run(Path(tmp))[0] == 1)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
