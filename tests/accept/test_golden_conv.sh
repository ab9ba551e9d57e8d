#!/bin/bash
# The published convolutional network against its expected outputs: a thousand pictures in software, two in simulated Verilog.
# The reference engine would take minutes; the property tests hold the fast one against it.
golden=../shared/accept/golden.py
if [ ! -r "$golden" ] || ! /usr/bin/python3 -c "import numpy" 2>/dev/null; then
    echo "skipped: $golden or numpy was not found"
    exit 77
fi
if ! command -v verilator >/dev/null; then
    echo "skipped: verilator was not found"
    exit 77
fi
exec /usr/bin/python3 "$golden" --lutfisk "$LUTFISK" --set conv --engine fast --rtl 2 --verify=--sim=verilator --build=--ii=32768
