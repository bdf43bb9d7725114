# write_build_info(OUTPUT file.cpp): a target `lowrank_build_info` that writes experiments::harness::build_info() for
# the run card. The commit is looked up at every build, the file is touched only when it changed.
#
# Run as a script (cmake -P) it does the writing.
if(CMAKE_SCRIPT_MODE_FILE)
  set(commit "unknown")
  find_program(GIT git)
  if(GIT)
    # A release without history may lie inside somebody else's repository, whose commit says nothing.
    execute_process(COMMAND ${GIT} rev-parse --show-cdup HEAD WORKING_DIRECTORY ${SOURCE_DIR}
                    OUTPUT_VARIABLE answer ERROR_QUIET RESULT_VARIABLE failed)
    if(NOT failed AND answer MATCHES "^\n([0-9a-f]+)\n$")
      set(commit ${CMAKE_MATCH_1})
      execute_process(COMMAND ${GIT} diff --quiet HEAD -- WORKING_DIRECTORY ${SOURCE_DIR}
                      ERROR_QUIET RESULT_VARIABLE changed)
      if(changed)
        string(APPEND commit "+changes")
      endif()
    endif()
  endif()
  configure_file(${TEMPLATE} ${OUTPUT} @ONLY)  # leaves an unchanged file alone
  return()
endif()

function(write_build_info)
  cmake_parse_arguments(INFO "" "OUTPUT" "" ${ARGN})
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  set(flags "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}")
  if(LOWRANK_ARCH)
    string(APPEND flags " -march=${LOWRANK_ARCH}")
  endif()
  if(OpenMP_CXX_FOUND)
    string(APPEND flags " ${OpenMP_CXX_FLAGS}")
  endif()
  if(LOWRANK_BLAS)
    string(APPEND flags " -DLOWRANK_BLAS (OpenBLAS)")
  endif()
  if(LOWRANK_SANITIZE)
    string(APPEND flags " -fsanitize=${LOWRANK_SANITIZE}")
  endif()
  string(REPLACE "\\" "\\\\" flags "${flags}")
  string(REPLACE "\"" "\\\"" flags "${flags}")
  string(STRIP "${flags}" flags)
  set(here ${PROJECT_SOURCE_DIR}/cmake)
  add_custom_target(lowrank_build_info
    COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DOUTPUT=${INFO_OUTPUT}
            -DTEMPLATE=${here}/build_info.cpp.in
            "-Dcompiler=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
            "-Dflags=${flags}" -Dversion=${PROJECT_VERSION} -P ${here}/build_info.cmake
    BYPRODUCTS ${INFO_OUTPUT}
    COMMENT "Looking up the commit" VERBATIM)
endfunction()
