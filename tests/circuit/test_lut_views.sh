#!/bin/bash
# The two views of rtl/lf_lut.v are equal for 1 to 6 inputs (proved by Yosys with its own cell models), and Yosys's Xilinx flow keeps a table of two
# inputs that it could merge into another, but for those that are loose: they go into the LUTs of a carry chain.
. tests/tap.sh
need yosys

equal() { # INPUTS TABLE LOOSE
    echo "read_verilog -DLF_LUT_GENERIC rtl/lf_lut.v; chparam -set INPUTS $1 -set TABLE $2 lf_lut; rename lf_lut generic; proc; opt; design -stash one;" \
         "read_verilog rtl/lf_lut.v; read_verilog +/xilinx/cells_sim.v; chparam -set INPUTS $1 -set TABLE $2 -set LOOSE $3 lf_lut; hierarchy -top lf_lut; proc; flatten; opt; rename lf_lut mapped; design -stash two;" \
         "design -copy-from one generic; design -copy-from two mapped; miter -equiv -flatten generic mapped miter; sat -verify -prove trigger 0 miter" > "$work/b.ys"
    yosys -q -s "$work/b.ys"
}
for n in 1 2 3 4 5 6; do
    for table in "64'h5a1f0c3b96d2e784" "64'h8000000000000001" "64'h123456789abcdef2"; do for loose in 0 1; do
        check "$n inputs, $table, loose $loose" equal $n "$table" $loose
    done; done
done
cat > "$work/net.v" <<'V'
module net (input a, b, c, output y);
    wire t;
    lf_lut #(.INPUTS(2), .TABLE(64'h6)) one (.i({b, a}), .o(t));
    lf_lut #(.INPUTS(2), .TABLE(64'h8)) two (.i({c, t}), .o(y));
endmodule
V
check "a table is kept" yosys -q -p "read_verilog rtl/lf_lut.v $work/net.v; synth_xilinx -family xcup -flatten -noiopad -nowidelut -top net; select -assert-count 2 t:LUT2"
cat > "$work/sum.v" <<'V'
module sum (input [2:0] a, input [4:0] x, output [3:0] y);
    wire [2:0] t;
    lf_lut #(.INPUTS(5), .TABLE(64'h96696996), .LOOSE(1)) one (.i(x), .o(t[0]));
    lf_lut #(.INPUTS(5), .TABLE(64'h177e7ee8), .LOOSE(1)) two (.i(x), .o(t[1]));
    lf_lut #(.INPUTS(5), .TABLE(64'he8808000), .LOOSE(1)) three (.i(x), .o(t[2]));
    assign y = {1'd0, a} + {1'd0, t};
endmodule
V
check "a loose one is not" yosys -q -p "read_verilog rtl/lf_lut.v $work/sum.v; hierarchy -top sum; proc; flatten; alumacc; synth_xilinx -family xcup -flatten -noiopad -nowidelut -top sum; select -assert-count 3 t:LUT*"
end
