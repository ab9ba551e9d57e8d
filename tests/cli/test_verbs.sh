#!/bin/bash
# The verbs in a row, as a user runs them: train, data --rows, eval, opt with its promises and dumps, a failing pass that leaves
# crash.lf, the folding curve, build with --verify.
. tests/tap.sh
cd "$work" || exit 2

check "train" "$tool" train tfc-w1a1 --set digits --epochs 1 -o net.onnx -q
check "no checkpoint is left" test ! -e net.onnx.ckpt
check "rows of a data set" "$tool" data --rows digits:7 -n 20 -o x.npy
check "eval" says '"accuracy"' "$tool" eval net.onnx --data digits:7 -n 500 --json
check "info" says '"unsupported": \[\]' "$tool" info net.onnx --json
check "passes keep their promises" "$tool" opt net.onnx -p "integerize, map, fold(ii=784), connect" -o hw.lf --check --dump-after all
check "a dump after each pass" test -s hw.integerize.lf -a -s hw.map.lf -a -s hw.fold.lf -a -s hw.connect.lf
check "a printed graph is a model" says '"samples": 20' "$tool" predict hw.integerize.lf -i x.npy -o y.npy --json
check "a pass that fails says where it is kept" refuses "crash.lf" "$tool" opt net.onnx -p "integerize, map, fold(ii=1, part=xc7a35t, must_fit=true)" -o bad.lf
check "the failure can be reproduced" refuses "error" "$tool" opt crash.lf -p "fold(ii=1, part=xc7a35t, must_fit=true)" -o bad.lf
check "no result of a failure" test ! -e bad.lf
check "the folding curve" says '"ii_cycles"' "$tool" build net.onnx --sweep --json
check "make a known network" says '"nodes"' "$tool" make mobilenet-v1 --size 32 --width 0.1 --blocks 2 --classes 4 -o small.onnx --json
check "whatever is made can be read" says '"unsupported": \[\]' "$tool" info small.onnx --json
check "unknown networks are refused" refuses "resnet50" "$tool" make resnet51 -o small.onnx
check "every list has entries" sh -c "for w in ops passes kernels targets boards data recipes networks; do test \$(\"$tool\" list \$w | wc -l) -gt 2 || { echo \$w; exit 1; }; done"
check "recipes are described by whole sentences" sh -c "\"$tool\" list recipes --json | awk '/\"help\"/ { all++; whole += /\\.\"/ } END { exit !(all > 2 && all == whole) }'"
check "tables fit 100 columns" sh -c "for w in ops passes kernels targets boards data recipes; do \"$tool\" list \$w; done | awk 'length > 100 { print; bad = 1 } END { exit bad }'"
with verilator "build --verify" says '"mismatches": 0' "$tool" build net.onnx -o hw --ii 784 --verify x.npy --json
end
