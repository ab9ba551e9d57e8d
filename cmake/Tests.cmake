# Every tests/*/test_*.c is one cmocka program; test_*.py and test_*.sh run as they are. All run from the root of the source
# tree, see the command in LUTFISK and the build directory in LUTFISK_BUILD, and skip with exit status 77. Labels: the folder,
# and unit (C), rtl (C, in tests/rtl or named test_*_rtl.c: spends its time in a simulator, so it is not run under sanitizers), script, slow.
set(LF_PYTHON /usr/bin/python3) # Debian's own, which sees Debian's modules

function(lf_register name area label)
  set(seconds 900) # far more than any takes on a free machine: the longest simulations take two minutes there
  if(area STREQUAL "slow")
    set(label slow)
    set(seconds 7200)
  endif()
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${label};${area}" TIMEOUT ${seconds} SKIP_RETURN_CODE 77
    ENVIRONMENT "LUTFISK=${PROJECT_BINARY_DIR}/lutfisk;LUTFISK_BUILD=${PROJECT_BINARY_DIR};PYTHONDONTWRITEBYTECODE=1")
endfunction()

function(lf_add_tests)
  pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)
  file(GLOB files CONFIGURE_DEPENDS tests/*/test_*.c tests/*/test_*.py tests/*/test_*.sh)
  foreach(file IN LISTS files)
    get_filename_component(base "${file}" NAME_WE)
    get_filename_component(dir "${file}" DIRECTORY)
    get_filename_component(area "${dir}" NAME)
    set(name ${area}.${base})
    if(file MATCHES "\\.py$")
      lf_register(${name}.py ${area} script ${LF_PYTHON} "${file}")
    elseif(file MATCHES "\\.sh$")
      lf_register(${name}.sh ${area} script bash "${file}")
    elseif(CMOCKA_FOUND)
      set(kind unit)
      if(base MATCHES "_rtl$" OR area STREQUAL "rtl")
        set(kind rtl)
      endif()
      add_executable(${name} "${file}")
      target_link_libraries(${name} PRIVATE lutfisk_static lf_flags lf_test_warnings PkgConfig::CMOCKA ${LF_DEPS})
      target_include_directories(${name} PRIVATE src ${PROJECT_BINARY_DIR}/gen)
      set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
      lf_register(${name} ${area} ${kind} ${name})
    endif()
  endforeach()
  if(NOT CMOCKA_FOUND)
    message(STATUS "cmocka was not found: the C tests are not built")
  endif()
endfunction()

# Fuzzers: one libFuzzer program per tests/fuzz/fuzz_*.c, built only with clang and LF_FUZZ.
function(lf_add_fuzzers)
  target_compile_options(lutfisk_objects PRIVATE -fsanitize=fuzzer-no-link) # lets the fuzzer see what the library covers
  file(GLOB files CONFIGURE_DEPENDS tests/fuzz/fuzz_*.c)
  foreach(file IN LISTS files)
    get_filename_component(name "${file}" NAME_WE)
    add_executable(${name} "${file}")
    target_link_libraries(${name} PRIVATE lutfisk_static lf_flags lf_test_warnings ${LF_DEPS})
    target_include_directories(${name} PRIVATE src ${PROJECT_BINARY_DIR}/gen)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endforeach()
endfunction()
