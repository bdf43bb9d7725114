#include "experiments/cli/built_for.h"

namespace experiments::cli {

#ifdef __SSE4_2__
#define LOWRANK_SSE42 true
#else
#define LOWRANK_SSE42 false
#endif
#ifdef __AVX__
#define LOWRANK_AVX true
#else
#define LOWRANK_AVX false
#endif
#ifdef __AVX2__
#define LOWRANK_AVX2 true
#else
#define LOWRANK_AVX2 false
#endif
#ifdef __FMA__
#define LOWRANK_FMA true
#else
#define LOWRANK_FMA false
#endif
#ifdef __AVX512F__
#define LOWRANK_AVX512 true
#else
#define LOWRANK_AVX512 false
#endif

extern constexpr BuiltFor built_for{.sse42 = LOWRANK_SSE42,
                                    .avx = LOWRANK_AVX,
                                    .avx2 = LOWRANK_AVX2,
                                    .fma = LOWRANK_FMA,
                                    .avx512 = LOWRANK_AVX512};

}  // namespace experiments::cli
