#!/usr/bin/env bash
# Installs into a fresh prefix and builds a small program against it by find_package, by pkg-config and as C++ and C99.
set -u
build=${LUTFISK_BUILD:?the build directory}
. tests/tap.sh
prefix=$work/prefix
mkdir "$work/consumer"
cat >"$work/consumer/main.c" <<'C'
#include <lutfisk/lutfisk.h>
#include <stdio.h>
int main(void) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_answer answer = {0};
    lf_model_options model = {.model = "no-such-file.onnx"};
    lf_status status = lf_info(ctx, &model, &answer);
    printf("%d %s\n", (int)status, lf_diag_count(ctx) ? lf_diag_at(ctx, 0)->text : "no reason");
    lf_answer_free(&answer);
    lf_ctx_free(ctx);
    return status == LF_BAD_INPUT ? 0 : 1;
}
C
cat >"$work/consumer/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(consumer C)
find_package(lutfisk 0.1 REQUIRED)
foreach(kind IN ITEMS lutfisk lutfisk_static)
  add_executable(with_${kind} main.c)
  target_link_libraries(with_${kind} PRIVATE lutfisk::${kind})
endforeach()
CMAKE

by_cmake() {
    cmake -S "$work/consumer" -B "$work/out" -DCMAKE_PREFIX_PATH="$prefix" && cmake --build "$work/out" &&
        "$work/out/with_lutfisk" && "$work/out/with_lutfisk_static"
}
by_pkg_config() { # what a person types, on one line
    local flags
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name lutfisk.pc)")
    export PKG_CONFIG_PATH
    flags=$(pkg-config --cflags --libs lutfisk) || return 1
    cc "$work/consumer/main.c" $flags -Wl,-rpath,"$(pkg-config --variable=libdir lutfisk)" -o "$work/by_pkg_config" &&
        "$work/by_pkg_config"
}
headers_as() { # COMPILER OPTION...: every public header by itself
    local header
    for header in "$prefix"/include/lutfisk/*.h; do
        "$@" -Wall -Wextra -Werror -pedantic -fsyntax-only -I"$prefix/include" -include "$header" -x "${lang:-c}" /dev/null || return 1
    done
}
only_public_headers() {
    diff <(ls include/lutfisk) <(ls "$prefix/include/lutfisk") && [ "$(ls "$prefix/include")" = lutfisk ]
}
no_build_paths() { # what is installed does not name the machine it was built on
    ! grep -rIl -e "$PWD" --include='*.cmake' --include='*.pc' --include='*.h' "$prefix"
}
command_runs() {
    "$prefix/bin/lutfisk" --help
}
exported_names() { # the shared library shows lf_ names only, and every LF_API function
    local shared names declared
    shared=$(find "$prefix" -name 'liblutfisk.so' | head -n 1)
    [ -n "$shared" ] || return 0
    names=$(nm -D --defined-only "$shared" | awk '{print $3}' | sort)
    declared=$(cat include/lutfisk/*.h | tr '\n' ' ' | grep -oE 'LF_API [^;]*' | grep -oE 'lf_[a-z0-9_]+\(' | tr -d '(' | sort -u)
    diff <(echo "$names") <(echo "$declared")
}

check "cmake --install" cmake --install "$build" --prefix "$prefix"
check "only the public headers are installed" only_public_headers
check "the public headers are C99" headers_as cc -std=c99
lang=c++ check "the public headers are C++17" headers_as c++ -std=c++17
check "a program by find_package" by_cmake
check "a program by pkg-config" by_pkg_config
check "installed text names no build path" no_build_paths
check "the shared library exports the public functions and nothing else" exported_names
if [ -e "$build/lutfisk" ]; then
    check "the installed command runs" command_runs
fi
end
