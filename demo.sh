#!/usr/bin/env bash
# Installs what it needs, builds, and runs the main job from end to end: train, build Verilog, verify, synthesize, report.
#
# usage: ./demo.sh [OUTPUT_DIR]      (default: build/demo)
# MNIST is taken from $LUTFISK_DATA or ../shared/data; where it is not found, generated digits stand in.
set -u
cd "$(dirname "$0")" || exit 2
. tools/packages.sh
case ${1:-} in -*) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2 ;; esac
out=${1:-build/demo}
lutfisk=build/lutfisk
images=1000         # that the Verilog is verified on
netlist_images=20   # that the synthesized netlist is verified on
cycles=256          # most clock cycles per frame
unseen=7            # seed of generated digits that no training and no choice of an epoch has seen

if [ -z "${LUTFISK_DATA:-}" ] && [ -d ../shared/data ]; then
    LUTFISK_DATA=$(cd ../shared/data && pwd)
    export LUTFISK_DATA
fi

stages=()
# stage NAME COMMAND...: runs it, stops when it fails, and remembers the seconds. Status 3, an absent tool, is no failure.
stage() {
    local name=$1 begin=$EPOCHREALTIME seconds status
    shift
    echo "== $name"
    "$@"
    status=$?
    seconds=$(awk "BEGIN {printf \"%.1f\", $EPOCHREALTIME - $begin}")
    case $status in
    0) stages+=("$(printf '%-42s %7s' "$name" "$seconds")") ;;
    3) stages+=("$(printf '%-42s %7s' "$name" "not done")") ;;
    *) echo "demo.sh: the stage \"$name\" failed" >&2; exit 1 ;;
    esac
}

# run NAME VERB...: the command; its table goes to OUT/NAME.txt and to the terminal.
run() {
    local name=$1 status
    shift
    "$lutfisk" "$@" >"$out/$name.txt"
    status=$?
    cat "$out/$name.txt"
    return $status
}

build() {
    cmake --preset release -DLF_TESTS=OFF >build/demo-build.log 2>&1 && cmake --build --preset release >>build/demo-build.log 2>&1 ||
        { tail -n 40 build/demo-build.log; return 1; }
}

mkdir -p build "$out" || exit 2
rm -f "$out"/*.txt
stage "install packages" need_packages gcc g++ libc6-dev make cmake ninja-build pkg-config \
    protobuf-c-compiler libprotobuf-c-dev libjansson-dev libyaml-dev libzip-dev zlib1g-dev liblzma-dev libmd-dev \
    verilator yosys
stage "build lutfisk" build

set=mnist
"$lutfisk" list data | grep -q '^mnist  *found' || set=digits
stage "train tfc-w1a1 on $set" run train train tfc-w1a1 --set $set --epochs 15 -o "$out/tfc.onnx"
digits=$out/tfc.onnx
if [ $set != digits ]; then
    digits=$out/tfc-digits.onnx
    stage "train tfc-w1a1 on generated digits" run train-digits train tfc-w1a1 --set digits --epochs 5 -o "$digits"
fi
stage "evaluate on the test images of $set" run eval eval "$out/tfc.onnx" --data $set:test
stage "evaluate on digits of an unseen seed" run eval-digits eval "$digits" --data digits:$unseen
stage "build Verilog" run build build "$out/tfc.onnx" -o "$out/hw" --ii $cycles
stage "write test images" run rows data --rows $set:test -n $images -o "$out/test-images.npy"
stage "verify $images images" run verify verify "$out/hw" -i "$out/test-images.npy"
stage "synthesize" run synth synth "$out/hw"
netlist=$out/hw/synth/netlist.v
if [ -e "$netlist" ]; then
    stage "verify the netlist, $netlist_images images" run verify-netlist verify "$out/hw" -i "$out/test-images.npy" -n $netlist_images --netlist "$netlist"
fi

# first FILE PATTERN: the first line of a stage's table that matches, or "not done".
first() {
    grep -m 1 -E "$2" "$out/$1.txt" 2>/dev/null || echo "not done"
}

echo
echo "== tfc-w1a1, 784-64-64-64-10, weights and activations of 1 bit"
echo
cat "$out/build.txt"
echo
row() { printf '%-24s %s\n' "$1" "$2"; }
row "accuracy, $set" "$(first eval 'accuracy')"
row "accuracy, digits:$unseen" "$(first eval-digits 'accuracy')"
row "Verilog" "$(first verify 'mismatches')"
row "  measured" "$(first verify '^II')"
row "netlist" "$(first verify-netlist 'mismatches')"
row "frames/s, its evidence" "$(first build 'frames/s')"
row "" "$(first synth 'LUT.*BRAM')"
row "" "$(first synth '^estimated')"
row "" "$(first synth '^yosys')"
row "" "$(first synth 'longest path')"
[ $set = mnist ] || echo "MNIST was not found, so generated digits stood in for it; \`$lutfisk data\` says where it can be had."
echo
echo "stage                                      seconds"
printf '%s\n' "${stages[@]}"
echo
echo "Results: $out (network tfc.onnx, Verilog hw/rtl, reports hw/report.json, netlist hw/synth/netlist.v)"
