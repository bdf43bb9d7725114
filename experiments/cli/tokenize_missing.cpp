#include "experiments/cli/command_line.h"
#include "experiments/cli/tokenize.h"

namespace experiments::cli {

[[noreturn]] static void refuse_without_models() {
  throw UsageError(
      "this program was built without tokenizers, which need Debian's libpcre2-dev, libicu-dev and "
      "libsentencepiece-dev: cmake -DLOWRANK_MODELS=ON, or ./run tokenize, builds it with them");
}

int run_tokenize(const TokenizeOptions&) { refuse_without_models(); }

int run_bench_tokenize(const BenchTokenizeOptions&) { refuse_without_models(); }

}  // namespace experiments::cli
