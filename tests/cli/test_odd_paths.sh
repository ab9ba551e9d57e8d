#!/bin/bash
# Quotes, blanks, dollars and newlines in the names of models, designs and temporary directories: every tool works there. TAP.
tool=$(realpath "${LUTFISK:-build/lutfisk}")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
n=0 bad=0
check() { # NAME PATTERN COMMAND...: the command succeeds and prints the pattern
    local name=$1 pattern=$2
    shift 2
    n=$((n + 1))
    if "$@" >"$work/out.txt" 2>&1 && grep -q -- "$pattern" "$work/out.txt"; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name"
        cut -c 1-300 "$work/out.txt" | sed 's/^/# /' | head -n 20
        bad=1
    fi
}
with() { # TOOL NAME PATTERN COMMAND...: a check that needs a tool
    if command -v "$1" >/dev/null; then
        shift
        check "$@"
    else
        n=$((n + 1))
        echo "ok $n - $2 # SKIP $1 was not found"
    fi
}
cat >net.yaml <<'EOF'
data: digits
input: {shape: [1, 28, 28], divisor: 255, multiply: 2, subtract: 1}
input_quantizer: {type: bipolar}
weights: {type: bipolar}
activations: {type: bipolar}
layers: [16, 10]
training: {epochs: 1}
EOF
"$tool" train net.yaml -o net.onnx -q >log 2>&1 && "$tool" data --rows digits:3 -n 2 -o x.npy >log 2>&1 || { cat log; exit 1; }
prepare() { # DIRECTORY PART: a model, rows and a place for temporary files of that name, and a design with memory files
    what=$(printf %q "$1")
    mkdir -p "$1/tmp $1"
    export TMPDIR="$work/$1/tmp $1"
    cp net.onnx "$1/$1.onnx"
    cp x.npy "$1/$1.npy"
    check "build in $what" '"ii_cycles"' "$tool" build "$1/$1.onnx" -o "$1/$1" --part "$2" --ii 12544 --json
    check "it has memory files" . sh -c 'ls "$1"/rtl/*.mem' sh "$1/$1"
}
nothing_left() {
    check "nothing is left in $what" '^0$' sh -c 'ls -A "$1" | wc -l' sh "$TMPDIR"
}
d='a "b'"'"' c$d'
prepare "$d" ice40hx8k
with iverilog "verify by Icarus in $what" '"mismatches": 0' "$tool" verify "$d/$d" -i "$d/$d.npy" --sim iverilog --json
with yosys "synth and route in $what" '"lut": [1-9]' "$tool" synth "$d/$d" --json
nothing_left
d=$'a "b\' c$d `e` \\f;g&h#i%j(k)\nl'
prepare "$d" xc7z020
with verilator "verify by Verilator in $what" '"mismatches": 0' "$tool" verify "$d/$d" -i "$d/$d.npy" --sim verilator --json -o "$d/y.npy"
with yosys "synth in $what" '"lut": [1-9]' "$tool" synth "$d/$d" --json --netlist "$d/$d.v"
with yosys "its netlist by lutfisk in $what" '"mismatches": 0' "$tool" verify "$d/$d" -i "$d/$d.npy" --netlist "$d/$d.v" --json
nothing_left
mkdir near
with verilator "a relative TMPDIR" '"mismatches": 0' env TMPDIR=near "$tool" verify "$d/$d" -i x.npy --sim verilator --json
echo "1..$n"
exit $bad
