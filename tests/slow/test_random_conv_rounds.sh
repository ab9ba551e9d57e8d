#!/bin/bash
# Many more random convolutional networks than the quick test takes: 4,800 in the engines, 1,280 in Verilog.
export LUTFISK_ROUNDS=20
set -e
"$LUTFISK_BUILD/tests/property.test_random_conv"
"$LUTFISK_BUILD/tests/property.test_random_conv_rtl"
