#!/usr/bin/python3
"""tools/count_tests.py, which decides whether check.sh passes, told about results of every kind."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COUNT = ROOT / "tools" / "count_tests.py"


def case(name, inside="", status="run", out=""):
    return f'<testcase name="{name}" status="{status}">{inside}<system-out>{out}</system-out></testcase>'


TAP = "1..3\nok 1 - a\nnoise\nnot ok 2 # SKIP b\nok 3 - c\n# ok - tests\n"
LATE = "1..2\nok 1 - a: b # SKIP no tool\nok 2 - c\n"
NONE = "1..0 # SKIP no tool\n"
BAD = "1..2\nok 1 - a\nnot ok 2 - b\n# 1 != 2\n# not ok - tests\n"
CRASH = "1..4\nok 1 - a\nSegmentation fault\n"
UNIT = "..s.\n" + "-" * 70 + "\nRan 4 tests in 0.1s\n\nOK (skipped=1)\n"
UNIT_BAD = "F\n" + "-" * 70 + "\nRan 4 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n"

# what the file holds, the environment, the last line, the exit status, what must be said
CASES = [
    ([case("t", out=TAP)], {}, "2 passed, 0 failed, 1 skipped", 0, "skipped: r/t: b"),
    ([case("t", out=TAP)], {"CI": "true"}, "2 passed, 0 failed, 1 skipped", 1, "nothing may be skipped"),
    ([case("t", out=LATE)], {}, "1 passed, 0 failed, 1 skipped", 0, "skipped: r/t: a: b no tool"),
    ([case("t", out=LATE)], {"CI": "true"}, "1 passed, 0 failed, 1 skipped", 1, "nothing may be skipped"),
    ([case("t"), case("u", out=NONE)], {}, "1 passed, 0 failed, 1 skipped", 0, "skipped: r/u: no tool"),
    ([case("t", "<failure message=''/>", "fail", BAD)], {}, "1 passed, 1 failed, 0 skipped", 1, "# 1 != 2"),
    ([case("t", "<failure message='SEGFAULT'/>", "fail", CRASH)], {}, "1 passed, 3 failed, 0 skipped", 1, "Segmentation fault"),
    ([case("t", "<failure message=''/>", "fail", TAP)], {}, "2 passed, 1 failed, 1 skipped", 1, "exit status or time limit"),
    ([case("t", "<failure message=''/>", "fail", "log line")], {}, "0 passed, 1 failed, 0 skipped", 1, "log line"),
    ([case("t"), case("u")], {}, "2 passed, 0 failed, 0 skipped", 0, ""),
    ([case("t"), case("u", "<skipped message='SKIP_RETURN_CODE=77'/>", "notrun")], {}, "1 passed, 0 failed, 1 skipped", 0, "skipped: r/u"),
    ([case("t"), case("u", "<skipped message='Unable to find executable'/>", "notrun")], {}, "1 passed, 1 failed, 0 skipped", 1, "FAILED: r/u"),
    ([case("t", out=UNIT)], {}, "3 passed, 0 failed, 1 skipped", 0, ""),
    ([case("t", "<failure message=''/>", "fail", UNIT_BAD)], {}, "1 passed, 3 failed, 0 skipped", 1, "FAILED (failures=1"),
    ([], {}, "0 passed, 0 failed, 0 skipped", 1, ""),
    (["not XML at all"], {}, "0 passed, 1 failed, 0 skipped", 1, "cannot be read"),
]


def run(files, extra):
    env = {key: value for key, value in os.environ.items() if key != "CI"} | extra
    done = subprocess.run([sys.executable, str(COUNT), *map(str, files)], capture_output=True, text=True, env=env)
    return done.returncode, done.stdout + done.stderr


def main():
    results = []

    def check(name, good, output):
        results.append(good)
        print(f"{'ok' if good else 'not ok'} {len(results)} - {name}")
        if not good:
            print("\n".join("# " + line for line in output.splitlines()))

    with tempfile.TemporaryDirectory() as tmp:
        xml = Path(tmp) / "r.xml"
        for number, (cases, env, last, code, said) in enumerate(CASES):
            body = "".join(cases)
            xml.write_text(body if body.startswith("not") else f"<testsuite>{body}</testsuite>")
            status, output = run([xml], env)
            good = status == code and output.splitlines()[-1] == last and said in output
            check(f"case {number}: {last}", good, output)
        other = Path(tmp) / "other.xml"
        other.write_text(f"<testsuite>{case('t', out=TAP.replace('not ok 2 # SKIP b', 'ok 2 - b'))}</testsuite>")
        xml.write_text(f"<testsuite>{case('t', out=TAP)}</testsuite>")
        status, output = run([xml, other], {"CI": "true"})
        check("with CI=true, skipped here and passed there", status == 0 and output.endswith("5 passed, 0 failed, 1 skipped\n"), output)
        builds = Path(tmp) / "builds"
        builds.write_text("ok build with gcc\nnot ok build with clang\n")
        status, output = run([builds], {})
        check("builds are counted", status == 1 and output.endswith("1 passed, 1 failed, 0 skipped\n"), output)
        status, output = run([Path(tmp) / "missing.xml"], {})
        check("a run that left no file failed", status == 1 and output.endswith("0 passed, 1 failed, 0 skipped\n"), output)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
