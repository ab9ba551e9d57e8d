# What tests in shell share, as tap.py for Python: results as TAP, the command, a directory that vanishes. Sourced from the root of the source tree.
tool=$(realpath "${LUTFISK:-build/lutfisk}")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
tests=0 failed=0

check() { # NAME COMMAND...: passes when the command does
    local name=$1
    shift
    tests=$((tests + 1))
    if "$@" >"$work/out.txt" 2>&1; then
        echo "ok $tests - $name"
    else
        failed=1
        echo "not ok $tests - $name"
        tail -n 40 "$work/out.txt" | cut -c 1-300 | sed 's/^/# /'
    fi
}

with() { # TOOL NAME COMMAND...: a check that needs a tool
    if command -v "$1" >/dev/null; then
        check "${@:2}"
    else
        tests=$((tests + 1))
        echo "ok $tests # SKIP $2: $1 was not found"
    fi
}

need() { # TOOL...: without them there is no test
    local needed
    for needed in "$@"; do
        command -v "$needed" >/dev/null || { echo "skipped: $needed was not found"; exit 77; }
    done
}

says() { # PATTERN COMMAND...: the command succeeds and prints the pattern
    "${@:2}" >"$work/said.txt" 2>&1 && grep -q -- "$1" "$work/said.txt" || { cat "$work/said.txt"; return 1; }
}

refuses() { # PATTERN COMMAND...: the command fails, not by a signal or for want of the command (from 126), and prints the pattern
    local status=0
    "${@:2}" >"$work/said.txt" 2>&1 || status=$?
    if [ $status -eq 0 ] || [ $status -ge 126 ] || ! grep -q -- "$1" "$work/said.txt"; then
        echo "exit status $status"
        cat "$work/said.txt"
        return 1
    fi
}

end() { # prints the plan and ends the test
    echo "1..$tests"
    exit $failed
}

bipolar_recipe() { # LAYERS: a network of signs for digits, trained in a moment
    cat <<YAML
data: digits
input: {shape: [1, 28, 28], divisor: 255, multiply: 2, subtract: 1}
input_quantizer: {type: bipolar}
weights: {type: bipolar}
activations: {type: bipolar}
layers: [$1]
training: {epochs: 1}
YAML
}
