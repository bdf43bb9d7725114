#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <set>

#include "experiments/beyond/sweep.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/experiment_command.h"
#include "experiments/cli/option_values.h"
#include "experiments/cli/train_options.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/output.h"
#include "experiments/harness/search_rates.h"
#include "experiments/report/figures.h"

namespace experiments::cli {

namespace {

struct SweepTexts : SettingsTexts {
  TrainTexts train;
  std::vector<std::string> over;
  std::string name = "sweep";
  bool search_lr = false;
};

struct Field {
  const char* name;
  std::string TrainTexts::*value;
};

// What may be varied: train's options that change its numbers, but for the seed.
const std::vector<Field>& own_fields() {
  static const std::vector<Field> fields{
      {"rank", &TrainTexts::rank},       {"alpha", &TrainTexts::alpha},
      {"scaling", &TrainTexts::scaling}, {"targets", &TrainTexts::targets},
      {"blocks", &TrainTexts::blocks},   {"init", &TrainTexts::init},
      {"dropout", &TrainTexts::dropout}, {"optimizer", &TrainTexts::optimizer},
      {"lr", &TrainTexts::lr},           {"lr-ratio", &TrainTexts::lr_ratio},
      {"steps", &TrainTexts::steps},     {"examples", &TrainTexts::examples},
      {"facts", &TrainTexts::facts},     {"method", &TrainTexts::method},
      {"size", &TrainTexts::size}};
  return fields;
}

// The text of a field, for reading and writing.
std::string* value_of(TrainTexts& texts, const std::string& name) {
  if (name == "width") return &texts.base.width;
  if (name == "depth") return &texts.base.depth;
  for (const Field& field : own_fields())
    if (name == field.name) return &(texts.*field.value);
  return nullptr;
}

std::string field_names() {
  std::vector<std::string> names;
  for (const Field& field : own_fields()) names.emplace_back(field.name);
  names.insert(names.end(), {"width", "depth"});
  return fmt::format("{}", fmt::join(names, ", "));
}

// "targets=q+v,q" of --over.
sweep::Axis parse_axis(const std::string& text) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    throw UsageError(
        fmt::format("--over '{}': a field and its values are wanted, as rank=1,4", text));
  sweep::Axis axis{text.substr(0, at), split_at_commas(text.substr(at + 1))};
  TrainTexts any;
  if (value_of(any, axis.name) == nullptr)
    throw UsageError(fmt::format("--over '{}': unknown field '{}'; valid are {}", text, axis.name,
                                 field_names()));
  std::set<std::string> seen;
  for (const std::string& value : axis.values) {
    if (value.empty()) throw UsageError(fmt::format("--over '{}': an empty value", text));
    if (!seen.insert(value).second)
      throw UsageError(fmt::format("--over '{}' names {} twice", text, value));
  }
  return axis;
}

std::vector<sweep::Axis> parse_axes(const Command& command, const std::vector<std::string>& texts) {
  std::vector<sweep::Axis> axes;
  for (const std::string& text : texts) {
    axes.push_back(parse_axis(text));
    const std::string& name = axes.back().name;
    const auto same = [&](const sweep::Axis& axis) { return axis.name == name; };
    if (std::count_if(axes.begin(), axes.end(), same) > 1)
      throw UsageError(fmt::format("--over names {} twice", name));
    if (command.given("--" + name))
      throw UsageError(fmt::format("--{} has no effect beside --over {}", name, text));
  }
  return axes;
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
  Crossing(const TrainTexts& train, std::vector<sweep::Axis> axes, bool search)
      : train_(train), axes_(std::move(axes)), search_(search) {
    cross({});
  }

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
    for (const sweep::Axis& axis : axes_)
      if (const auto why = why_.find("--" + axis.name); why != why_.end())
        texts.push_back(fmt::format("{} says nothing {}: such a row is run once and shown once",
                                    axis.name, why->second));
    return texts;
  }

 private:
  void cross(std::vector<std::string> values) {
    if (values.size() == axes_.size()) return add(values);
    for (const std::string& value : axes_[values.size()].values) {
      std::vector<std::string> longer = values;
      longer.push_back(value);
      cross(longer);
    }
  }

  void add(std::vector<std::string> values) {
    TrainTexts texts = train_;
    for (std::size_t i = 0; i < axes_.size(); ++i)
      *value_of(texts, axes_[i].name) = value_for_train(axes_[i].name, values[i]);
    if (search_) texts.lr = "1";  // until it is searched
    std::set<std::string> silent;
    const TrainRun run = train_run(texts, [&](const auto& options, const std::string& why) {
      for (const std::string& option : options) silent.insert(option), why_[option] = why;
    });
    ++combinations_;
    for (const std::string& option : silent) ++times_[option];
    for (std::size_t i = 0; i < axes_.size(); ++i)
      if (silent.contains("--" + axes_[i].name)) values[i] = "-";
    Cell cell = run.cell;
    cell.seed = 0;
    check_cell(cell);
    if (keys_.insert(cell.key()).second) rows_.push_back({values, cell, run.lr_source});
  }

  TrainTexts train_;
  std::vector<sweep::Axis> axes_;
  bool search_;
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

Settings settings_of_sweep(const SweepTexts& given) {
  SettingsTexts texts = given;
  texts.tasks = given.train.task;
  Settings settings = settings_from(texts);
  settings.base_steps = parse_integer("--base-steps", given.train.base.steps, 1, most_base_steps);
  return settings;
}

void check_name(const std::string& name) {
  const bool is_plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  static const std::set<std::string> taken{"base", "figures", "adapters", "learning-rates"};
  const Command program = all_commands();
  if (!is_plain || taken.contains(name) ||
      (name != "sweep" && std::ranges::any_of(program.commands(), [&](const Command& command) {
         return command.name() == name;
       })))
    throw UsageError(fmt::format(
        "--name '{}': small letters, digits, - and _ are valid, and no name that is taken", name));
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

int run_sweep_command(const Command& command, const SweepTexts& given) {
  check_name(given.name);
  if (given.over.empty())
    throw UsageError(fmt::format(
        "sweep wants --over FIELD=VALUES, as --over rank=1,4; fields are {}", field_names()));
  sweep::Sweep sweep{.name = given.name, .axes = parse_axes(command, given.over)};
  if (given.search_lr) {
    refuse_options(command, {"--lr"}, "with --search-lr");
    for (const sweep::Axis& axis : sweep.axes)
      if (axis.name == "lr") throw UsageError("--search-lr has no effect beside --over lr");
  }
  const Crossing crossing(given.train, sweep.axes, given.search_lr);
  refuse_silent(command, crossing, sweep.axes);
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
  auto given = std::make_shared<SweepTexts>();
  given->seeds = "3";
  given->train.base = default_base_texts();
  command.required("--task", given->train.task, data::task_names("or"));
  command.options(
      "--over", given->over,
      "a field and its values, as rank=1,4 or targets=q+v,q; given again, all are crossed");
  command.option("--seeds", given->seeds, "runs of every row: seeds 1 to so many");
  command.flag("--search-lr", given->search_lr,
               "search the learning rate of every row, on validation examples");
  command.option("--method", given->train.method, "what trains, as train has it");
  command.option("--size", given->train.size, "of a method that has one");
  add_lora_options(command, given->train);
  add_training_options(command, given->train);
  command.option("--name", given->name, "of the folder in OUT");
  command.option("--jobs", given->jobs, "runs at a time (default: the cores)");
  command.option("--out", given->out, "results folder");
  command.flag("--fresh", given->fresh, "start over in a folder that has results");
  add_part_options(command, *given);
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
