#include <fmt/format.h>

#include <memory>

#include "experiments/cli/base_options.h"
#include "experiments/cli/commands.h"
#include "experiments/harness/bases.h"
#include "experiments/harness/output.h"
#include "experiments/training/pretrain.h"

namespace experiments::cli {

namespace {

enum class Architecture { decoder, lstm, gru };

Architecture parse_architecture(const std::string& name) {
  if (name == "decoder") return Architecture::decoder;
  if (name == "lstm") return Architecture::lstm;
  if (name == "gru") return Architecture::gru;
  throw UsageError(fmt::format("unknown architecture '{}'; valid are decoder, lstm, gru", name));
}

struct PretrainOptions {
  BaseOptions base;
  Architecture architecture = Architecture::decoder;
  std::filesystem::path out = "results";

  BaseConfig config() const {
    if (architecture == Architecture::decoder) return base.config();
    return base_config(
        base.seed, base.steps, base.width, base.depth,
        architecture == Architecture::lstm ? nn::RecurrentKind::lstm : nn::RecurrentKind::gru);
  }
};

int run_pretrain(const PretrainOptions& given) {
  const BaseConfig config = given.config();
  const std::filesystem::path folder = given.out / "base";
  const Base base = base_with_progress(config, folder);
  print_out("{}\n", base_path(config, folder).string());
  for (const auto& [task, exact] : base_quality(*copy_of(*base.model), config.seed))
    print_out("{:<16} {:5.1f} % exact match\n", task, 100 * exact);
  return 0;
}

}  // namespace

Command pretrain_command() {
  Command command("pretrain", "make the shared frozen base model, once");
  auto given = std::make_shared<PretrainOptions>();
  command.option("--base-seed", seed_value(given->base.seed), "names the base's weights and data");
  command.option("--steps", base_steps_value(given->base.steps), "training steps");
  command.option("--architecture",
                 named<Architecture>(given->architecture, parse_architecture, "decoder"),
                 "decoder, or a recurrent network: lstm, gru");
  add_shape_options(command, given->base);
  command.option("--out", path_value(given->out), "results folder; the base goes to OUT/base");
  command.action([given](const Command&) { return run_pretrain(*given); });
  return command;
}

}  // namespace experiments::cli
