#!/bin/bash
# The two views of rtl/lf_lut.v are equal for 1 to 6 inputs (proved by Yosys with its own cell models), and Yosys's Xilinx flow keeps a table of two
# inputs that it could merge into another, but for those that are loose: they go into the LUTs of a carry chain.
set -eu
command -v yosys > /dev/null || exit 77
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for n in 1 2 3 4 5 6; do
    for table in "64'h5a1f0c3b96d2e784" "64'h8000000000000001" "64'h123456789abcdef2"; do for loose in 0 1; do
        echo "read_verilog -DLF_LUT_GENERIC rtl/lf_lut.v; chparam -set INPUTS $n -set TABLE $table lf_lut; rename lf_lut generic; proc; opt; design -stash one;" \
             "read_verilog rtl/lf_lut.v; read_verilog +/xilinx/cells_sim.v; chparam -set INPUTS $n -set TABLE $table -set LOOSE $loose lf_lut; hierarchy -top lf_lut; proc; flatten; opt; rename lf_lut mapped; design -stash two;" \
             "design -copy-from one generic; design -copy-from two mapped; miter -equiv -flatten generic mapped miter; sat -verify -prove trigger 0 miter" > "$tmp/b.ys"
        yosys -q -s "$tmp/b.ys" > "$tmp/log" 2>&1 || { echo "not ok - $n inputs, $table, loose $loose"; tail -5 "$tmp/log"; exit 1; }
    done; done
done
cat > "$tmp/net.v" <<'V'
module net (input a, b, c, output y);
    wire t;
    lf_lut #(.INPUTS(2), .TABLE(64'h6)) one (.i({b, a}), .o(t));
    lf_lut #(.INPUTS(2), .TABLE(64'h8)) two (.i({c, t}), .o(y));
endmodule
V
yosys -q -p "read_verilog rtl/lf_lut.v $tmp/net.v; synth_xilinx -family xcup -flatten -noiopad -nowidelut -top net; select -assert-count 2 t:LUT2"
cat > "$tmp/sum.v" <<'V'
module sum (input [2:0] a, input [4:0] x, output [3:0] y);
    wire [2:0] t;
    lf_lut #(.INPUTS(5), .TABLE(64'h96696996), .LOOSE(1)) one (.i(x), .o(t[0]));
    lf_lut #(.INPUTS(5), .TABLE(64'h177e7ee8), .LOOSE(1)) two (.i(x), .o(t[1]));
    lf_lut #(.INPUTS(5), .TABLE(64'he8808000), .LOOSE(1)) three (.i(x), .o(t[2]));
    assign y = {1'd0, a} + {1'd0, t};
endmodule
V
yosys -q -p "read_verilog rtl/lf_lut.v $tmp/sum.v; hierarchy -top sum; proc; flatten; alumacc; synth_xilinx -family xcup -flatten -noiopad -nowidelut -top sum; select -assert-count 3 t:LUT*"
echo "ok - views"
