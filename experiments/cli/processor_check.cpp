// A program that was built on one machine and started on another dies of an illegal instruction,
// without a word, as soon as it needs one. So this runs before everything else, and is compiled for
// any processor of the kind (experiments/CMakeLists.txt). It includes nothing of the library: an
// inline function compiled twice might be taken in the other form.
#include <unistd.h>

#include "experiments/cli/built_for.h"

#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))

namespace {

void write_text(const char* text) {
  unsigned long length = 0;
  while (text[length] != 0) ++length;
  if (::write(2, text, length) < 0) return;  // there is nobody to tell
}

void require(bool built_with, bool is_there, const char* what) {
  if (!built_with || is_there) return;
  write_text("lowrank: this program was built for a processor with ");
  write_text(what);
  write_text(", which this one has not; build it here, or with -DLOWRANK_ARCH= for any\n");
  ::_exit(2);
}

// At the earliest time that a program may ask for: the objects of other files are made later.
__attribute__((constructor(101))) void check_processor() {
  using experiments::cli::built_for;
  __builtin_cpu_init();
  require(built_for.avx512, __builtin_cpu_supports("avx512f"), "AVX-512");
  require(built_for.fma, __builtin_cpu_supports("fma"), "FMA");
  require(built_for.avx2, __builtin_cpu_supports("avx2"), "AVX2");
  require(built_for.avx, __builtin_cpu_supports("avx"), "AVX");
  require(built_for.sse42, __builtin_cpu_supports("sse4.2"), "SSE 4.2");
}

}  // namespace

#endif
