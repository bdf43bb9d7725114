# cmake --install: the libraries with their headers, and what find_package(lowrank) reads. The files library and those on
# it are exported apart: where a program wants none of them, it needs no nlohmann/json. So are those that need the
# libraries of LOWRANK_MODELS.
include(CMakePackageConfigHelpers)

# Libraries for the processor they were built on are rarely what one wants to keep or to pass on.
install(CODE "
  if(\"${arch}\" STREQUAL \"native\" AND NOT \"\$ENV{LOWRANK_INSTALL_NATIVE}\")
    message(FATAL_ERROR \"these libraries were built for this processor only; configure with -DLOWRANK_ARCH= for any, \"
                        \"or install them all the same with LOWRANK_INSTALL_NATIVE=1 in the environment\")
  endif()")

get_property(libraries GLOBAL PROPERTY LOWRANK_LIBRARIES)
set(with_files ${libraries})
list(FILTER with_files INCLUDE REGEX "_(nn_json|nn_files|nn_recurrent|lora_methods|lora_files|data_readers)$")
if(with_files)
  list(REMOVE_ITEM libraries ${with_files})
endif()
set(with_models ${libraries})
list(FILTER with_models INCLUDE REGEX "_(data_tokenizers|nn_models|lora_interop)$")
if(with_models)
  list(REMOVE_ITEM libraries ${with_models})
endif()
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/lowrank)
install(TARGETS lowrank_interface ${libraries} EXPORT lowrank-libraries ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT lowrank-libraries NAMESPACE lowrank:: DESTINATION ${package_folder})
if(with_files)
  install(TARGETS ${with_files} EXPORT lowrank-files ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT lowrank-files NAMESPACE lowrank:: DESTINATION ${package_folder})
endif()
if(with_models)
  install(TARGETS ${with_models} EXPORT lowrank-models ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT lowrank-models NAMESPACE lowrank:: DESTINATION ${package_folder})
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/find_models.cmake DESTINATION ${package_folder})
endif()
foreach(folder autograd data nn lora)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lowrank
          FILES_MATCHING PATTERN "*.h")
endforeach()
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/lowrank-config.cmake.in
                              ${PROJECT_BINARY_DIR}/lowrank-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lowrank-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/lowrank-config.cmake ${PROJECT_BINARY_DIR}/lowrank-config-version.cmake
        DESTINATION ${package_folder})
