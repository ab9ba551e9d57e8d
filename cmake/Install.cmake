# Installs the headers, the libraries, the command, lutfisk.pc and lutfiskConfig.cmake.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(LF_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/lutfisk)

install(TARGETS ${LF_INSTALL_TARGETS} EXPORT lutfiskTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/lutfisk DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT lutfiskTargets NAMESPACE lutfisk:: DESTINATION ${LF_CMAKE_DIR})

configure_package_config_file(cmake/lutfiskConfig.cmake.in lutfiskConfig.cmake INSTALL_DESTINATION ${LF_CMAKE_DIR})
write_basic_package_version_file(lutfiskConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/lutfiskConfig.cmake ${PROJECT_BINARY_DIR}/lutfiskConfigVersion.cmake
  DESTINATION ${LF_CMAKE_DIR})

# For a static library every dependency is the consumer's too; a shared one keeps them to itself.
list(JOIN LF_PKGS " " LF_PC_PACKAGES)
if(BUILD_SHARED_LIBS)
  set(LF_PC_DEPENDENCIES "Requires.private: ${LF_PC_PACKAGES}\nLibs.private: -lm -pthread")
  set(LF_PC_LIBS "")
else()
  set(LF_PC_DEPENDENCIES "Requires: ${LF_PC_PACKAGES}")
  set(LF_PC_LIBS " -lm -pthread")
endif()
file(RELATIVE_PATH LF_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix) # so that the tree can be moved
configure_file(cmake/lutfisk.pc.in lutfisk.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/lutfisk.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
