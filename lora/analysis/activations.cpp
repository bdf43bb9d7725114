#include "lora/analysis/activations.h"

#include <memory>

namespace lora::inline LOWRANK_PRECISION {
namespace {

/// Passes on what the wrapped projection does, and adds up x xᵀ on the way. It visits its inner
/// projection under its own name, so that no parameter is called anything else meanwhile.
struct InputSum final : nn::Projection {
  std::unique_ptr<nn::Projection> inner;
  MatrixXd sum;
  nn::Index rows = 0;

  explicit InputSum(std::unique_ptr<nn::Projection> projection)
      : inner(std::move(projection)),
        sum(MatrixXd::Zero(inner->in_features(), inner->in_features())) {}

  nn::Var forward(const nn::Pass& pass, nn::Var x) override {
    const MatrixXd rows_of_x = x.value().m.cast<double>();
    sum += product_tn(rows_of_x, rows_of_x);
    rows += rows_of_x.rows();
    return inner->forward(pass, x);
  }
  void visit(const std::string& prefix, const Visitor& fn) override { inner->visit(prefix, fn); }
  nn::Index in_features() const override { return inner->in_features(); }
  nn::Index out_features() const override { return inner->out_features(); }
};

/// Wraps every projection, and takes the wrappers off again when it goes.
class InputSums {
 public:
  explicit InputSums(nn::Module& model) : model_(model) {
    model_.visit_slots("", [](const std::string&, std::unique_ptr<nn::Projection>& slot) {
      slot = std::make_unique<InputSum>(std::move(slot));
    });
  }
  ~InputSums() {
    for_each(
        [](const std::string&, std::unique_ptr<nn::Projection>& slot, InputSum& sum_of_inputs) {
          std::unique_ptr<nn::Projection> inner = std::move(sum_of_inputs.inner);
          slot = std::move(inner);
        });
  }
  InputSums(const InputSums&) = delete;
  InputSums& operator=(const InputSums&) = delete;

  template <class Fn>
  void for_each(const Fn& fn) {
    model_.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
      fn(name, slot, static_cast<InputSum&>(*slot));
    });
  }

 private:
  nn::Module& model_;
};

}  // namespace

std::map<std::string, MatrixXd> input_second_moments(nn::Module& model,
                                                     const std::function<void()>& run) {
  InputSums sums(model);
  run();
  std::map<std::string, MatrixXd> moments;
  sums.for_each([&](const std::string& name, auto&, const InputSum& sum_of_inputs) {
    if (sum_of_inputs.rows > 0)
      moments[name] = sum_of_inputs.sum / static_cast<double>(sum_of_inputs.rows);
  });
  return moments;
}

}  // namespace lora::inline LOWRANK_PRECISION
