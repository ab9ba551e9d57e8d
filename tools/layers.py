#!/usr/bin/python3
"""Check that includes go down only.

usage: layers.py [ROOT]

Reads every #include "..." and <lutfisk/...> in src/, include/ and cli/. A folder may include itself and folders of lower
floors; neighbours on one floor may not include one another; the command sees only the public headers. File names must be
unique in the tree, because tests and diagnostics name files without their folder. Exit status 1 when something is wrong.
"""
import re
import sys
from collections import defaultdict
from pathlib import Path

FLOORS = [
    ["base"],
    ["num"],
    ["ir", "circuit"],
    ["kern", "vlog", "fpga", "data"],
    ["ops"],
    ["pass", "exec", "train", "zoo"],
    ["import", "export", "target", "verify", "report"],
    ["api"],
    ["cli", "python"],
]
FLOOR = {folder: n for n, folders in enumerate(FLOORS) for folder in folders}
PUBLIC = "include"  # the public headers include nothing of src, and everyone may include them
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<(lutfisk/[^>]+)>)')


def source_files(root):
    for top in ("src", "include", "cli"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".c", ".h", ".def"):
                yield path


def folder_of(path, root):
    parts = path.relative_to(root).parts
    if parts[0] == "src":
        return parts[1] if len(parts) > 2 else ""
    return PUBLIC if parts[0] == "include" else parts[0]


def includes(path):
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1) or found.group(2)


def complaint(here, target, root):
    """What is wrong with a file of folder `here` including `target`, or None."""
    there = target.split("/")[0]
    if there == "lutfisk":
        return None if (root / "include" / target).is_file() else "there is no such public header"
    if here == PUBLIC:
        return "a public header includes a private one"
    if here == "cli":
        return None if "/" not in target else "the command may include only <lutfisk/...>"
    if there not in FLOOR or "/" not in target:
        return 'write it from src, as in "base/ctx.h"'
    if not (root / "src" / target).is_file():
        return "there is no such file in src"
    if there == here or FLOOR[there] < FLOOR[here]:
        return None
    way = "up" if FLOOR[there] > FLOOR[here] else "sideways"
    return f"the arrow {here} (floor {FLOOR[here]}) -> {there} (floor {FLOOR[there]}) points {way}"


def check_names(files, root, say):
    seen = defaultdict(list)
    for path in files:
        if path.relative_to(root).parts[0] == "src":
            seen[path.name].append(str(path.relative_to(root)))
    for name, places in seen.items():
        if len(places) > 1:
            say(f"{places[0]}: the file name {name} is used more than once: {' '.join(places)}")


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    errors = []
    files = list(source_files(root))
    arrows = 0
    for path in files:
        here, name = folder_of(path, root), path.relative_to(root)
        if here != PUBLIC and here not in FLOOR:
            errors.append(f"{name}: the folder {here or 'src'} is on no floor (see architecture)")
            continue
        for line, target in includes(path):
            arrows += 1
            wrong = complaint(here, target, root)
            if wrong:
                errors.append(f'{name}:{line}: "{target}": {wrong}')
    check_names(files, root, errors.append)
    for error in errors:
        print(error)
    print(f"{len(files)} files, {arrows} includes, {len(errors)} wrong")
    return 1 if errors or not files else 0


if __name__ == "__main__":
    sys.exit(main())
