#!/bin/bash
# Names that are no Verilog: equal after cleaning, longer than a file name may be, those of the testbench and of a layer's module. Each
# network is built and simulated. TAP.
tool=$(realpath "${LUTFISK:-build/lutfisk}")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
command -v iverilog >/dev/null || { echo "1..0 # SKIP iverilog was not found"; exit 0; }
cat >net.yaml <<'EOF'
data: digits
input: {shape: [1, 28, 28], divisor: 255, multiply: 2, subtract: 1}
input_quantizer: {type: bipolar}
weights: {type: bipolar}
activations: {type: bipolar}
layers: [16, 16, 10]
training: {epochs: 1}
EOF
"$tool" train net.yaml -o net.onnx -q >log 2>&1 && "$tool" opt net.onnx -p integerize -o net.lf --inline >log 2>&1 &&
    "$tool" data --rows digits:3 -n 2 -o x.npy >log 2>&1 || { cat log; exit 1; }
n=0 bad=0
works() { # NAME MODEL
    n=$((n + 1))
    rm -rf hw
    if "$tool" build "$2" -o hw --ii 784 -q >out.txt 2>&1 && "$tool" verify hw -i x.npy --sim iverilog >out.txt 2>&1; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        cut -c 1-300 out.txt | sed 's/^/# /'
        bad=1
    fi
}
renamed() { # NAME FIRST SECOND: the network with these two layer names
    sed -e "s|\"layer0_matmul_mvu\"|\"$2\"|" -e "s|\"layer1_matmul_mvu\"|\"$3\"|" net.lf >renamed.lf
    grep -q -- "\"$3\"" renamed.lf || { echo "Bail out! the layers are called otherwise"; exit 1; }
    works "$1" renamed.lf
}
renamed "equal but for signs" a.b a_b
renamed "one longer than a file name" "$(printf 'long%.0s' $(seq 100))1" "$(printf 'long%.0s' $(seq 100))2"
renamed "keywords and units" module lf_mvu_control
for top in tb layer0_matmul_mvu_mvu; do
    cp net.lf $top.lf
    works "a file called $top" $top.lf
done
echo "1..$n"
exit $bad
