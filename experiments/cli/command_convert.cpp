#include "experiments/cli/commands.h"
#include "experiments/cli/convert.h"
#include "experiments/cli/option_values.h"

#include <fmt/format.h>

#include <memory>

namespace experiments::cli {

namespace {

AdapterForm parse_adapter_form(const std::string& name) {
  if (name == "peft") return AdapterForm::peft;
  if (name == "loralib") return AdapterForm::loralib;
  if (name == "mlx") return AdapterForm::mlx;
  throw UsageError(fmt::format("unknown form '{}'; valid are peft, loralib, mlx", name));
}

std::string parse_part(const std::string& name) {
  if (name != "q" && name != "k" && name != "v")
    throw UsageError(fmt::format("unknown part '{}'; valid are q, k, v", name));
  return name;
}

// What a form does not hold is asked for, and what is not asked for has no effect.
void check_given(const Command& command, const ConvertOptions& given) {
  const bool reads_loralib = given.from == AdapterForm::loralib;
  const bool writes_mlx = given.to == AdapterForm::mlx;
  if (given.from == given.to) throw UsageError("--from and --to name the same form");
  if (reads_loralib) {
    require_option(command, "--rank", "INT: loralib's files do not hold it");
    require_option(command, "--alpha", "NUMBER: loralib's files do not hold it");
  } else {
    refuse_options(command, {"--rank", "--alpha"}, "without --from loralib: the adapter says it");
  }
  if (!reads_loralib && given.to != AdapterForm::loralib)
    refuse_options(command, {"--merged"}, "without loralib");
  if (writes_mlx)
    require_option(command, "--layers", "INT: MLX counts adapted layers from the last");
  else
    refuse_options(command, {"--layers"}, "without --to mlx");
}

}  // namespace

Command convert_command() {
  auto given = std::make_shared<ConvertOptions>();
  Command command("convert", "turn an adapter into the form of another library");
  command.required("--from", named<AdapterForm>(given->from, parse_adapter_form),
                   "peft, loralib or mlx");
  command.required("--to", named<AdapterForm>(given->to, parse_adapter_form),
                   "peft, loralib or mlx");
  command.required("--in", path_value(given->in), "the adapter's folder; of loralib a file");
  command.required("--out", path_value(given->out),
                   "a folder to write; of loralib FILE.safetensors");
  command.option("--rank", whole(given->rank, 1, 1'000'000), "r of what loralib wrote");
  command.option("--alpha", positive(given->alpha), "alpha of what loralib wrote");
  command.option("--merged", some_of<std::string>(given->merged, {"q", "k", "v"}, parse_part, ""),
                 "parts of c_attn that loralib's MergedLinear has: q,v");
  command.option("--layers", whole(given->layers, 1, 1'000'000), "layers of the model, for MLX");
  add_json_option(command, given->json);
  command.action([given](const Command& self) {
    check_given(self, *given);
    refuse_to_replace("--out", given->out);
    return run_convert(*given);
  });
  return command;
}

}  // namespace experiments::cli
