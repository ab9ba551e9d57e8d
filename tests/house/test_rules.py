#!/usr/bin/python3
"""Rules of CONTRIBUTING.md that text can show, held against every tracked file; each rule is first shown a file that breaks it."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SLASH = "/"  # words that this file looks for are put together, so that it does not find itself
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
HOMES = re.compile(SLASH + r"(?:home|root|work|Users)" + SLASH + r"\w")


def guard(path, text):
    if path.suffix != ".h" or path.parts[0] not in ("src", "include"):
        return None
    parts = path.parts[1:] if path.parts[0] == "src" else path.parts[2:]
    name = ("LF_" if path.parts[0] == "src" else "LUTFISK_") + "_".join(parts).upper().replace(".", "_")
    return None if f"#ifndef {name}\n#define {name}\n" in text else f"the header guard is not {name}"


def extensions(path, text):
    if path.parts[0] not in ("src", "cli") or path.name == "compiler.h" or path.suffix not in (".c", ".h"):
        return None
    found = re.search(r"__attribute__|__builtin_|__asm__|\btypeof\b|#pragma (?!once)", text)
    return f"a compiler extension outside base/compiler.h: {found.group()}" if found and "/kern/" not in f"/{path}" else None


def spaces(path, text):
    if path.suffix not in (".c", ".h", ".def", ".py", ".sh", ".cmake", ".v", ".yaml"):
        return None
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip() or "\t" in line and path.suffix != ".sh":
            return f"line {number}: a tab, or space at the end"
    return None if text.endswith("\n") or not text else "no newline at the end"


def unfinished(path, text):
    found = UNFINISHED.search(text)
    return f"unfinished: {found.group()}" if found else None


def machine_paths(path, text):
    found = HOMES.search(text)
    return f"a path of one machine: {found.group()}…" if found else None


def file_name(path, text):
    good = re.fullmatch(r"[a-z0-9_]+\.(c|h|def|proto)", path.name) or path.parts[0] != "src"
    return None if good else "file names are lower_snake"


def length(path, text):
    lines = text.count("\n")
    return f"{lines} lines; find its seam" if path.suffix in (".c", ".h", ".v", ".py") and lines > 1000 else None


# rule, a path and a text that break it
RULES = [
    (guard, "src/ir/graph.h", "#ifndef GRAPH_H\n#define GRAPH_H\n"),
    (extensions, "src/ir/graph.c", "int x __attribute__((unused));\n"),
    (spaces, "src/ir/graph.c", "int x; \n"),
    (spaces, "src/ir/graph.c", "int x;"),
    (unfinished, "src/ir/graph.c", "/* TO" + "DO: more */\n"),
    (machine_paths, "tools/a.py", "open('/" + "home/me/x')\n"),
    (file_name, "src/ir/Graph.c", "\n"),
    (length, "src/ir/graph.c", "\n" * 1001),
]


def tracked():
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
        names = [name for name in done.stdout.split("\0") if name]
    except FileNotFoundError:
        names = []
    if not names:  # no git, or an unpacked archive
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and p.relative_to(ROOT).parts[0] not in ("build", ".git")]
    return sorted(map(Path, names))


def main():
    results = []

    def check(name, complaints):
        results.append(not complaints)
        print(f"{'not ok' if complaints else 'ok'} {len(results)} - {name}")
        for line in complaints:
            print(f"# {line}")

    for rule, path, text in RULES:
        check(f"{rule.__name__} notices {path}", [] if rule(Path(path), text) else ["it does not"])
    found = {rule.__name__: [] for rule, _, _ in RULES}
    for path in tracked():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue  # fixtures may be binary; a deleted file is git's business
        for rule in {r for r, _, _ in RULES}:
            wrong = rule(path, text)
            if wrong:
                found[rule.__name__].append(f"{path}: {wrong}")
    for name in sorted(found):
        check(f"{name}: all files", sorted(found[name]))
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
