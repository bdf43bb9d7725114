#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <set>

#include "experiments/beyond/sweep.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/experiment_command.h"
#include "experiments/cli/pretrained_options.h"
#include "experiments/cli/sweep_output.h"
#include "experiments/cli/train_options.h"
#include "experiments/cli/train_pretrained_options.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/search_rates.h"

namespace experiments::cli {

namespace {

struct SweepOptions : SettingsOptions {
  TrainOptions train;                // the task and the base, which all rows share
  std::vector<Command::Given> kept;  // of the fields: read with the values of each row
  std::vector<sweep::Axis> axes;
  std::string name = "sweep";
  bool search_lr = false;
};

// What may be varied: train's options that change its numbers, but for the seed and the base's.
Command fields_of(TrainOptions& train) {
  Command fields("train", "");
  add_method_option(fields, train, "what trains, as train has it");
  add_size_option(fields, train, "of a method that has one");
  add_lora_options(fields, train);
  add_optimizer_options(fields, train);
  add_seed_options(fields, train);
  add_shape_options(fields, train.base, "of the base: ");
  add_pretrained_options(fields, train);
  return fields;
}

// Those of --model alone are the same in all rows.
std::vector<std::string> field_names() {
  TrainOptions any;
  const Command fields = fields_of(any);
  std::vector<std::string> names;
  for (const Command::Option& field : fields.declared())
    if (field.name != "--model" && std::ranges::count(pretrained_only(), field.name) == 0)
      names.push_back(field.name.substr(2));
  return names;
}

// "targets=q+v,q" of --over.
sweep::Axis parse_axis(const std::string& text) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    throw UsageError(
        fmt::format("--over '{}': a field and its values are wanted, as rank=1,4", text));
  sweep::Axis axis{text.substr(0, at), split_at_commas(text.substr(at + 1))};
  if (const auto names = field_names(); std::ranges::count(names, axis.name) == 0)
    throw UsageError(fmt::format("--over '{}': unknown field '{}'; valid are {}", text, axis.name,
                                 fmt::join(names, ", ")));
  std::set<std::string> seen;
  for (const std::string& value : axis.values) {
    if (value.empty()) throw UsageError(fmt::format("--over '{}': an empty value", text));
    if (!seen.insert(value).second)
      throw UsageError(fmt::format("--over '{}' names {} twice", text, value));
  }
  return axis;
}

Value axes_value(std::vector<sweep::Axis>& axes) {
  return {"FIELD=LIST", [&axes](const std::string& option, const std::string& text) {
            const sweep::Axis axis = parse_axis(text);
            for (const sweep::Axis& before : axes)
              if (before.name == axis.name)
                throw UsageError(fmt::format("{} names {} twice", option, axis.name));
            axes.push_back(axis);
          }};
}

// What is valid may follow from the values of a row, as the largest rank does from the width.
Value kept_value(Value value, std::vector<Command::Given>& kept) {
  value.read = [&kept](const std::string& option, const std::string& text) {
    kept.emplace_back(option, text);
  };
  return value;
}

// As train takes it: a plus joins a set, and scaling has names that a shell leaves alone.
std::string value_for_train(const std::string& name, const std::string& value) {
  if (name == "scaling")
    return value == "lora" ? "alpha/r" : value == "rslora" ? "alpha/sqrt(r)" : value;
  std::string text = value;
  if (name == "targets" || name == "blocks") std::ranges::replace(text, '+', ',');
  return text;
}

/// One combination of the crossed values: as given, and as the options of train that they are.
struct Combination {
  std::vector<std::string> values;
  std::vector<Command::Given> texts;

  bool is_given(const std::string& option) const {
    return std::ranges::any_of(texts, [&](const auto& text) { return text.first == option; });
  }
};

std::vector<Combination> crossed(const SweepOptions& given) {
  std::vector<Combination> all{{{}, given.kept}};
  for (const sweep::Axis& axis : given.axes) {
    std::vector<Combination> longer;
    for (const Combination& before : all)
      for (const std::string& value : axis.values) {
        longer.push_back(before);
        longer.back().values.push_back(value);
        longer.back().texts.emplace_back("--" + axis.name, value_for_train(axis.name, value));
      }
    all = std::move(longer);
  }
  return all;
}

/// Options that say nothing beside others, in one combination after the other.
class Silence {
 public:
  explicit Silence(const std::vector<sweep::Axis>& axes) : axes_(axes) {}

  /// What is told of such options in the next combination.
  SayNothing next() {
    ++combinations_;
    now_.clear();
    return [this](const std::vector<std::string>& options, const std::string& why) {
      for (const std::string& option : options)
        if (now_.insert(option).second) ++times_[option], why_[option] = why;
    };
  }

  /// The values of this combination, with "-" for those that say nothing in it.
  std::vector<std::string> marked(std::vector<std::string> values) const {
    for (std::size_t i = 0; i < axes_.size(); ++i)
      if (now_.contains("--" + axes_[i].name)) values[i] = "-";
    return values;
  }

  /// Throws UsageError for what says nothing in any combination and was given.
  void refuse(const Command& command) const {
    for (const auto& [option, why] : why_) {
      if (times_.at(option) < combinations_) continue;
      if (command.has(option)) refuse_options(command, {option}, why);
      for (const sweep::Axis& axis : axes_)
        if ("--" + axis.name == option)
          throw UsageError(fmt::format("--over {} has no effect {}", axis.name, why));
    }
  }

  /// "rank says nothing with --method full; such rows are run once".
  std::vector<std::string> remarks() const {
    std::vector<std::string> texts;
    for (const sweep::Axis& axis : axes_)
      if (const auto why = why_.find("--" + axis.name); why != why_.end())
        texts.push_back(fmt::format("{} says nothing {}: such a row is run once and shown once",
                                    axis.name, why->second));
    return texts;
  }

 private:
  const std::vector<sweep::Axis>& axes_;
  int combinations_ = 0;
  std::set<std::string> now_;         // in this combination
  std::map<std::string, int> times_;  // in how many, by option
  std::map<std::string, std::string> why_;
};

// Rows on a toy task, of which none is twice.
std::vector<sweep::Row> rows_of(const SweepOptions& given, Silence& silence) {
  std::vector<sweep::Row> rows;
  std::set<std::string> keys;
  for (const Combination& combination : crossed(given)) {
    TrainOptions train = given.train;
    fields_of(train).read(combination.texts);
    if (given.search_lr) train.lr = 1;  // until it is searched
    const TrainRun run = train_run(train, silence.next());
    Cell cell = run.cell;
    cell.seed = 0;
    check_cell(cell);
    if (keys.insert(cell.key()).second)
      rows.push_back({silence.marked(combination.values), cell, run.lr_source});
  }
  return rows;
}

// Rows on a model of one's own; which of them are the same, its file says.
std::vector<PretrainedSweep::Row> rows_of_model(const SweepOptions& given, Silence& silence) {
  std::vector<PretrainedSweep::Row> rows;
  for (const Combination& combination : crossed(given)) {
    TrainOptions train;
    const Command fields = fields_of(train);
    fields.read(combination.texts);
    const auto is_given = [&](const std::string& option) { return combination.is_given(option); };
    const PretrainedTrain wanted = pretrained_train(fields, train, is_given, silence.next());
    rows.push_back({silence.marked(combination.values), wanted,
                    is_given("--lr")       ? "given"
                    : is_given("--recipe") ? "of recipe " + train.recipe
                                           : "the usual one"});
  }
  return rows;
}

Settings settings_of_sweep(const SweepOptions& given) {
  SettingsOptions options = given;
  options.tasks = {given.train.task};
  Settings settings = settings_from(options);
  settings.base_steps = given.train.base.steps;
  return settings;
}

// The folder in OUT, where others have theirs.
Value name_value(std::string& name) {
  const auto read = [&name](const std::string& option, const std::string& text) {
    const bool is_plain = std::ranges::all_of(text, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    static const std::set<std::string> taken{"base", "figures", "adapters", "learning-rates"};
    const Command program = all_commands();
    const auto is_command = [&](const Command& command) { return command.name() == text; };
    if (!is_plain || taken.contains(text) ||
        (text != "sweep" && std::ranges::any_of(program.commands(), is_command)))
      throw UsageError(fmt::format(
          "{} '{}': small letters, digits, - and _ are valid, and no name that is taken", option,
          text));
    name = text;
  };
  return {"NAME", read, name};
}

void search(sweep::Sweep& sweep, Lab& lab) {
  std::vector<Cell> cells;
  for (const sweep::Row& row : sweep.rows) cells.push_back(row.cell);
  sweep.searches = search_each(cells, sweep.name + "/search", lab);
  for (std::size_t i = 0; i < sweep.rows.size(); ++i) {
    sweep.rows[i].cell.lr = sweep.searches[i].choice.lr;
    sweep.rows[i].lr_source = "searched";
  }
}

// What --over varies cannot be given beside it, and neither can what is searched.
void check_axes(const Command& command, const SweepOptions& given) {
  if (given.axes.empty())
    throw UsageError(
        fmt::format("sweep wants --over FIELD=VALUES, as --over rank=1,4; fields are {}",
                    fmt::join(field_names(), ", ")));
  for (const sweep::Axis& axis : given.axes)
    refuse_options(command, {"--" + axis.name},
                   fmt::format("beside --over {}={}", axis.name, fmt::join(axis.values, ",")));
  if (!given.search_lr) return;
  refuse_options(command, {"--lr"}, "with --search-lr");
  for (const sweep::Axis& axis : given.axes)
    if (axis.name == "lr") throw UsageError("--search-lr has no effect beside --over lr");
}

int run_model_sweep(const Command& command, const SweepOptions& given) {
  require_data(command);
  require_option(command, "--validation", "the file that every row is scored on");
  PretrainedSweep wanted;
  wanted.sweep = {.name = given.name, .axes = given.axes};
  Silence silence(given.axes);
  wanted.rows = rows_of_model(given, silence);
  silence.refuse(command);
  wanted.settings = settings_of_sweep(given);
  wanted.remarks = silence.remarks();
  return sweep_pretrained(wanted);
}

int run_sweep_command(const Command& command, const SweepOptions& given) {
  if (command.given("--model"))
    refuse_options(command, {"--search-lr", "--only-base"}, "with --model");
  check_axes(command, given);
  if (command.given("--model")) return run_model_sweep(command, given);
  refuse_options(command, pretrained_only(), "without --model");
  require_option(command, "--task", data::task_names("or") + ", or --model DIR");
  Silence silence(given.axes);
  sweep::Sweep sweep{.name = given.name, .axes = given.axes};
  sweep.rows = rows_of(given, silence);
  silence.refuse(command);
  Progress progress;
  Lab lab(settings_of_sweep(given), progress);
  for (const std::string& remark : silence.remarks()) progress.message(remark);
  if (given.search_lr) search(sweep, lab);
  run_and_print(sweep, sweep::experiment(sweep), lab);
  return 0;
}

}  // namespace

Command sweep_command() {
  Command command("sweep",
                  "train over the crossed values of some fields, with a table and a figure");
  auto given = std::make_shared<SweepOptions>();
  given->seeds = 3;
  command.option("--task", Value{"NAME", task_value(given->train.task).read},
                 data::task_names("or") + " (required without --model)");
  command.options(
      "--over", axes_value(given->axes),
      "a field and its values, as rank=1,4 or targets=q+v,q; given again, all are crossed");
  command.option("--seeds", whole(given->seeds, 1, 100), "runs of every row: seeds 1 to so many");
  command.flag("--search-lr", given->search_lr,
               "search the learning rate of every row, on validation examples");
  const Command fields = fields_of(given->train);
  for (const Command::Option& field : fields.declared()) {
    if (field.name == "--width")  // the order is that of train
      add_base_options(command, given->train.base, "names the pre-trained base",
                       "the steps it was trained for");
    command.option(field.name, kept_value(field.value, given->kept), field.help);
  }
  command.option("--name", name_value(given->name), "of the folder in OUT");
  add_run_options(command, *given, "runs");
  command.action([given](const Command& parsed) {
    try {
      return run_sweep_command(parsed, *given);
    } catch (const PartDone& done) {
      Progress().message(done.text);
      return 0;
    }
  });
  return command;
}

}  // namespace experiments::cli
