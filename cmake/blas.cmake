# With LOWRANK_BLAS every product of matrices is OpenBLAS's instead of our own (autograd/gemm_blas.cpp). It has to
# be OpenBLAS: a thread of ours may start none of the library's, and the BLAS standard has no word for that.
if(NOT LOWRANK_BLAS)
  message(STATUS "lowrank: products of matrices by its own kernel (LOWRANK_BLAS is OFF)")
  return()
endif()
include(CheckCXXSourceCompiles)
set(BLA_VENDOR OpenBLAS)
find_package(BLAS QUIET)
find_path(LOWRANK_CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas openblas-pthread)
if(BLAS_FOUND AND LOWRANK_CBLAS_INCLUDE)
  set(CMAKE_REQUIRED_INCLUDES ${LOWRANK_CBLAS_INCLUDE})
  set(CMAKE_REQUIRED_LIBRARIES BLAS::BLAS)
  check_cxx_source_compiles("
    #include <cblas.h>
    int main() {
      openblas_set_num_threads(1);
      float one = 1, c = 0;
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 1, 1, 1, 1, &one, 1, &one, 1, 0, &c, 1);
      return c == 1 ? 0 : 1;
    }" LOWRANK_OPENBLAS_WORKS)
  unset(CMAKE_REQUIRED_INCLUDES)
  unset(CMAKE_REQUIRED_LIBRARIES)
endif()
if(NOT LOWRANK_OPENBLAS_WORKS)
  message(FATAL_ERROR "LOWRANK_BLAS=ON: OpenBLAS was not found with its cblas.h; Debian's package is libopenblas-dev. "
                      "Without LOWRANK_BLAS the products are our own.")
endif()
message(STATUS "lowrank: products of matrices by OpenBLAS, found as ${BLAS_LIBRARIES}")
