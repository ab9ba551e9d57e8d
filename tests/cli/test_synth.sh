#!/bin/bash
# synth and verify --netlist, for a part whose LUTs are no memories and one whose are: build, map, route, simulate the mapped netlist. TAP.
tool=$(realpath "${LUTFISK:-build/lutfisk}")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
for needed in yosys iverilog; do
    command -v $needed >/dev/null || { echo "1..0 # SKIP $needed was not found"; exit 0; }
done
n=0 bad=0
check() { # NAME PATTERN COMMAND...: the command succeeds and prints the pattern
    local name=$1 pattern=$2
    shift 2
    n=$((n + 1))
    if "$@" >out.txt 2>&1 && grep -q -- "$pattern" out.txt; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name"
        sed 's/^/# /' out.txt | head -n 20
        bad=1
    fi
}
cat >tiny.yaml <<'EOF'
data: digits
input: {shape: [1, 28, 28], divisor: 255, multiply: 2, subtract: 1}
input_quantizer: {type: bipolar}
weights: {type: bipolar}
activations: {type: bipolar}
layers: [16, 10]
training: {epochs: 1}
EOF
check "train" '"epochs": 1' "$tool" train tiny.yaml -o tiny.onnx -q --json
check "rows" "2 rows" "$tool" data --rows digits:3 -n 2 -o x.npy
check "build for an iCE40" '"ii_cycles": 784' "$tool" build tiny.onnx -o hw --part ice40hx8k --ii 784 --json
check "synth counts what an iCE40 has" '"lut": [1-9]' "$tool" synth hw --json
if command -v nextpnr-ice40 >/dev/null; then
    check "a routed frequency names its router" '"evidence": "routed nextpnr-ice40 hx8k"' cat hw/report.json
fi
check "the mapped netlist computes the same" " 0 mismatches (iverilog, mapped netlist)" "$tool" verify hw -i x.npy --sim iverilog --netlist hw/synth/netlist.v
check "as fast as fits" '"ii_cycles": [1-9][0-9]\?[,}]' "$tool" build tiny.onnx -o fast --part xc7z020 --fastest --json
check "build for a Zynq" '"ii_cycles": 784' "$tool" build tiny.onnx -o zynq --part xc7z020 --ii 784 --json
check "synth for a Zynq" '"lut": [1-9]' "$tool" synth zynq --json
check "the longest path in LUTs, which the report keeps" '"path_luts": [1-6],' cat zynq/report.json
check "its netlist, simulated without another program" "2 samples, 0 mismatches (lutfisk, mapped netlist)" env PATH=/nowhere "$tool" verify zynq -i x.npy --netlist zynq/synth/netlist.v
echo "1..$n"
exit $bad
