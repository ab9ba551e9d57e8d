#!/bin/bash
# Quotes, blanks, dollars and newlines in the names of models, designs and temporary directories: every tool works there.
. tests/tap.sh
cd "$work" || exit 2
bipolar_recipe "16, 10" >net.yaml
check "train" "$tool" train net.yaml -o net.onnx -q
check "rows" "$tool" data --rows digits:3 -n 2 -o x.npy
prepare() { # DIRECTORY PART: a model, rows and a place for temporary files of that name, and a design with memory files
    what=$(printf %q "$1")
    mkdir -p "$1/tmp $1"
    export TMPDIR="$work/$1/tmp $1"
    cp net.onnx "$1/$1.onnx"
    cp x.npy "$1/$1.npy"
    check "build in $what" says '"ii_cycles"' "$tool" build "$1/$1.onnx" -o "$1/$1" --part "$2" --ii 12544 --json
    check "it has memory files" sh -c 'ls "$1"/rtl/*.mem' sh "$1/$1"
}
nothing_left() {
    check "nothing is left in $what" says '^0$' sh -c 'ls -A "$1" | wc -l' sh "$TMPDIR"
}
d='a "b'"'"' c$d'
prepare "$d" ice40hx8k
with iverilog "verify by Icarus in $what" says '"mismatches": 0' "$tool" verify "$d/$d" -i "$d/$d.npy" --sim iverilog --json
with yosys "synth and route in $what" says '"lut": [1-9]' "$tool" synth "$d/$d" --json
nothing_left
d=$'a "b\' c$d `e` \\f;g&h#i%j(k)\nl'
prepare "$d" xc7z020
with verilator "verify by Verilator in $what" says '"mismatches": 0' "$tool" verify "$d/$d" -i "$d/$d.npy" --sim verilator --json -o "$d/y.npy"
with yosys "synth in $what" says '"lut": [1-9]' "$tool" synth "$d/$d" --json --netlist "$d/$d.v"
with yosys "its netlist by lutfisk in $what" says '"mismatches": 0' "$tool" verify "$d/$d" -i "$d/$d.npy" --netlist "$d/$d.v" --json
nothing_left
mkdir near
with verilator "a relative TMPDIR" says '"mismatches": 0' env TMPDIR=near "$tool" verify "$d/$d" -i x.npy --sim verilator --json
end
