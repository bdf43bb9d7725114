#include "experiments/training/cell.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <concepts>
#include <limits>
#include <stdexcept>
#include <utility>

#include "lora/methods/method.h"
#include "nn/files/json.h"

namespace experiments {
namespace {

[[noreturn]] void wrong_type(const std::string& name, const char* wanted, const nn::Json& found) {
  throw std::invalid_argument(
      fmt::format("field {} must be {}, not {}", nn::printable(name), wanted, nn::shown(found)));
}

double to_number(const std::string& name, const nn::Json& field) {
  if (field.is_number()) return field.get<double>();
  if (field == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (field == "inf") return std::numeric_limits<double>::infinity();
  if (field == "-inf") return -std::numeric_limits<double>::infinity();
  wrong_type(name, "a number", field);
}

/// Takes fields out of an object by name and type, and at the end knows what nobody took.
class FieldReader {
 public:
  explicit FieldReader(const nn::Json& object) : rest_(object) {
    if (!object.is_object()) throw std::invalid_argument("a cell must be a JSON object");
  }

  void read(const char* name, std::string& to) {
    const nn::Json field = take(name);
    if (!field.is_string()) wrong_type(name, "a string", field);
    to = field.get<std::string>();
  }
  void read(const char* name, double& to) { to = to_number(name, take(name)); }
  template <std::integral Integer>
  void read(const char* name, Integer& to) {
    const nn::Json field = take(name);
    if (!field.is_number_integer()) wrong_type(name, "a whole number", field);
    if (!nn::is_whole<Integer>(field)) wrong_type(name, "a whole number in range", field);
    to = field.get<Integer>();
  }
  void read(const char* name, std::vector<std::string>& to) {
    const nn::Json field = take(name);
    const auto is_string = [](const nn::Json& item) { return item.is_string(); };
    if (!field.is_array() || !std::all_of(field.begin(), field.end(), is_string)) {
      wrong_type(name, "a list of strings", field);
    }
    to = field.get<std::vector<std::string>>();
  }
  void read(const char* name, std::map<std::string, double>& to) {
    const nn::Json field = take(name);
    if (!field.is_object()) wrong_type(name, "an object", field);
    for (const auto& [key, value] : field.items()) to[key] = to_number(key, value);
  }
  void finish() const {
    if (!rest_.empty()) {
      throw std::invalid_argument(
          fmt::format("unknown field {}", nn::printable(rest_.begin().key())));
    }
  }

 private:
  nn::Json take(const char* name) {
    if (!rest_.contains(name)) {
      throw std::invalid_argument(fmt::format("field \"{}\" is missing", name));
    }
    nn::Json field = rest_.at(name);
    rest_.erase(name);
    return field;
  }

  nn::Json rest_;
};

std::vector<std::string> in_model_order(std::vector<std::string> targets) {
  static const std::vector<std::string> order{"q", "k", "v", "o", "up", "down"};
  const auto place = [](const std::string& name) {
    return std::pair(std::find(order.begin(), order.end(), name) - order.begin(), name);
  };
  std::sort(targets.begin(), targets.end(),
            [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return targets;
}

}  // namespace

std::string weight_set(std::vector<std::string> targets) {
  return fmt::format("{}", fmt::join(in_model_order(std::move(targets)), ","));
}

std::string Cell::key() const {
  return fmt::format(
      "{} {} size={} targets={} rank={} alpha={} scaling={} init={} dropout={} optimizer={} "
      "base={}:{}:{} seed={} facts={} lr={} steps={} examples={}",
      task, method, size, weight_set(targets), rank, alpha, scaling, init, dropout, optimizer, base,
      width, base_seed, seed, facts, lr, steps, examples);
}

void check_cell(const Cell& cell) {
  const auto refuse = [&](const std::string& what) {
    throw std::invalid_argument(fmt::format("{} (cell: {})", what, nn::plain(cell.key())));
  };
  const auto one_of = [&](const char* what, const std::string& value, auto... valid) {
    if (((value != valid) && ...))
      refuse(fmt::format("unknown {} {}; valid: {}", what, nn::printable(value),
                         fmt::join(std::vector<std::string>{valid...}, ", ")));
  };
  if (cell.task.empty()) refuse("a cell needs a task");
  one_of("base", cell.base, "pretrained", "random");
  one_of("optimizer", cell.optimizer, "adamw", "sgd");
  if (cell.width < 1) refuse(fmt::format("width {} is below 1", cell.width));
  const auto methods = lora::all_methods();
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [&](const lora::Method* m) { return cell.method == m->name; });
  const bool is_known = found != methods.end();
  if (!is_known && cell.method != "frozen" && cell.method != "subspace") {
    std::string names = "frozen";
    for (const lora::Method* m : methods) names += fmt::format(", {}", m->name);
    refuse(
        fmt::format("unknown method {}; valid: {}, subspace", nn::printable(cell.method), names));
  }
  const bool has_lora = is_known && (*found)->has_lora;
  const char* size_is = is_known                    ? (*found)->size_is
                        : cell.method == "subspace" ? "dimensions"
                                                    : nullptr;
  if (size_is && cell.size < 1)
    refuse(fmt::format("size {} ({} of {}) is below 1", cell.size, size_is, cell.method));
  if (!size_is && cell.size != 0)
    refuse(fmt::format("{} has no size, but {} is given", cell.method, cell.size));
  if (has_lora) {
    if (cell.targets.empty()) refuse("LoRA needs at least one target");
    if (cell.rank < 1) refuse(fmt::format("rank {} is below 1", cell.rank));
    one_of("scaling", cell.scaling, "alpha/r", "alpha/sqrt(r)");
    one_of("initialisation", cell.init, "gaussian", "kaiming-uniform");
    if (!(cell.dropout >= 0 && cell.dropout < 1))
      refuse(fmt::format("dropout {} is not in [0, 1)", cell.dropout));
  } else if (!cell.targets.empty() || cell.rank != 0 || cell.dropout != 0) {
    refuse(fmt::format("only LoRA has targets, a rank and dropout, not {}", cell.method));
  }
}

// What a run can have come to. A score that is no number is that of a run that diverged.
static void check_outcome(const CellResult& result) {
  const auto refuse = [](const char* name, auto value, const char* wanted) {
    throw std::invalid_argument(
        fmt::format("field \"{}\" must be {}, not {}", name, wanted, value));
  };
  const Cell& cell = result.cell;
  if (result.value < 0 || result.value > 1) refuse("value", result.value, "from 0 to 1 or nan");
  if (result.trainable < 0) refuse("trainable", result.trainable, "at least 0");
  if (cell.steps < 0) refuse("steps", cell.steps, "at least 0");
  if (cell.examples < 0) refuse("examples", cell.examples, "at least 0");
  if (!(result.seconds >= 0)) refuse("seconds", result.seconds, "at least 0");
}

nn::Json to_json(const CellResult& result) {
  const Cell& cell = result.cell;
  nn::Json more = nn::Json::object();
  for (const auto& [name, value] : result.more) more[name] = nn::number_json(value);
  return {{"experiment", result.experiment},
          {"task", cell.task},
          {"method", cell.method},
          {"size", cell.size},
          {"targets", in_model_order(cell.targets)},
          {"rank", cell.rank},
          {"alpha", nn::number_json(cell.alpha)},
          {"scaling", cell.scaling},
          {"init", cell.init},
          {"dropout", nn::number_json(cell.dropout)},
          {"optimizer", cell.optimizer},
          {"seed", cell.seed},
          {"base_seed", cell.base_seed},
          {"base", cell.base},
          {"width", cell.width},
          {"facts", cell.facts},
          {"lr", nn::number_json(cell.lr)},
          {"metric", result.metric},
          {"value", nn::number_json(result.value)},
          {"nll", nn::number_json(result.nll)},
          {"trainable", result.trainable},
          {"steps", cell.steps},
          {"examples", cell.examples},
          {"seconds", nn::number_json(result.seconds)},
          {"more", more}};
}

CellResult cell_result_from_json(const nn::Json& object) {
  CellResult result;
  Cell& cell = result.cell;
  FieldReader fields(object);
  fields.read("experiment", result.experiment);
  fields.read("task", cell.task);
  fields.read("method", cell.method);
  fields.read("size", cell.size);
  fields.read("targets", cell.targets);
  fields.read("rank", cell.rank);
  fields.read("alpha", cell.alpha);
  fields.read("scaling", cell.scaling);
  fields.read("init", cell.init);
  fields.read("dropout", cell.dropout);
  fields.read("optimizer", cell.optimizer);
  fields.read("seed", cell.seed);
  fields.read("base_seed", cell.base_seed);
  fields.read("base", cell.base);
  fields.read("width", cell.width);
  fields.read("facts", cell.facts);
  fields.read("lr", cell.lr);
  fields.read("metric", result.metric);
  fields.read("value", result.value);
  fields.read("nll", result.nll);
  fields.read("trainable", result.trainable);
  fields.read("steps", cell.steps);
  fields.read("examples", cell.examples);
  fields.read("seconds", result.seconds);
  fields.read("more", result.more);
  fields.finish();
  check_cell(cell);
  check_outcome(result);
  return result;
}

std::string comparable_text(const std::vector<CellResult>& results) {
  std::map<std::string, std::string> lines;
  for (const CellResult& result : results) {
    nn::Json object = to_json(result);
    object.erase("seconds");
    lines[result.cell.key()] = object.dump();
  }
  std::string text;
  for (const auto& [key, line] : lines) text += line + "\n";
  return text;
}

}  // namespace experiments
