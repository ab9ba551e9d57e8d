#!/bin/bash
# The published networks against their expected outputs, in software and in simulated Verilog.
golden=../shared/accept/golden.py
if [ ! -r "$golden" ] || ! /usr/bin/python3 -c "import numpy" 2>/dev/null; then
    echo "skipped: $golden or numpy was not found"
    exit 77
fi
if ! command -v iverilog >/dev/null; then
    echo "skipped: iverilog was not found"
    exit 77
fi
set -e
/usr/bin/python3 "$golden" --lutfisk "$LUTFISK" --set dense --engine reference
/usr/bin/python3 "$golden" --lutfisk "$LUTFISK" --set dense --rtl 4 --verify=--sim=iverilog
