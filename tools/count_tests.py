#!/usr/bin/python3
"""Count test results over several runs, test function by test function.

usage: count_tests.py FILE...

A FILE.xml is what ctest --output-junit wrote; any other FILE holds lines `ok NAME` and `not ok NAME`. Within the output of one
test, TAP lines (cmocka with CMOCKA_MESSAGE_OUTPUT=TAP) and the summary of Python's unittest are counted one by one; a test that
prints neither is one test. Prints the log of whatever failed, the names of what was skipped, and as the last line
`N passed, N failed, N skipped`. Exit status 1 when something failed, when nothing passed, or, with CI=true, when a test was
skipped that passed in no other run (some are too large for the sanitizers).
"""
import os
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

TAP = re.compile(r"^(not ok|ok)\b\s*(?:\d+\b)?\s*(.*)$", re.M)
PLAN = re.compile(r"^1\.\.(\d+)\s*$", re.M)
NOTHING = re.compile(r"^1\.\.0\s*# SKIP\s*(.*)$", re.M)
UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n\n(?:OK|FAILED)(?: \(([^)]*)\))?", re.M)


class Counts:
    def __init__(self):
        self.passed = []   # names, here and below: RUN/TEST: FUNCTION
        self.failed = []
        self.skipped = []

    def add(self, name, passed, failed, skipped):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped


def read_tap(name, text):
    """The names that passed, failed and were skipped, from the TAP lines in `text`."""
    passed, failed, skipped = [], [], []
    for verdict, rest in TAP.findall(text):
        rest = rest.lstrip("- ")
        said, skip, why = rest.partition("# SKIP")
        if skip and (verdict == "ok" or not said):
            skipped.append(f"{name}: {said}{why.strip()}")
        elif verdict == "ok":
            passed.append(f"{name}: {rest.strip()}")
        else:
            failed.append(f"{name}: {rest.strip()}")
    skipped += [f"{name}: {why}" for why in NOTHING.findall(text)]
    missing = sum(map(int, PLAN.findall(text))) - len(passed) - len(failed) - len(skipped)
    failed += [f"{name}: ended before this test"] * max(0, missing)
    return passed, failed, skipped


def read_unittest(name, text):
    """The same for Python's unittest; it names no tests in its summary."""
    passed, failed, skipped = [], [], []
    for total, notes in UNITTEST.findall(text):
        count = {key.strip(): int(value) for key, value in re.findall(r"([a-z ]+)=(\d+)", notes or "")}
        bad = count.get("failures", 0) + count.get("errors", 0) + count.get("unexpected successes", 0)
        skip = count.get("skipped", 0)
        passed += [f"{name}: a unittest"] * (int(total) - bad - skip)
        failed += [f"{name}: a unittest"] * bad
        skipped += [f"{name}: a unittest"] * skip
    return passed, failed, skipped


def read_case(name, status, text):
    """One ctest test: its own counts if it prints any; its exit status always has the last word."""
    passed, failed, skipped = read_tap(name, text)
    if not (passed or failed or skipped):
        passed, failed, skipped = read_unittest(name, text)
    if status == "skipped":
        return passed, failed, skipped or [name]
    if status == "failed" and not failed:
        return passed, [f"{name}: exit status or time limit"], skipped
    if not (passed or failed or skipped):
        passed = [name]
    return passed, failed, skipped


def ctest_status(case):
    if case.find("skipped") is not None or case.get("status") == "notrun":
        message = (case.find("skipped").get("message") or "") if case.find("skipped") is not None else ""
        return "skipped" if "SKIP_RETURN_CODE" in message else "failed"
    return "failed" if case.find("failure") is not None or case.get("status") == "fail" else "passed"


def count_junit(path, counts):
    run = path.stem
    for case in ET.parse(path).getroot().iter("testcase"):
        name = f"{run}/{case.get('name')}"
        out = case.find("system-out")
        text = (out.text or "") if out is not None else ""
        status = ctest_status(case)
        passed, failed, skipped = read_case(name, status, text)
        if failed:
            print(f"---- {name} failed; its output:")
            print("\n".join(text.splitlines()[-120:]) or "(none: it was not built, or could not be started)")
        counts.add(name, passed, failed, skipped)


def main():
    counts = Counts()
    for path in map(Path, sys.argv[1:]):
        if not path.is_file():
            counts.failed.append(f"{path}: was not written")
        elif path.suffix == ".xml":
            try:
                count_junit(path, counts)
            except ET.ParseError as error:
                counts.failed.append(f"{path}: cannot be read: {error}")
        else:
            counts.add(path.name, *read_tap(path.name, path.read_text()))
    for name in counts.skipped:
        print(f"skipped: {name}")
    for name in counts.failed:
        print(f"FAILED: {name}")
    elsewhere = {name.partition("/")[2] for name in counts.passed}
    strict = os.environ.get("CI") == "true" and any(name.partition("/")[2] not in elsewhere for name in counts.skipped)
    if strict:
        print("With CI=true nothing may be skipped.")
    print(f"{len(counts.passed)} passed, {len(counts.failed)} failed, {len(counts.skipped)} skipped")
    return 1 if counts.failed or strict or not counts.passed else 0


if __name__ == "__main__":
    sys.exit(main())
