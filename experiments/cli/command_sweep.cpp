#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <set>

#include "experiments/beyond/sweep.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/experiment_command.h"
#include "experiments/cli/train_options.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/output.h"
#include "experiments/harness/search_rates.h"
#include "experiments/report/figures.h"

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
  return fields;
}

std::vector<std::string> field_names() {
  TrainOptions any;
  const Command fields = fields_of(any);
  std::vector<std::string> names;
  for (const Command::Option& field : fields.declared()) names.push_back(field.name.substr(2));
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

/// The crossed values, as rows of which none is twice; and what was said to say nothing.
class Crossing {
 public:
  explicit Crossing(const SweepOptions& given) : given_(given) { cross({}); }

  const std::vector<sweep::Row>& rows() const { return rows_; }

  /// Options that say nothing in any row, with a reason.
  std::map<std::string, std::string> silent() const {
    std::map<std::string, std::string> all;
    for (const auto& [option, why] : why_)
      if (times_.at(option) == combinations_) all[option] = why;
    return all;
  }
  /// "rank says nothing with --method full; such rows are run once".
  std::vector<std::string> remarks() const {
    std::vector<std::string> texts;
    for (const sweep::Axis& axis : axes())
      if (const auto why = why_.find("--" + axis.name); why != why_.end())
        texts.push_back(fmt::format("{} says nothing {}: such a row is run once and shown once",
                                    axis.name, why->second));
    return texts;
  }

 private:
  void cross(std::vector<std::string> values) {
    if (values.size() == axes().size()) return add(values);
    for (const std::string& value : axes()[values.size()].values) {
      std::vector<std::string> longer = values;
      longer.push_back(value);
      cross(longer);
    }
  }

  void add(std::vector<std::string> values) {
    TrainOptions train = given_.train;
    std::vector<Command::Given> texts = given_.kept;
    for (std::size_t i = 0; i < axes().size(); ++i)
      texts.emplace_back("--" + axes()[i].name, value_for_train(axes()[i].name, values[i]));
    fields_of(train).read(texts);
    if (given_.search_lr) train.lr = 1;  // until it is searched
    std::set<std::string> silent;
    const TrainRun run = train_run(train, [&](const auto& options, const std::string& why) {
      for (const std::string& option : options) silent.insert(option), why_[option] = why;
    });
    ++combinations_;
    for (const std::string& option : silent) ++times_[option];
    for (std::size_t i = 0; i < axes().size(); ++i)
      if (silent.contains("--" + axes()[i].name)) values[i] = "-";
    Cell cell = run.cell;
    cell.seed = 0;
    check_cell(cell);
    if (keys_.insert(cell.key()).second) rows_.push_back({values, cell, run.lr_source});
  }

  const std::vector<sweep::Axis>& axes() const { return given_.axes; }

  const SweepOptions& given_;
  std::vector<sweep::Row> rows_;
  std::set<std::string> keys_;
  int combinations_ = 0;
  std::map<std::string, int> times_;
  std::map<std::string, std::string> why_;
};

void refuse_silent(const Command& command, const Crossing& crossing,
                   const std::vector<sweep::Axis>& axes) {
  for (const auto& [option, why] : crossing.silent()) {
    if (command.has(option)) refuse_options(command, {option}, why);
    for (const sweep::Axis& axis : axes)
      if ("--" + axis.name == option)
        throw UsageError(fmt::format("--over {} has no effect {}", axis.name, why));
  }
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

int run_sweep_command(const Command& command, const SweepOptions& given) {
  check_axes(command, given);
  const Crossing crossing(given);
  refuse_silent(command, crossing, given.axes);
  sweep::Sweep sweep{.name = given.name, .axes = given.axes};
  sweep.rows = crossing.rows();
  Progress progress;
  Lab lab(settings_of_sweep(given), progress);
  for (const std::string& remark : crossing.remarks()) progress.message(remark);
  progress.message(fmt::format("{} rows, {} seed{} each", sweep.rows.size(), lab.settings.seeds,
                               lab.settings.seeds == 1 ? "" : "s"));
  if (given.search_lr) search(sweep, lab);
  const Report report = run(sweep::experiment(sweep), lab);
  print_out("{}", report_text(report, columns_of_output()));
  const std::filesystem::path folder = lab.settings.out / sweep.name;
  const std::string problem = draw_beside(sweep.name, sweep::figure_script(sweep), folder);
  progress.message(fmt::format("the table is in {0}.md, a line for each run in {0}.csv{1}",
                               (folder / sweep.name).string(),
                               problem.empty() ? fmt::format(", the figure in {}.svg", sweep.name)
                                               : "; the figure is not drawn: " + problem));
  return 0;
}

}  // namespace

Command sweep_command() {
  Command command("sweep",
                  "train over the crossed values of some fields, with a table and a figure");
  auto given = std::make_shared<SweepOptions>();
  given->seeds = 3;
  command.required("--task", task_value(given->train.task), data::task_names("or"));
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
