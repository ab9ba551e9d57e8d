#!/usr/bin/env bash
# Installs what it needs, builds with gcc, clang and the sanitizers, and runs all tests. The last line is
# `N passed, N failed, N skipped`; the exit status is 0 only when nothing failed.
#
# usage: ./check.sh [--slow]     --slow: also the tests in tests/slow (an hour)
# LUTFISK_DATA: where data sets lie (default: ../shared/data, if it is there). With CI=true a skipped test is a failure.
set -u
cd "$(dirname "$0")" || exit 2
. tools/packages.sh

slow=no
for option in "$@"; do
    case $option in
    --slow) slow=yes ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
done

need_packages gcc g++ libc6-dev make cmake ninja-build pkg-config clang \
    protobuf-c-compiler libprotobuf-c-dev libjansson-dev libyaml-dev libzip-dev zlib1g-dev liblzma-dev libmd-dev libcmocka-dev \
    git python3 python3-numpy python3-onnx libonnx-testdata verilator iverilog yosys nextpnr-ice40 tcl

if [ -z "${LUTFISK_DATA:-}" ] && [ -d ../shared/data ]; then
    LUTFISK_DATA=$(cd ../shared/data && pwd)
    export LUTFISK_DATA
fi
jobs=$(nproc)
log=build/check
mkdir -p "$log"
rm -f "$log"/*
python=/usr/bin/python3

# build NAME PRESET: everything that can be built is, so that one error does not hide the tests of the rest.
build() {
    local begin=$SECONDS
    if cmake --preset "$2" -DLF_WERROR=ON -DLF_TESTS=ON -DBUILD_SHARED_LIBS=ON >"$log/$1.log" 2>&1 && cmake --build --preset "$2" -- -k 0 >>"$log/$1.log" 2>&1; then
        echo "ok $1" >>"$log/builds"
        echo "$1: $((SECONDS - begin)) s"
    else
        echo "not ok $1" >>"$log/builds"
        echo "$1 FAILED:"
        grep -E -A 12 'FAILED|error|Error' "$log/$1.log" | head -n 80
    fi
}

# tests NAME DIR OPTION...: runs ctest there; tools/count_tests.py reads the results.
results=()
tests() {
    local name=$1 dir=$2 begin=$SECONDS
    shift 2
    results+=("$log/$name.xml")
    CMOCKA_MESSAGE_OUTPUT=TAP ctest --test-dir "$dir" -j "$jobs" --output-junit "$PWD/$log/$name.xml" \
        --test-output-size-passed 4000000 --test-output-size-failed 4000000 "$@" >"$log/$name.log" 2>&1
    echo "tests, $name: $((SECONDS - begin)) s"
}

build "build with gcc" release
build "build with clang" clang
build "build with sanitizers" asan
if [ $slow = yes ]; then
    tests all build
else
    tests quick build -LE slow
fi
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
tests sanitizers build/asan -L unit

"$python" tools/count_tests.py "$log/builds" "${results[@]}"
