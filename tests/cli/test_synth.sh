#!/bin/bash
# synth and verify --netlist, for a part whose LUTs are no memories and one whose are: build, map, route, simulate the mapped netlist.
. tests/tap.sh
need yosys iverilog
cd "$work" || exit 2
bipolar_recipe "16, 10" >tiny.yaml
check "train" says '"epochs": 1' "$tool" train tiny.yaml -o tiny.onnx -q --json
check "rows" says "2 rows" "$tool" data --rows digits:3 -n 2 -o x.npy
check "build for an iCE40" says '"ii_cycles": 784' "$tool" build tiny.onnx -o hw --part ice40hx8k --ii 784 --json
check "synth counts what an iCE40 has" says '"lut": [1-9]' "$tool" synth hw --json
with nextpnr-ice40 "a routed frequency names its router" says '"evidence": "routed nextpnr-ice40 hx8k"' cat hw/report.json
check "the mapped netlist computes the same" says " 0 mismatches (iverilog, mapped netlist)" "$tool" verify hw -i x.npy --sim iverilog --netlist hw/synth/netlist.v
check "as fast as fits" says '"ii_cycles": [1-9][0-9]\?[,}]' "$tool" build tiny.onnx -o fast --part xc7z020 --fastest --json
check "build for a Zynq" says '"ii_cycles": 784' "$tool" build tiny.onnx -o zynq --part xc7z020 --ii 784 --json
check "synth for a Zynq" says '"lut": [1-9]' "$tool" synth zynq --json
check "the longest path in LUTs, which the report keeps" says '"path_luts": [1-6],' cat zynq/report.json
check "its netlist, simulated without another program" says "2 samples, 0 mismatches (lutfisk, mapped netlist)" env PATH=/nowhere "$tool" verify zynq -i x.npy --netlist zynq/synth/netlist.v
end
