#include <fmt/format.h>

#include "experiments/command_line.h"
#include "experiments/pretrain.h"

namespace experiments {

void add_pretrain(CLI::App& app, Action& action) {
  struct Options {
    std::string seed = std::to_string(default_base_seed),
                steps = std::to_string(BaseConfig().steps), out = "results";
  };
  CLI::App* command = app.add_subcommand("pretrain", "make the shared frozen base model, once");
  auto options = std::make_shared<Options>();
  command->add_option("--base-seed", options->seed, "names the base's weights and data")
      ->capture_default_str();
  command->add_option("--steps", options->steps, "training steps")->capture_default_str();
  command->add_option("--out", options->out, "results folder; the base goes to OUT/base")
      ->capture_default_str();
  command->callback([options, &action] {
    action = [options] {
      const BaseConfig config = base_config(
          static_cast<std::uint64_t>(parse_integer("--base-seed", options->seed, 0, largest_seed)),
          parse_integer("--steps", options->steps, 1, most_base_steps));
      const std::filesystem::path folder = std::filesystem::path(options->out) / "base";
      const Base base = base_with_progress(config, folder);
      fmt::print("{}\n", base_path(config, folder).string());
      for (const auto& [task, exact] : base_quality(*base.model, config.seed))
        fmt::print("{:<16} {:5.1f} % exact match\n", task, 100 * exact);
      return 0;
    };
  });
}

}  // namespace experiments
