#!/usr/bin/env bash
# What the static library defines and what it calls.
set -u
library=${LUTFISK_BUILD:?the build directory}/liblutfisk.a
[ -e "$library" ] || { echo "not ok 1 - $library was built"; exit 1; }
. tests/tap.sh

none() { # NAME LINES: good when there are no lines
    check "$1" nothing "$2"
}
nothing() {
    echo "$1"
    [ -z "$1" ]
}

# Linking it beside anything else is safe.
none "global names start with lf_" \
    "$(nm -g --defined-only "$library" 2>/dev/null | awk 'NF == 3 && $3 !~ /^(lf_|onnx__)/ {print $3}')"

# Allowed: name and name_once, the processor's name, read once (base/cpu.c). Constant tables of pointers lie in .data.rel.ro.
none "no mutable globals" "$(objdump -t "$library" 2>/dev/null | awk '/file format/ {file = $1}
    $3 == "O" && $4 ~ /^\.(data|bss)/ && $4 !~ /^\.data\.rel\.ro/ {print file, $NF}' |
    grep -vE '^cpu\.c\.o: (name|name_once)$|gcov')"

# FILE FUNCTION for every function of the system that the library calls.
calls=$(nm -u "$library" 2>/dev/null | awk '/:$/ {file = $1} $1 == "U" && $2 !~ /^lf_/ {print file, $2}')
[ -n "$calls" ] || none "the library's calls can be read" "none were found"

# fatal.c ends the process when memory is out; run.c is also the child between fork and exec, looks tools up and hands them the environment.
none "the library does not exit, print or read the environment" "$(echo "$calls" |
    grep -E ' (_?exit|_Exit|abort|v?f?printf|__v?f?printf_chk|puts|fputs|putchar|fwrite|perror|stdout|stderr|(secure_)?getenv|environ|setenv)$' |
    grep -vE '^fatal\.c\.o: (abort|f?printf|__fprintf_chk|fwrite|stderr)$|^run\.c\.o: (_exit|getenv|environ)$')"

none "no clock, chance or locale decides anything" "$(echo "$calls" |
    grep -E ' (time|gettimeofday|localtime|gmtime|strftime|s?rand|s?random|[del]rand48|setlocale|localeconv|atof|strtod|strtof|sscanf|__isoc99_sscanf)$')"

# Their last bits differ between machines; num/realfn.h has ours.
none "no inexact function of libm is called" "$(echo "$calls" |
    grep -E ' (a?(sin|cos|tan)h?|atan2|exp|exp2|exp10|expm1|log|log2|log10|log1p|pow|cbrt|hypot|erfc?|[lt]gamma)[fl]?$')"

# The planted fault: the same search finds such a call where there is one.
none "the search finds exp in a program that calls it" "$(echo 'double exp(double); double f(double x); double f(double x) { return exp(x); }' |
    cc -x c -c -o "$work/planted.o" - && nm -u "$work/planted.o" | grep -qE ' exp$' || echo "not found")"
end
