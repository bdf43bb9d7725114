#include "lora/analysis/activations.h"

#include <memory>

namespace lora::inline LOWRANK_PRECISION {
namespace {

/// Passes on what the wrapped projection does, and adds up x xᵀ on the way. It visits its inner
/// projection under its own name, so that no parameter is called anything else meanwhile.
struct Recorder final : nn::Projection {
  std::unique_ptr<nn::Projection> inner;
  MatrixXd sum;
  nn::Index rows = 0;

  explicit Recorder(std::unique_ptr<nn::Projection> projection)
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
class Recording {
 public:
  explicit Recording(nn::Module& model) : model_(model) {
    model_.visit_slots("", [](const std::string&, std::unique_ptr<nn::Projection>& slot) {
      slot = std::make_unique<Recorder>(std::move(slot));
    });
  }
  ~Recording() {
    for_each([](const std::string&, std::unique_ptr<nn::Projection>& slot, Recorder& recorder) {
      std::unique_ptr<nn::Projection> inner = std::move(recorder.inner);
      slot = std::move(inner);
    });
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  template <class Fn>
  void for_each(const Fn& fn) {
    model_.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
      fn(name, slot, static_cast<Recorder&>(*slot));
    });
  }

 private:
  nn::Module& model_;
};

}  // namespace

std::map<std::string, MatrixXd> input_second_moments(nn::Module& model,
                                                     const std::function<void()>& run) {
  Recording recording(model);
  run();
  std::map<std::string, MatrixXd> moments;
  recording.for_each([&](const std::string& name, auto&, const Recorder& recorder) {
    if (recorder.rows > 0) moments[name] = recorder.sum / static_cast<double>(recorder.rows);
  });
  return moments;
}

}  // namespace lora::inline LOWRANK_PRECISION
