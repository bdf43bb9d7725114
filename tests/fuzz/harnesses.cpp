#include "tests/fuzz/harnesses.h"

#include <cstdio>
#include <cstdlib>

#include "experiments/cli/option_values.h"
#include "experiments/evidence/report.h"
#include "experiments/evidence/verdicts.h"
#include "experiments/harness/shard.h"
#include "experiments/training/cell.h"
#include "experiments/training/pretrain.h"
#include "lora/files/adapter_config.h"
#include "lora/plan.h"
#include "nn/files/checkpoint.h"
#include "nn/files/json.h"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void safetensors(std::string_view bytes) {
  try {
    const auto file = nn::SafetensorsFile::parse(std::string(bytes), "input");
    nn::SafetensorsWriter writer;
    writer.metadata = file.metadata();
    for (const nn::SafetensorsEntry& entry : file.entries()) {
      const auto data = file.bytes(entry);
      writer.add(entry.name, entry.dtype, entry.shape,
                 {reinterpret_cast<const char*>(data.data()), data.size()});
    }
    const std::string written = writer.bytes();
    const auto again = nn::SafetensorsFile::parse(written, "written");
    require(again.metadata() == file.metadata(), "other metadata");
    require(again.entries().size() == file.entries().size(), "another number of tensors");
    for (const nn::SafetensorsEntry& entry : file.entries()) {
      const auto before = file.bytes(entry), after = again.bytes(again.entry(entry.name));
      require(std::equal(before.begin(), before.end(), after.begin(), after.end()), "other bytes");
      try {
        file.tensor(entry.name);
      } catch (const nn::SafetensorsError&) {
      }
    }
  } catch (const nn::SafetensorsError&) {
  }
}

void decoder_config(std::string_view text) {
  try {
    const nn::DecoderConfig config = nn::decoder_config_from_json(text);
    require(nn::decoder_config_from_json(nn::to_json(config)) == config, "another configuration");
    nn::validate(config);
  } catch (const nn::CheckpointError&) {
  }
}

void adapter_config(std::string_view text) {
  try {
    const lora::AdapterConfig config = lora::parse_adapter_config(text);
    const std::string written = lora::to_json(config);
    require(lora::to_json(lora::parse_adapter_config(written)) == written, "another adapter");
    lora::plan(nn::DecoderConfig{.vocabulary = 9, .context = 4}, config.lora);
  } catch (const std::invalid_argument&) {
  }
}

void base_config(std::string_view text) {
  try {
    const experiments::training::BaseConfig config =
        experiments::training::base_config_from_json(text);
    const std::string written = experiments::training::to_json(config);
    require(experiments::training::to_json(experiments::training::base_config_from_json(written)) ==
                written,
            "another base");
  } catch (const std::invalid_argument&) {
  }
}

void json(std::string_view text) {
  try {
    const nn::Json value = nn::parse_json(text);
    const std::string written = nn::text_of(value);
    require(nn::text_of(nn::parse_json(written)) == written, "another value");
    for (const char c : nn::shown(value)) require(c >= ' ' && c <= '~', "not on one line of ASCII");
  } catch (const nn::JsonError&) {
  }
}

void cell(std::string_view line) {
  try {
    const experiments::training::CellResult result =
        experiments::training::cell_result_from_json(nn::parse_json_object(line));
    const std::string written = nn::text_of(experiments::training::to_json(result));
    const experiments::training::CellResult again =
        experiments::training::cell_result_from_json(nn::parse_json_object(written));
    require(nn::text_of(experiments::training::to_json(again)) == written, "another cell");
    require(again.cell.key() == result.cell.key(), "another key");
  } catch (const std::invalid_argument& error) {
    for (const char c : std::string_view(error.what()))
      require(c >= ' ' && c <= '~', "the message is not one line of ASCII");
  }
}

void report(std::string_view text) {
  try {
    const experiments::evidence::Report read = experiments::evidence::report_from_json(text);
    experiments::evidence::report_text(read);
    experiments::evidence::report_markdown(read);
    require(
        experiments::evidence::report_json(experiments::evidence::report_from_json(
            experiments::evidence::report_json(read))) == experiments::evidence::report_json(read),
        "a report does not come back from its JSON");
    std::vector<experiments::evidence::Finding> family =
        experiments::evidence::summarised(read.findings);
    experiments::evidence::judge(family);
    experiments::evidence::verdicts_json(family);
  } catch (const std::invalid_argument&) {
  }
}

void csv(std::string_view text) {
  try {
    for (const auto& row : experiments::evidence::read_csv(text))
      require(!row.empty(), "a row has no field");
  } catch (const std::invalid_argument&) {
  }
}

void targets_regex(std::string_view text) {
  lora::LoraConfig config;
  config.targets_regex = text;
  if (text.empty()) return;
  try {
    lora::plan(nn::DecoderConfig{.vocabulary = 9, .context = 4}, config);
  } catch (const std::invalid_argument&) {
  }
}

void option_values(std::string_view text) {
  using namespace experiments::cli;
  const auto tried = [](auto read) {
    try {
      read();
    } catch (const std::invalid_argument&) {
    }
  };
  const std::string option = "--x", value(text);
  int whole_number = 0;
  double number = 0.5, part = 0.5;
  std::vector<int> list;
  std::vector<std::pair<std::string, double>> pairs;
  std::vector<std::string> targets;
  tried([&] { whole(whole_number, -5, 5).read(option, value); });
  require(-5 <= whole_number && whole_number <= 5, "out of range");
  tried([&] { positive(number).read(option, value); });
  require(number > 0, "not positive");
  tried([&] { fraction(part).read(option, value); });
  require(part < 1, "no fraction");
  tried([&] { whole_list(list, 0, 100).read(option, value); });
  tried([&] { pattern<double>(pairs, positive<double>).read(option, value); });
  tried([&] { targets_value(targets).read(option, value); });
  std::vector<data::Task> tasks;
  Command command("x", "");
  add_tasks_option(command, tasks);
  tried([&] { command.read({{"--tasks", value}}); });
  tried([&] {
    const experiments::harness::Shard shard = experiments::harness::parse_shard(value);
    require(1 <= shard.number && shard.number <= shard.count, "no part");
  });
}

constexpr Harness all[] = {
    {"safetensors", safetensors},
    {"decoder_config", decoder_config},
    {"adapter_config", adapter_config},
    {"base_config", base_config},
    {"json", json},
    {"cell", cell},
    {"report", report},
    {"csv", csv},
    {"targets_regex", targets_regex},
    {"option_values", option_values},
};

}  // namespace

std::span<const Harness> harnesses() { return all; }
