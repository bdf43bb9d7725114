#include "experiments/cli/pretrained.h"

namespace experiments::cli {

[[noreturn]] static void refuse_without_models() {
  throw UsageError(
      "this program was built without the models of others, which need Debian's libpcre2-dev, "
      "libicu-dev and libsentencepiece-dev: cmake -DLOWRANK_MODELS=ON, or ./run with the same "
      "arguments, builds it with them");
}

int trace_pretrained(const PretrainedTrace&) { refuse_without_models(); }

int merge_pretrained(const PretrainedMerge&) { refuse_without_models(); }

Analysis analyse_pretrained(const PretrainedAnalyse&) { refuse_without_models(); }

int export_gpt2(const PretrainedExport&) { refuse_without_models(); }

int bench_pretrained(const PretrainedBench&) { refuse_without_models(); }

int generate_pretrained(const PretrainedGenerate&) { refuse_without_models(); }

}  // namespace experiments::cli
