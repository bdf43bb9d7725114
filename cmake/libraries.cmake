include(CheckCXXCompilerFlag)

set(arch ${LOWRANK_ARCH})
if(arch)
  check_cxx_compiler_flag(-march=${arch} LOWRANK_KNOWS_ARCH_${arch})
  if(NOT LOWRANK_KNOWS_ARCH_${arch} AND arch STREQUAL "native")
    message(STATUS "lowrank: the compiler knows no -march=native, taking its default")
    set(arch "")
  elseif(NOT LOWRANK_KNOWS_ARCH_${arch})
    message(FATAL_ERROR "LOWRANK_ARCH=${arch}: the compiler knows no -march=${arch}")
  endif()
endif()

# What every target of the project is compiled with.
add_library(lowrank_flags INTERFACE)
target_compile_features(lowrank_flags INTERFACE cxx_std_20)
target_include_directories(lowrank_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(lowrank_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion
  -fno-math-errno  # a square root is then one instruction, and nothing here reads errno after one
  # Wrong on GCC 12's own AVX-512 header (GCC bug 105593), where it optimises.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-uninitialized>
  # GCC tidies its memory up whenever it has grown by a third, which takes a tenth of its time: not below 1 GB.
  $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=1048576>
  $<$<BOOL:${LOWRANK_WERROR}>:-Werror>
  $<$<BOOL:${arch}>:-march=${arch}>)
# Threads are ours (autograd/kernels.cpp): Eigen's own would change the order of sums with their number.
target_compile_definitions(lowrank_flags INTERFACE EIGEN_DONT_PARALLELIZE EIGEN_MPL2_ONLY)
target_link_libraries(lowrank_flags INTERFACE Eigen3::Eigen fmt::fmt Threads::Threads)
if(OpenMP_CXX_FOUND)
  target_link_libraries(lowrank_flags INTERFACE OpenMP::OpenMP_CXX)
  message(STATUS "lowrank: OpenMP ${OpenMP_CXX_VERSION}, kernels run in parallel")
else()
  target_compile_options(lowrank_flags INTERFACE -Wno-unknown-pragmas)
  message(STATUS "lowrank: no OpenMP, kernels run serially")
endif()
if(LOWRANK_SANITIZE)
  target_compile_options(lowrank_flags INTERFACE -fsanitize=${LOWRANK_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized>)  # the GCC bug above, in its instrumented form
  target_link_options(lowrank_flags INTERFACE -fsanitize=${LOWRANK_SANITIZE})
endif()

# lowrank_precompile(TARGET OWNER [HEADER...])
# The files of TARGET start from the headers below, and those that OWNER adds, as OWNER parsed them, once for all
# targets with its flags; parsing them is otherwise a third of the build. They are other people's only, so that no
# change here compiles them again.
# The preset release also compiles sixteen files of a library as one (CMAKE_UNITY_BUILD), since what takes the rest of the
# time is their headers' templates, compiled then once for all sixteen. So names are unique within a library. A file with
# options of its own, such as kernels.cpp, is compiled alone.
# A file still includes all that it uses: the presets debug and asan-ubsan do without both.
function(lowrank_precompile target owner)
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <array> <cmath> <cstdint> <filesystem> <fstream> <functional> <limits> <map> <memory> <optional>
      <set> <span> <sstream> <stdexcept> <string> <string_view> <utility> <vector>
      <Eigen/Core> <fmt/format.h> <fmt/ranges.h> ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# lowrank_library(NAME SOURCES file... [USES library...] [LINK target...])
# A library in float, NAME, which is what runs, and in double, NAME_double, which the gradient checks
# link. An inline namespace keeps the two apart at link time.
function(lowrank_library name)
  cmake_parse_arguments(LIBRARY "" "" "SOURCES;USES;LINK" ${ARGN})
  add_library(${name} STATIC ${LIBRARY_SOURCES})
  target_link_libraries(${name} PUBLIC lowrank_flags ${LIBRARY_USES} ${LIBRARY_LINK})
  list(TRANSFORM LIBRARY_USES APPEND _double OUTPUT_VARIABLE uses_double)
  add_library(${name}_double STATIC EXCLUDE_FROM_ALL ${LIBRARY_SOURCES})
  target_link_libraries(${name}_double PUBLIC lowrank_flags ${uses_double} ${LIBRARY_LINK})
  target_compile_definitions(${name}_double PUBLIC LOWRANK_DOUBLE)
  lowrank_precompile(${name} autograd)
  lowrank_precompile(${name}_double autograd)  # LOWRANK_DOUBLE means nothing to those headers
endfunction()
