#!/bin/bash
# Names that are no Verilog: equal after cleaning, longer than a file name may be, those of the testbench and of a layer's module. Each
# network is built and simulated.
. tests/tap.sh
need iverilog
cd "$work" || exit 2
bipolar_recipe "16, 16, 10" >net.yaml
check "train" "$tool" train net.yaml -o net.onnx -q
check "as text" "$tool" opt net.onnx -p integerize -o net.lf --inline
check "rows" "$tool" data --rows digits:3 -n 2 -o x.npy
works() { # MODEL
    rm -rf hw
    "$tool" build "$1" -o hw --ii 784 -q && "$tool" verify hw -i x.npy --sim iverilog
}
renamed() { # NAME FIRST SECOND: the network with these two layer names
    sed -e "s|\"layer0_matmul_mvu\"|\"$2\"|" -e "s|\"layer1_matmul_mvu\"|\"$3\"|" net.lf >renamed.lf
    grep -q -- "\"$3\"" renamed.lf || { echo "Bail out! the layers are called otherwise"; exit 1; }
    check "$1" works renamed.lf
}
renamed "equal but for signs" a.b a_b
renamed "one longer than a file name" "$(printf 'long%.0s' $(seq 100))1" "$(printf 'long%.0s' $(seq 100))2"
renamed "keywords and units" module lf_mvu_control
for top in tb layer0_matmul_mvu_mvu; do
    cp net.lf $top.lf
    check "a file called $top" works $top.lf
done
end
