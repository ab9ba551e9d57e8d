# Compiler flags as three interface targets: lf_flags for everything, lf_warnings for our own library code, and
# lf_test_warnings for tests, where conversions between integer types are many and harmless.
add_library(lf_flags INTERFACE)
target_compile_definitions(lf_flags INTERFACE _GNU_SOURCE)
# No contraction into fused multiply-add: the same doubles on every machine (contracts: what the truth is).
# Math functions never set errno for us: so that a loop of square roots becomes vector instructions.
target_compile_options(lf_flags INTERFACE -ffp-contract=off -fno-math-errno)

set(common -Wall -Wextra -Wshadow -Wstrict-prototypes -Wwrite-strings -Wundef -Wvla)
if(LF_WERROR AND NOT LF_SANITIZE) # the checks that sanitizers insert make gcc warn of paths that do not exist
  list(APPEND common -Werror)
endif()
add_library(lf_warnings INTERFACE)
target_compile_options(lf_warnings INTERFACE ${common} -Wconversion -Wmissing-prototypes)
add_library(lf_test_warnings INTERFACE)
target_compile_options(lf_test_warnings INTERFACE ${common})

if(LF_SANITIZE)
  target_compile_options(lf_flags INTERFACE -fsanitize=${LF_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(lf_flags INTERFACE -fsanitize=${LF_SANITIZE})
  # One block per allocation, so that the address sanitizer sees the end of each.
  target_compile_definitions(lf_flags INTERFACE LF_ARENA_SEPARATE)
endif()
if(LF_COVERAGE)
  target_compile_options(lf_flags INTERFACE --coverage)
  target_link_options(lf_flags INTERFACE --coverage)
endif()

# Kernels for one instruction set: the flags go to these files only; everything else runs on any x86-64.
# lf_cpu_has checks the same features at run time.
function(lf_isa_flags)
  foreach(file IN LISTS ARGN)
    if(file MATCHES "_avx2\\.c$")
      set_source_files_properties("${file}" PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-mpopcnt")
    elseif(file MATCHES "_avx512\\.c$")
      set_source_files_properties("${file}" PROPERTIES COMPILE_OPTIONS
        "-mavx2;-mfma;-mpopcnt;-mavx512f;-mavx512bw;-mavx512vl;-mavx512dq;-mavx512vpopcntdq;-mavx512vnni;-mavx512vbmi;-mgfni")
    endif()
  endforeach()
endfunction()
