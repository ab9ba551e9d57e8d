#!/usr/bin/env bash
# Installs what it needs, builds, and runs the main job from end to end: train, build Verilog, verify, synthesize, report.
#
# usage: ./demo.sh [OUTPUT_DIR]      (default: build/demo)
set -u
cd "$(dirname "$0")" || exit 2
. tools/packages.sh
out=${1:-build/demo}
lutfisk=build/lutfisk

stages=()
# stage NAME COMMAND...: runs it, stops when it fails, and remembers the seconds.
stage() {
    local name=$1 begin=$EPOCHREALTIME seconds
    shift
    echo "== $name"
    "$@" || { echo "demo.sh: the stage \"$name\" failed" >&2; exit 1; }
    seconds=$(awk "BEGIN {printf \"%.1f\", $EPOCHREALTIME - $begin}")
    stages+=("$(printf '%-24s %7s s' "$name" "$seconds")")
}

build() {
    cmake --preset release -DLF_TESTS=OFF >build/demo-build.log 2>&1 && cmake --build --preset release >>build/demo-build.log 2>&1 ||
        { tail -n 40 build/demo-build.log; return 1; }
}

mkdir -p build "$out"
stage "install packages" need_packages gcc g++ libc6-dev make cmake ninja-build pkg-config \
    protobuf-c-compiler libprotobuf-c-dev libjansson-dev libyaml-dev libzip-dev zlib1g-dev libmd-dev \
    verilator yosys python3
stage "build lutfisk" build
stage "look around" "$lutfisk" doctor

echo
echo "Seconds per stage:"
printf '  %s\n' "${stages[@]}"
echo "Results: $out"
