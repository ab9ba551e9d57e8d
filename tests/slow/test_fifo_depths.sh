#!/bin/bash
# FIFOs of MobileNet v1 and ResNet-50, folded as in published designs, hold at most the bits that were measured for those.
models=${LUTFISK_DATA:+$LUTFISK_DATA/../models}
[ -d "$models" ] || models=../shared/models
if [ ! -r "$models/folding_refs" ] || ! command -v /usr/bin/python3 >/dev/null; then
    echo "skipped: folding_refs was not found; LUTFISK_DATA says where the data are"
    exit 77
fi
set -e
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Cycles a frame: what the slowest unit takes with that folding.
for design in mobilenet-v1:ZCU102:401408 resnet50:U250:903168; do
    IFS=: read -r name board cycles <<<"$design"
    reference=$models/folding_refs/finnplus__${board}_folding_config_live_fifo.json
    /usr/bin/python3 tools/fifo_compare.py "$reference" --folding "$work/$name.json"
    "$LUTFISK" make "$name" -o "$work/$name.onnx" -q
    "$LUTFISK" build "$work/$name.onnx" -o "$work/$name" --folding "$work/$name.json" --ii "$cycles" -q \
        >"$work/$name.log" 2>&1 ||
        { cat "$work/$name.log"; exit 1; }
    /usr/bin/python3 tools/fifo_compare.py "$reference" --report "$work/$name/report.json"
done
