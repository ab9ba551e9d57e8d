#!/bin/bash
# lf_skid proved by induction, for every input sequence after a reset: a marked word leaves once, unchanged, in its turn; valid and
# data hold until taken. A unit without its spill register must not pass.
. tests/tap.sh
need yosys

prove() {
    yosys -q -p "read_verilog -formal $1; chparam -set WIDTH 4 lf_skid; prep -top lf_skid; async2sync; opt -full
        sat -tempinduct -prove-asserts -set-assumes -set-init-zero -maxsteps 8 -verify"
}

sed 's/head <= ready ? s_axis_tdata : spill/head <= s_axis_tdata/' rtl/lf_skid.v > "$work/lf_skid.v"
check "lf_skid" prove rtl/lf_skid.v
check "the fault is planted" refuses "differ" cmp rtl/lf_skid.v "$work/lf_skid.v"
check "a missing spill register is seen" refuses "proof did fail" prove "$work/lf_skid.v"
end
