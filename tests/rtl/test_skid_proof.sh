#!/bin/bash
# lf_skid proved by induction, for every input sequence after a reset: a marked word leaves once, unchanged, in its turn; valid and
# data hold until taken. A unit without its spill register must not pass.
set -u
command -v yosys > /dev/null || { echo "yosys is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

prove() {
    yosys -q -p "read_verilog -formal $1; chparam -set WIDTH 4 lf_skid; prep -top lf_skid; async2sync; opt -full
        sat -tempinduct -prove-asserts -set-assumes -set-init-zero -maxsteps 8 -verify" > "$dir/log" 2>&1
}

prove rtl/lf_skid.v || { cat "$dir/log"; echo "lf_skid is not proved"; exit 1; }
sed 's/head <= ready ? s_axis_tdata : spill/head <= s_axis_tdata/' rtl/lf_skid.v > "$dir/lf_skid.v"
cmp -s rtl/lf_skid.v "$dir/lf_skid.v" && { echo "the fault was not planted"; exit 1; }
prove "$dir/lf_skid.v" && { echo "the proof does not see a missing spill register"; exit 1; }
grep -q "proof did fail" "$dir/log" || { cat "$dir/log"; exit 1; }
echo "lf_skid proved; the planted fault was seen"
