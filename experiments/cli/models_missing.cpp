#include <fmt/format.h>

#include "experiments/cli/command_line.h"
#include "experiments/cli/convert.h"
#include "experiments/cli/pretrained.h"
#include "experiments/cli/tokenize.h"

namespace experiments::cli {

[[noreturn]] static void refuse_without(const char* what, const char* command) {
  throw UsageError(fmt::format(
      "this program was built without {}, which need Debian's libpcre2-dev, libicu-dev and "
      "libsentencepiece-dev: cmake -DLOWRANK_MODELS=ON, or {}, builds it with them",
      what, command));
}

[[noreturn]] static void refuse_models() {
  refuse_without("the models of others", "./run with the same arguments");
}

[[noreturn]] static void refuse_tokenizers() { refuse_without("tokenizers", "./run tokenize"); }

int trace_pretrained(const PretrainedTrace&) { refuse_models(); }

int train_pretrained(const PretrainedTrain&) { refuse_models(); }

int sweep_pretrained(const PretrainedSweep&) { refuse_models(); }

int merge_pretrained(const PretrainedMerge&) { refuse_models(); }

Analysis analyse_pretrained(const PretrainedAnalyse&) { refuse_models(); }

int export_gpt2(const PretrainedExport&) { refuse_models(); }

int bench_pretrained(const PretrainedBench&) { refuse_models(); }

int generate_pretrained(const PretrainedGenerate&) { refuse_models(); }

int generate_for_file(const PretrainedGenerate&, const DataFile&) { refuse_models(); }

int eval_pretrained(const PretrainedEval&) { refuse_models(); }

int run_convert(const ConvertOptions&) {
  refuse_without("the adapters of other libraries", "./run convert");
}

int run_tokenize(const TokenizeOptions&) { refuse_tokenizers(); }

int run_bench_tokenize(const BenchTokenizeOptions&) { refuse_tokenizers(); }

}  // namespace experiments::cli
