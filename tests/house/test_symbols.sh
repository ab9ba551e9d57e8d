#!/usr/bin/env bash
# Every global name of the static library starts with lf_ (the generated ONNX messages: onnx__), so that linking it beside
# anything else is safe; and no object keeps writable data, because the library has no mutable globals. Speaks TAP.
set -u
library=${LUTFISK_BUILD:?the build directory}/liblutfisk.a
[ -e "$library" ] || { echo "not ok 1 - $library was built"; exit 1; }

bad=$(nm -g --defined-only "$library" 2>/dev/null | awk 'NF == 3 && $3 !~ /^(lf_|onnx__)/ {print $3}')
[ -z "$bad" ] && first=ok || first="not ok"
echo "$first 1 - global names start with lf_"
[ -z "$bad" ] || echo "$bad" | sed 's/^/# /'

# Allowed: name and name_once, the processor's name, read once (base/cpu.c). Constant tables of pointers lie in .data.rel.ro.
bad=$(objdump -t "$library" 2>/dev/null | awk '/file format/ {file = $1}
    $3 == "O" && $4 ~ /^\.(data|bss)/ && $4 !~ /^\.data\.rel\.ro/ {print file, $NF}' | grep -vE '^cpu\.c\.o: (name|name_once)$|gcov')
[ -z "$bad" ] && second=ok || second="not ok"
echo "$second 2 - no mutable globals"
[ -z "$bad" ] || echo "$bad" | sed 's/^/# /'
echo "1..2"
[ "$first$second" = okok ]
