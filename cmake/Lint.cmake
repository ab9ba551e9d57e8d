# The target lint: clang-tidy over the library and the command with the checks of .clang-tidy, and whether clang-format would
# change anything. Not part of check.sh.
find_program(RUN_CLANG_TIDY NAMES run-clang-tidy run-clang-tidy-14 REQUIRED)
find_program(CLANG_FORMAT NAMES clang-format clang-format-14 REQUIRED)
file(GLOB formatted CONFIGURE_DEPENDS src/*/*.c src/*/*.h cli/*.c include/lutfisk/*.h tests/*/*.c)
add_custom_target(lint
  COMMAND ${RUN_CLANG_TIDY} -quiet -p ${PROJECT_BINARY_DIR} "${PROJECT_SOURCE_DIR}/(src|cli)/"
  COMMAND ${CLANG_FORMAT} --dry-run --Werror ${formatted}
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
add_dependencies(lint lutfisk_generated)
