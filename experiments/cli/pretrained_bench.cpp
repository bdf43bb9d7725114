#include <fmt/format.h>

#include "experiments/bench/bench_model.h"
#include "experiments/cli/pretrained.h"
#include "experiments/harness/output.h"
#include "nn/files/json.h"

namespace experiments::cli {

static nn::Json decoding_json(const DecodeTiming& t) {
  return {{"tokens", t.tokens},
          {"tokens_per_s", nn::number_json(t.tokens_per_s)},
          {"attention_products", t.products}};
}

int bench_pretrained(const PretrainedBench& given) {
  const ModelTiming t = time_model(given.model, given.tokens);
  if (given.json) {
    print_out("{}", json_line({{"parameters", t.parameters},
                               {"load_s", nn::number_json(t.load_s)},
                               {"float_mb", nn::number_json(t.float_mb)},
                               {"peak_mb", nn::number_json(t.peak_mb)},
                               {"positions", t.positions},
                               {"step_ms", nn::number_json(t.step_ms)},
                               {"with_past", decoding_json(t.with)},
                               {"without_past", decoding_json(t.without)}}));
    return 0;
  }
  print_out("opened in {:.2f} s; at most {:.0f} MB for {} parameters, which are {:.0f} MB\n",
            t.load_s, t.peak_mb, t.parameters, t.float_mb);
  if (t.step_ms > 0)
    print_out("a step over {} positions, LoRA of rank 4 everywhere: {:.1f} ms\n", t.positions,
              t.step_ms);
  if (t.with.tokens > 0)
    print_out(
        "{} tokens: {:.1f} a second with keys and values kept, {:.1f} without\n"
        "products of a query and a key in each head: {} and {}\n",
        t.with.tokens, t.with.tokens_per_s, t.without.tokens_per_s, t.with.products,
        t.without.products);
  return 0;
}

}  // namespace experiments::cli
