#include "lora/analysis/activations.h"

#include <memory>

namespace lora::inline LOWRANK_PRECISION {
namespace {

/// The sum of x xᵀ over the rows x of what it is shown.
struct MomentSum {
  MatrixXd sum;
  nn::Index rows = 0;

  explicit MomentSum(nn::Index d) : sum(MatrixXd::Zero(d, d)) {}
  void add(const nn::Matrix& x) {
    const MatrixXd rows_of_x = x.cast<double>();
    sum += product_tn(rows_of_x, rows_of_x);
    rows += rows_of_x.rows();
  }
};

// y = x, and on the way back it looks at the gradient        dx += dy
struct WatchGradient final : autograd::Op {
  MomentSum& moment;
  explicit WatchGradient(MomentSum& into) : moment(into) {}
  const char* name() const override { return "watch_gradient"; }
  void forward(autograd::Context& ctx) override { ctx.out() = ctx.in(0); }
  void backward(autograd::Context& ctx) override {
    const nn::Matrix& dy = ctx.dout();
    moment.add(dy);
    if (autograd::Gradient dx = ctx.grad(0)) dx += dy;
  }
};

enum class Watched { inputs, output_gradients };

/// Passes on what the wrapped projection does, and adds up its inputs or the gradients of its
/// outputs on the way. It visits its inner projection under its own name, so that no parameter is
/// called anything else meanwhile.
struct WatchedProjection final : nn::Projection {
  std::unique_ptr<nn::Projection> inner;
  Watched watched;
  MomentSum moment;

  WatchedProjection(std::unique_ptr<nn::Projection> projection, Watched what)
      : inner(std::move(projection)),
        watched(what),
        moment(what == Watched::inputs ? inner->in_features() : inner->out_features()) {}

  nn::Var forward(const nn::Pass& pass, nn::Var x) override {
    if (watched == Watched::inputs) moment.add(x.value().m);
    const nn::Var y = inner->forward(pass, x);
    if (watched == Watched::inputs) return y;
    const nn::Var inputs[] = {y};
    return y.tape->record(std::make_unique<WatchGradient>(moment), inputs, y.shape());
  }
  void visit(const std::string& prefix, const Visitor& fn) override { inner->visit(prefix, fn); }
  nn::Index in_features() const override { return inner->in_features(); }
  nn::Index out_features() const override { return inner->out_features(); }
};

/// Wraps the projections of these names, or every one, and takes the wrappers off again when it
/// goes.
class WatchedProjections {
 public:
  WatchedProjections(nn::Module& model, Watched what, const std::set<std::string>& only)
      : model_(model) {
    model_.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
      if (only.empty() || only.contains(name))
        slot = std::make_unique<WatchedProjection>(std::move(slot), what);
    });
  }
  ~WatchedProjections() {
    for_each(
        [](const std::string&, std::unique_ptr<nn::Projection>& slot, WatchedProjection& watched) {
          std::unique_ptr<nn::Projection> inner = std::move(watched.inner);
          slot = std::move(inner);
        });
  }
  WatchedProjections(const WatchedProjections&) = delete;
  WatchedProjections& operator=(const WatchedProjections&) = delete;

  template <class Fn>
  void for_each(const Fn& fn) {
    model_.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
      if (auto* watched = dynamic_cast<WatchedProjection*>(slot.get())) fn(name, slot, *watched);
    });
  }

 private:
  nn::Module& model_;
};

std::map<std::string, MatrixXd> watched_moments(nn::Module& model, Watched what,
                                                const std::function<void()>& run,
                                                const std::set<std::string>& only) {
  WatchedProjections projections(model, what, only);
  run();
  std::map<std::string, MatrixXd> moments;
  projections.for_each([&](const std::string& name, auto&, const WatchedProjection& watched) {
    const MomentSum& moment = watched.moment;
    if (moment.rows > 0) moments[name] = moment.sum / static_cast<double>(moment.rows);
  });
  return moments;
}

}  // namespace

std::map<std::string, MatrixXd> input_second_moments(nn::Module& model,
                                                     const std::function<void()>& run,
                                                     const std::set<std::string>& only) {
  return watched_moments(model, Watched::inputs, run, only);
}

std::map<std::string, MatrixXd> output_gradient_moments(nn::Module& model,
                                                        const std::function<void()>& run,
                                                        const std::set<std::string>& only) {
  return watched_moments(model, Watched::output_gradients, run, only);
}

}  // namespace lora::inline LOWRANK_PRECISION
