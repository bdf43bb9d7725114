include(CheckCXXCompilerFlag)
include(GNUInstallDirs)

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

# What every processor of this kind can run, for the check before main.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  check_cxx_compiler_flag(-march=x86-64 LOWRANK_KNOWS_ARCH_x86-64)
  if(LOWRANK_KNOWS_ARCH_x86-64)
    set(LOWRANK_BASELINE_ARCH x86-64)
  endif()
endif()

# What a program that includes our headers must agree on with the libraries it links: these go with every library.
# Eigen aligns its memory for the widest vectors that a file is compiled for. A matrix that was made in a file with
# AVX-512 and freed in one without would be freed at another address than it was made at, so there is one number for
# all; the widest, which costs the others nothing. Threads are ours (autograd/kernels.cpp): Eigen's own would change
# the order of sums with their number.
add_library(lowrank_interface INTERFACE)
add_library(lowrank::interface ALIAS lowrank_interface)
set_target_properties(lowrank_interface PROPERTIES EXPORT_NAME interface)
target_compile_features(lowrank_interface INTERFACE cxx_std_20)
target_include_directories(lowrank_interface INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/lowrank>)
target_compile_definitions(lowrank_interface INTERFACE EIGEN_MAX_ALIGN_BYTES=64 EIGEN_DONT_PARALLELIZE)
target_link_libraries(lowrank_interface INTERFACE Eigen3::Eigen fmt::fmt Threads::Threads)

# For AMD's Zen GCC takes a product and a sum as two instructions where it thinks that a chain of them is short, as in a
# tile of one row and not in one of six. Then the bits of an element of a product would depend on its tile.
check_cxx_compiler_flag(--param=avoid-fma-max-bits=0 LOWRANK_KNOWS_AVOID_FMA)

# How our own files are compiled, which is nobody else's business.
add_library(lowrank_flags INTERFACE)
target_link_libraries(lowrank_flags INTERFACE lowrank_interface)
target_compile_definitions(lowrank_flags INTERFACE EIGEN_MPL2_ONLY)
target_compile_options(lowrank_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion
  -fno-math-errno  # a square root is then one instruction, and nothing here reads errno after one
  # Wrong on GCC 12's own AVX-512 header (GCC bug 105593), where it optimises.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-uninitialized>
  # GCC tidies its memory up whenever it has grown by a third, which takes a tenth of its time: not below 1 GB.
  $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=1048576>
  $<$<BOOL:${LOWRANK_KNOWS_AVOID_FMA}>:--param=avoid-fma-max-bits=0>
  $<$<BOOL:${LOWRANK_WERROR}>:-Werror>
  $<$<BOOL:${arch}>:-march=${arch}>)
if(OpenMP_CXX_FOUND)
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

# lowrank_compile(TARGET): TARGET is one of ours. Of a library nothing of this reaches whoever links it, but for
# OpenMP's library.
function(lowrank_compile target)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:lowrank_flags>)
  if(OpenMP_CXX_FOUND)
    target_link_libraries(${target} PRIVATE OpenMP::OpenMP_CXX)
  endif()
endfunction()

# lowrank_precompile(TARGET OWNER [HEADER...])
# The files of TARGET start from the headers below, and those that OWNER adds, as OWNER parsed them, once for all
# targets with its flags; parsing them is otherwise a third of the build. They are other people's only, so that no
# change here compiles them again.
# The preset release also compiles sixteen files of a library as one (CMAKE_UNITY_BUILD), since what takes the rest of the
# time is their headers' templates, compiled then once for all sixteen. So names are unique within a library. A file with
# options of its own, such as kernels.cpp, is compiled alone.
# A file still includes all that it uses: the presets debug and asan-ubsan do without both.
function(lowrank_precompile target owner)
  if(CMAKE_DISABLE_PRECOMPILE_HEADERS)
    return()
  endif()
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <array> <cmath> <cstdint> <filesystem> <fstream> <functional> <limits> <map> <memory> <optional>
      <set> <span> <sstream> <stdexcept> <string> <string_view> <utility> <vector>
      <Eigen/Core> <fmt/format.h> <fmt/ranges.h> ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# lowrank_library(NAME SOURCES file... [USES library...] [LINK target...] [ONE_PRECISION])
# A library in float, lowrank::NAME, which is what runs, and in double, lowrank::NAME_double, which the gradient checks
# link; an inline namespace keeps the two apart at link time. With ONE_PRECISION, for what knows no numbers
# or has its own, there is one. In a project that contains ours the targets are lowrank_NAME, and take no name of its own.
function(lowrank_library name)
  cmake_parse_arguments(LIBRARY "ONE_PRECISION" "" "SOURCES;USES;LINK" ${ARGN})
  set(precisions float double)
  if(LIBRARY_ONE_PRECISION)
    set(precisions float)
  endif()
  foreach(precision IN LISTS precisions)
    set(suffix)
    if(precision STREQUAL "double")
      set(suffix _double)
    endif()
    set(target lowrank_${name}${suffix})
    add_library(${target} STATIC ${LIBRARY_SOURCES})
    add_library(lowrank::${name}${suffix} ALIAS ${target})
    target_link_libraries(${target} PUBLIC lowrank_interface ${LIBRARY_LINK})
    foreach(library IN LISTS LIBRARY_USES)
      target_link_libraries(${target} PUBLIC lowrank_${library}${suffix})
    endforeach()
    lowrank_compile(${target})
    lowrank_precompile(${target} lowrank_autograd)  # LOWRANK_DOUBLE means nothing to those headers
    if(suffix)
      set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
      target_compile_definitions(${target} PUBLIC LOWRANK_DOUBLE)
    else()
      set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
      set_property(GLOBAL APPEND PROPERTY LOWRANK_LIBRARIES ${target})
    endif()
  endforeach()
endfunction()
