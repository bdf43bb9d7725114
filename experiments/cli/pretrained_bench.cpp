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
  const ModelTiming t =
      time_model({given.model, given.random, nn::parse_frozen(given.frozen), given.targets,
                  given.rows, given.length.value_or(0), given.tokens});
  if (given.json) {
    print_out("{}", json_line({{"parameters", t.parameters},
                               {"load_s", nn::number_json(t.load_s)},
                               {"float_mb", nn::number_json(t.float_mb)},
                               {"frozen", given.frozen},
                               {"weights_mb", nn::number_json(t.weights_mb)},
                               {"peak_mb", nn::number_json(t.peak_mb)},
                               {"positions", t.positions},
                               {"rows", given.rows},
                               {"trainable", t.trainable},
                               {"step_ms", nn::number_json(t.step_ms)},
                               {"step_peak_mb", nn::number_json(t.step_peak_mb)},
                               {"with_past", decoding_json(t.with)},
                               {"without_past", decoding_json(t.without)}}));
    return 0;
  }
  print_out("opened in {:.2f} s; at most {:.0f} MB for {} parameters, which are {:.0f} MB\n",
            t.load_s, t.peak_mb, t.parameters, t.weights_mb);
  if (t.step_ms > 0)
    print_out(
        "a step over {} rows of {} positions, LoRA of rank 4 with {} parameters: {:.1f} ms; at "
        "most {:.0f} MB\n",
        given.rows, t.positions, t.trainable, t.step_ms, t.step_peak_mb);
  if (t.with.tokens > 0)
    print_out(
        "{} tokens: {:.1f} a second with keys and values kept, {:.1f} without\n"
        "products of a query and a key in each head: {} and {}\n",
        t.with.tokens, t.with.tokens_per_s, t.without.tokens_per_s, t.with.products,
        t.without.products);
  return 0;
}

}  // namespace experiments::cli
