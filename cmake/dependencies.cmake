# Each library is taken as installed where it is, and otherwise fetched at the version pinned here.
include(FetchContent)

# lowrank_headers(PACKAGE TARGET VERSION REPOSITORY TAG INCLUDE [DEFINITION...])
# TARGET from the installed PACKAGE (VERSION or a compatible one, empty for any), otherwise from the
# headers in the folder INCLUDE of REPOSITORY at TAG. The headers are all we need of each, so its own
# build files, options and tests stay out of this build; and an imported target's headers are system
# headers, which raise no warnings here.
function(lowrank_headers package target version repository tag include)
  find_package(${package} ${version} QUIET)
  if(TARGET ${target})
    return()
  endif()
  string(TOLOWER ${package} name)
  string(TOUPPER ${package} upper)
  if(FETCHCONTENT_SOURCE_DIR_${upper})
    set(repository ${FETCHCONTENT_SOURCE_DIR_${upper}})
  endif()
  message(STATUS "lowrank: no fitting ${package} is installed, taking ${tag} from ${repository}")
  FetchContent_Declare(${name} GIT_REPOSITORY ${repository} GIT_TAG ${tag} GIT_SHALLOW ON
                       SOURCE_SUBDIR has-no-build-files)
  FetchContent_MakeAvailable(${name})
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} INTERFACE ${${name}_SOURCE_DIR}/${include})
  target_compile_definitions(${target} INTERFACE ${ARGN})
endfunction()

set(github https://github.com)
lowrank_headers(Eigen3 Eigen3::Eigen 3.4 https://gitlab.com/libeigen/eigen.git 3.4.0 .)
lowrank_headers(fmt fmt::fmt "" ${github}/fmtlib/fmt.git 9.1.0 include FMT_HEADER_ONLY)
if(LOWRANK_FILES)
  lowrank_headers(nlohmann_json nlohmann_json::nlohmann_json "" ${github}/nlohmann/json.git v3.11.2 include)
endif()
if(LOWRANK_PROGRAM)
  lowrank_headers(CLI11 CLI11::CLI11 "" ${github}/CLIUtils/CLI11.git v2.3.2 include)
endif()
if(LOWRANK_TESTS)
  lowrank_headers(doctest doctest::doctest "" ${github}/doctest/doctest.git v2.4.11 .)
endif()

# Of this one a library is needed too, for `lowrank bench ops`: its own build files make it.
if(LOWRANK_PROGRAM)
  find_package(benchmark 1.7 QUIET)
  if(NOT TARGET benchmark::benchmark)
    message(STATUS "lowrank: no fitting benchmark is installed, taking v1.7.1 from ${github}/google/benchmark.git")
    foreach(part TESTING GTEST_TESTS INSTALL WERROR)
      set(BENCHMARK_ENABLE_${part} OFF CACHE INTERNAL "")
    endforeach()
    FetchContent_Declare(benchmark GIT_REPOSITORY ${github}/google/benchmark.git GIT_TAG v1.7.1 GIT_SHALLOW ON)
    FetchContent_MakeAvailable(benchmark)
  endif()
endif()

find_package(Threads REQUIRED)
find_package(OpenMP)
