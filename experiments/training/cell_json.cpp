#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <limits>
#include <stdexcept>

#include "experiments/training/cell_fields.h"
#include "nn/files/json.h"

namespace experiments::training {
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

  bool has(const char* name) const { return rest_.contains(name); }

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
  void read(const char* name, std::vector<int>& to) {
    const nn::Json field = take(name);
    const auto is_count = [](const nn::Json& item) { return nn::is_whole<int>(item) && item >= 0; };
    if (!field.is_array() || !std::all_of(field.begin(), field.end(), is_count))
      wrong_type(name, "a list of whole numbers from 0", field);
    to = field.get<std::vector<int>>();
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
    if (!has(name)) {
      throw std::invalid_argument(fmt::format("field \"{}\" is missing", name));
    }
    nn::Json field = rest_.at(name);
    rest_.erase(name);
    return field;
  }

  nn::Json rest_;
};

nn::Json json_of_field(double value) { return nn::number_json(value); }
template <class Entry>
nn::Json json_of_field(const std::vector<Entry>& list) {
  return in_model_order(list);
}
nn::Json json_of_field(const std::map<std::string, double>& more) {
  nn::Json object = nn::Json::object();
  for (const auto& [name, value] : more) object[name] = nn::number_json(value);
  return object;
}
template <class Value>
nn::Json json_of_field(const Value& value) {
  return value;
}

// What a run can have come to. A score that is no number is that of a run that diverged.
void check_outcome(const CellResult& result) {
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

}  // namespace

nn::Json to_json(const CellResult& result) {
  const CellResult defaults;
  nn::Json object;
  each_field([&](const char* name, auto member, Written written) {
    const auto& value = field_of(result, member);
    if (written == Written::always || value != field_of(defaults, member))
      object[name] = json_of_field(value);
  });
  return object;
}

CellResult cell_result_from_json(const nn::Json& object) {
  CellResult result;
  FieldReader fields(object);
  each_field([&](const char* name, auto member, Written written) {
    if (written == Written::always || fields.has(name)) fields.read(name, field_of(result, member));
  });
  fields.finish();
  check_cell(result.cell);
  check_outcome(result);
  return result;
}

}  // namespace experiments::training
