#include "nn/models/step.h"

#include <fmt/format.h>

#include <numeric>

#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/models/model_folder.h"

namespace nn::inline LOWRANK_PRECISION {

namespace {

// Lists of whole numbers, all as long as the first, one behind the other.
class IdRows {
 public:
  IdRows(const Json& object, const char* name) : name_(name) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) return;
    if (!found->is_array() || found->empty()) throw wrong(*found, "a list of rows");
    rows_ = static_cast<Index>(found->size());
    for (const Json& row : *found) add(row);
  }

  Index rows() const { return rows_; }
  Index columns() const { return columns_; }  // 0: numbers in place of rows
  const std::vector<int>& values() const { return values_; }
  bool is_of(Index rows, Index columns) const { return rows_ == rows && columns_ == columns; }

 private:
  void add(const Json& row) {
    if (!row.is_array()) {
      if (columns_ != 0) throw wrong(row, "a row");
      if (!is_whole<std::int32_t>(row)) throw wrong(row, "a whole number");
      values_.push_back(row.get<int>());
      return;
    }
    const bool is_first = values_.empty();
    if (is_first) columns_ = static_cast<Index>(row.size());
    if (row.empty() || static_cast<Index>(row.size()) != columns_)
      throw InputsError(
          fmt::format("\"{}\" has rows of {} and of {}; rows are filled up to one "
                      "length, and \"attention_mask\" is 0 there",
                      name_, columns_, row.size()));
    for (const Json& value : row) {
      if (!is_whole<std::int32_t>(value)) throw wrong(value, "a whole number");
      values_.push_back(value.get<int>());
    }
  }
  InputsError wrong(const Json& value, const char* wanted) const {
    return InputsError(
        fmt::format("\"{}\" has {}, where {} is wanted", name_, shown(value), wanted));
  }

  const char* name_;
  Index rows_ = 0, columns_ = 0;
  std::vector<int> values_;
};

LabelledInputs inputs_of(const Json& object) {
  for (const auto& [name, value] : object.items())
    if (name != "input_ids" && name != "attention_mask" && name != "token_type_ids" &&
        name != "labels")
      throw InputsError(
          fmt::format("the member {} is none of input_ids, attention_mask, "
                      "token_type_ids and labels",
                      printable(name)));
  const IdRows ids(object, "input_ids"), mask(object, "attention_mask"),
      types(object, "token_type_ids"), labels(object, "labels");
  if (ids.columns() == 0) throw InputsError("there are no rows \"input_ids\"");
  LabelledInputs given{{ids.rows(), ids.columns(), ids.values(), {}, types.values()},
                       labels.values()};
  const Index B = ids.rows(), T = ids.columns();
  const auto check = [&](const IdRows& rows, const char* name, bool one_each) {
    if (!rows.values().empty() && !rows.is_of(B, T) && !(one_each && rows.is_of(B, 0)))
      throw InputsError(fmt::format("\"{}\" is ({},{}), where \"input_ids\" is ({},{})", name,
                                    rows.rows(), rows.columns(), B, T));
  };
  check(mask, "attention_mask", false), check(types, "token_type_ids", false);
  check(labels, "labels", true);
  for (const int m : mask.values()) {
    if (m != 0 && m != 1)
      throw InputsError(fmt::format("\"attention_mask\" has {}, where 0 or 1 is wanted", m));
    given.inputs.mask.push_back(static_cast<unsigned char>(m));
  }
  return given;
}

}  // namespace

LabelledInputs read_inputs(const std::filesystem::path& path) {
  try {
    return inputs_of(parse_json_object(read_file(path)));
  } catch (const JsonError& error) {
    throw InputsError(fmt::format("{}: {}", path.string(), error.what()));
  } catch (const InputsError& error) {
    throw InputsError(fmt::format("{}: {}", path.string(), error.what()));
  }
}

static Tensor in_shape(const Tensor& tensor, const Shape& shape) {
  Tensor shaped(shape);
  shaped.m = tensor.m.reshaped<Eigen::RowMajor>(shaped.m.rows(), shaped.m.cols());
  return shaped;
}

LabelledInputs with_prompt(const Pretrained& model, const LabelledInputs& given) {
  LabelledInputs longer{with_prompt(model, given.inputs), {}};
  const Index T = given.inputs.T, P = model.sizes.prompt;
  for (std::size_t i = 0; i < given.labels.size(); ++i) {
    const bool begins_row = model.head != Head::classifier && static_cast<Index>(i) % T == 0;
    if (begins_row) longer.labels.insert(longer.labels.end(), static_cast<std::size_t>(P), -100);
    longer.labels.push_back(given.labels[i]);
  }
  return longer;
}

std::map<std::string, Tensor> step_values(Pretrained& model, const LabelledInputs& given,
                                          const WholeLoss& whole) {
  const auto [inputs, labels] = with_prompt(model, given);
  Tape tape(labels.empty() ? autograd::TapeMode::values : autograd::TapeMode::training);
  std::vector<Var> hidden;
  std::map<std::string, Tensor> values;
  const Var last = model.hidden({tape}, inputs, &hidden);
  for (std::size_t i = 0; i < hidden.size(); ++i)
    values[fmt::format("hidden.{}", i)] = hidden[i].value();
  if (model.head == Head::none) return values;

  const bool of_rows = model.head == Head::classifier;
  std::vector<int> positions;
  for (Index i = 0; i < inputs.B * inputs.T; i += of_rows ? inputs.T : 1)
    positions.push_back(static_cast<int>(i));
  const Tensor logits = model.read_out({tape}, inputs, last, positions).value();
  values["logits"] = of_rows ? logits : in_shape(logits, {inputs.B, inputs.T, logits.cols()});
  if (labels.empty()) return values;

  for (Parameter* p : parameters(model)) p->zero_grad();
  Var loss = nn::loss({tape}, model, inputs, last, labels);
  if (whole) loss = whole({tape}, loss);
  tape.backward(loss);
  values["loss"] = in_shape(loss.value(), Shape{});
  return values;
}

std::map<std::string, Tensor> checkpoint_step(Pretrained& model, const LabelledInputs& given) {
  auto values = step_values(model, given);
  if (!values.contains("loss")) return values;
  std::map<std::string, const Tensor*> gradients;
  model.visit("", [&](const std::string& name, Parameter& p) {
    if (model.stored.contains(name) && !p.grad.empty()) gradients[name] = &p.grad;
  });
  for (auto& [name, gradient] : as_stored(model.stored, gradients))
    values["grad." + name] = std::move(gradient);
  return values;
}

}  // namespace nn::inline LOWRANK_PRECISION
