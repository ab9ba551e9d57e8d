# Writes a C file with the bytes of the files listed in LIST (one path per line, from ROOT) as the table of base/embed.h.
#   cmake -DROOT=... -DLIST=... -DOUT=... -P embed.cmake
file(STRINGS "${LIST}" paths)
list(SORT paths COMPARE STRING)
set(arrays "")
set(rows "")
set(n 0)
foreach(path IN LISTS paths)
  file(READ "${ROOT}/${path}" hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const unsigned char file_${n}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${path}\", file_${n}, ${size}},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE "${OUT}.new" "#include \"base/embed.h\"\n\n${arrays}
const size_t lf_embed_table_count = ${n};
const lf_embed lf_embed_table[] = {\n${rows}    {0, 0, 0},\n};\n")
file(RENAME "${OUT}.new" "${OUT}")
