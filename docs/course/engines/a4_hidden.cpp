// Calls what question a4.q8 asks for, on layers that no student is shown: three right ones written in
// three ways, and sixteen wrong ones that are each of the three with one mistake. A case has the
// number of a layer and nothing that says which kind it is, and neither do the names here.
#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "autograd/random.h"
#include "own/a4_layer_tests.h"
#include "probes/protocol.h"

namespace course::a4 {
namespace {

using Eigen::Index;

Matrix drawn(unsigned seed, const std::string& name, Index rows, Index cols) {
  return autograd::Random(seed, name).normal({rows, cols}, 0.4).m;
}

void want(bool condition) {
  if (!condition) throw std::logic_error("not in this state");
}

// Plain loops over arrays of arrays. Every sum begins at its end.
class Alder final : public LayerUnderTest {
  using Rows = std::vector<std::vector<double>>;

 public:
  Alder(const LayerSpec& spec, int variant)
      : v_(variant),
        s_(spec.alpha / spec.rank),
        w_(rows(drawn(spec.seed, "alder.w", spec.out, spec.in))),
        a_(rows(drawn(spec.seed, fmt::format("alder.{}", spec.rank), spec.rank, spec.in))),
        b_(rows(Matrix::Zero(spec.out, spec.rank))) {
    zero_grad();
  }
  Matrix w0() const override { return matrix(merged_ ? aside_ : w_); }
  Matrix a() const override { return matrix(a_); }
  Matrix b() const override { return matrix(b_); }
  double scale() const override { return s_; }
  void set(const Matrix& A, const Matrix& B) override { a_ = rows(A), b_ = rows(B); }

  Matrix forward(const Matrix& x) override {
    x_ = rows(x);
    Rows h(x_.size(), std::vector<double>(w_.size()));
    for (std::size_t n = 0; n < x_.size(); ++n)
      for (std::size_t i = 0; i < w_.size(); ++i) {
        double sum = 0;
        if (!merged_ || v_ == 5)
          for (std::size_t k = a_.size(); k-- > 0;) sum += b_[i][k] * dot(a_[k], x_[n]);
        h[n][i] = sum * s_ * (v_ == 2 ? s_ : 1) + dot(w_[i], x_[n]);
      }
    return matrix(h);
  }
  Matrix backward(const Matrix& given) override {
    const Rows dh = rows(given);
    Rows dx(x_.size(), std::vector<double>(w_[0].size()));
    for (std::size_t n = x_.size(); n-- > 0;) {
      for (std::size_t i = w_.size(); i-- > 0;)
        for (std::size_t j = 0; j < dx[n].size(); ++j) {
          dx[n][j] += dh[n][i] * w_[i][j];
          if (v_ == 1) dw_[i][j] += dh[n][i] * x_[n][j];
        }
      for (std::size_t k = a_.size(); k-- > 0;) {
        const double inner = dot(a_[k], x_[n]);
        double flows = 0;
        for (std::size_t i = b_.size(); i-- > 0;) {
          flows += b_[i][k] * dh[n][i];
          if (v_ != 6 || n + 1 == x_.size()) db_[i][k] += (v_ == 3 ? 1 : s_) * dh[n][i] * inner;
        }
        for (std::size_t j = 0; j < dx[n].size(); ++j) {
          da_[k][j] += s_ * flows * x_[n][j];
          if (v_ != 4) dx[n][j] += s_ * flows * a_[k][j];
        }
      }
    }
    return matrix(dx);
  }
  Matrix grad_a() const override { return matrix(da_); }
  Matrix grad_b() const override { return matrix(db_); }
  void zero_grad() override {
    da_ = Rows(a_.size(), std::vector<double>(a_[0].size()));
    db_ = Rows(b_.size(), std::vector<double>(b_[0].size()));
    dw_ = Rows(w_.size(), std::vector<double>(w_[0].size()));
  }
  void step(double lr) override { move(a_, da_, lr), move(b_, db_, lr), move(w_, dw_, lr); }

  void merge() override {
    want(!merged_);
    aside_ = w_;
    for (std::size_t i = 0; i < w_.size(); ++i)
      for (std::size_t k = a_.size(); k-- > 0;)
        for (std::size_t j = 0; j < w_[i].size(); ++j) w_[i][j] += s_ * b_[i][k] * a_[k][j];
    merged_ = true;
  }
  void unmerge() override {
    want(merged_);
    w_ = aside_;
    merged_ = false;
  }

 private:
  static Rows rows(const Matrix& m) {
    Rows made(static_cast<std::size_t>(m.rows()));
    for (Index i = 0; i < m.rows(); ++i)
      made[static_cast<std::size_t>(i)].assign(m.data() + i * m.cols(),
                                               m.data() + (i + 1) * m.cols());
    return made;
  }
  static Matrix matrix(const Rows& given) {
    Matrix m(static_cast<Index>(given.size()), static_cast<Index>(given[0].size()));
    for (Index i = 0; i < m.rows(); ++i)
      for (Index j = 0; j < m.cols(); ++j)
        m(i, j) = given[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
    return m;
  }
  static double dot(const std::vector<double>& p, const std::vector<double>& q) {
    double sum = 0;
    for (std::size_t i = p.size(); i-- > 0;) sum += p[i] * q[i];
    return sum;
  }
  static void move(Rows& what, const Rows& gradient, double lr) {
    for (std::size_t i = 0; i < what.size(); ++i)
      for (std::size_t j = 0; j < what[i].size(); ++j) what[i][j] -= lr * gradient[i][j];
  }

  int v_;
  double s_;
  bool merged_ = false;
  Rows w_, a_, b_, da_, db_, dw_, x_, aside_;
};

// Columns lie together, and everything is held transposed: h' = (W' + A' B' s)' from the left.
class Birch final : public LayerUnderTest {
  using Columns = Eigen::MatrixXd;

 public:
  Birch(const LayerSpec& spec, int variant)
      : v_(variant),
        s_(v_ == 1 ? spec.alpha : spec.alpha / spec.rank),
        wt_(drawn(spec.seed, "birch.w", spec.in, spec.out)),
        at_(drawn(spec.seed, fmt::format("birch.{}", spec.rank), spec.in, spec.rank)),
        bt_(Columns::Zero(spec.rank, spec.out)) {
    zero_grad();
  }
  Matrix w0() const override {
    if (!merged_) return wt_.transpose();
    return kept_.transpose();
  }
  Matrix a() const override { return at_.transpose(); }
  Matrix b() const override { return bt_.transpose(); }
  double scale() const override { return s_; }
  void set(const Matrix& A, const Matrix& B) override {
    at_ = A.transpose();
    bt_ = B.transpose();
  }
  Matrix forward(const Matrix& x) override {
    xt_ = x.transpose();
    Columns h = wt_.transpose() * xt_;
    if (!merged_) h += bt_.transpose() * (s_ * (at_.transpose() * xt_));
    return h.transpose();
  }
  Matrix backward(const Matrix& dh) override {
    const Columns g = dh.transpose(), inner = at_.transpose() * xt_, flows = bt_ * g;
    if (v_ == 3) zero_grad();
    gat_ += (v_ == 2 ? 1 : s_) * (xt_ * flows.transpose());
    gbt_ += inner * (s_ * g).transpose();
    return (wt_ * g + at_ * (s_ * flows)).transpose();
  }
  Matrix grad_a() const override { return gat_.transpose(); }
  Matrix grad_b() const override { return gbt_.transpose(); }
  void zero_grad() override {
    gat_.setZero(at_.rows(), at_.cols());
    gbt_.setZero(bt_.rows(), bt_.cols());
  }
  void step(double lr) override {
    at_.noalias() -= lr * gat_;
    bt_.noalias() -= lr * gbt_;
  }
  void merge() override {
    want(!merged_);
    kept_ = wt_;
    wt_ += change();
    merged_ = true;
  }
  void unmerge() override {
    want(merged_);
    if (v_ == 5)
      wt_ -= change();
    else
      wt_.swap(kept_);
    merged_ = false;
  }

 private:
  Columns change() const { return (v_ == 4 ? 1 : s_) * at_ * bt_; }

  int v_;
  double s_;
  bool merged_ = false;
  Columns wt_, at_, bt_, gat_, gbt_, xt_, kept_;
};

// Starts the other way round, A at zero. Inputs go through one at a time, and merging makes a second
// matrix beside the first.
class Cedar final : public LayerUnderTest {
 public:
  Cedar(const LayerSpec& spec, int variant)
      : v_(variant),
        alpha_(spec.alpha),
        base_(drawn(spec.seed, "cedar.base", spec.out, spec.in)),
        down_(Matrix::Zero(spec.rank, spec.in)),
        up_(spec.out, spec.rank) {
    const std::string stream = v_ == 4 ? "cedar.up" : fmt::format("cedar.up.{}", spec.rank);
    up_ = drawn(spec.seed, stream, spec.rank, spec.out).transpose();
    if (v_ == 1) down_ = drawn(spec.seed, "cedar.down", spec.rank, spec.in);
    if (v_ == 2) up_.setZero();
    zero_grad();
  }
  Matrix w0() const override { return base_; }
  Matrix a() const override { return down_; }
  Matrix b() const override { return up_; }
  double scale() const override { return alpha_ / static_cast<double>(down_.rows()); }
  void set(const Matrix& A, const Matrix& B) override { down_ = A, up_ = B; }

  Matrix forward(const Matrix& x) override {
    seen_ = x;
    Matrix h(x.rows(), base_.rows());
    for (Index n = 0; n < x.rows(); ++n) {
      const Eigen::VectorXd in = x.row(n);
      const Eigen::VectorXd out =
          whole_.size() > 0 ? Eigen::VectorXd(whole_ * in)
                            : Eigen::VectorXd(up_ * (down_ * (scale() * in)) + base_ * in);
      h.row(n) = out;
    }
    return h;
  }
  Matrix backward(const Matrix& dh) override {
    Matrix dx(dh.rows(), base_.cols());
    for (Index n = 0; n < dh.rows(); ++n) {
      const Eigen::VectorXd in = seen_.row(n), g = dh.row(n);
      const Eigen::VectorXd flows = up_.transpose() * (scale() * g);
      to_up_ += g * (scale() * (down_ * in)).transpose();
      to_down_ += flows * in.transpose();
      dx.row(n) = down_.transpose() * flows + base_.transpose() * g;
    }
    return dx;
  }
  Matrix grad_a() const override { return to_down_; }
  Matrix grad_b() const override { return to_up_; }
  void zero_grad() override {
    to_down_ = Matrix::Zero(down_.rows(), down_.cols());
    if (v_ != 5 || to_up_.size() == 0) to_up_ = Matrix::Zero(up_.rows(), up_.cols());
  }
  void step(double lr) override {
    for (Index i = 0; i < up_.size(); ++i) up_.data()[i] -= lr * to_up_.data()[i];
    for (Index i = 0; i < down_.size(); ++i) down_.data()[i] -= lr * to_down_.data()[i];
  }
  void merge() override {
    want(whole_.size() == 0 || v_ == 3);
    whole_ = (whole_.size() == 0 ? base_ : whole_) + up_ * down_ * scale();
  }
  void unmerge() override {
    want(whole_.size() > 0);
    whole_.resize(0, 0);
  }

 private:
  int v_;
  double alpha_;
  Matrix base_, down_, up_, to_down_, to_up_, seen_, whole_;
};

// Which tree a number means, and with what mistake; 0 is none.
std::unique_ptr<LayerUnderTest> layer(int number, const LayerSpec& spec) {
  constexpr int trees[][2] = {{2, 1}, {1, 4}, {0, 3}, {2, 5}, {0, 0}, {1, 1}, {0, 6},
                              {1, 2}, {2, 2}, {1, 0}, {0, 5}, {2, 4}, {0, 1}, {1, 3},
                              {2, 0}, {0, 2}, {1, 5}, {0, 4}, {2, 3}};
  const auto& [tree, variant] = trees[number];
  if (tree == 0) return std::make_unique<Alder>(spec, variant);
  if (tree == 1) return std::make_unique<Birch>(spec, variant);
  return std::make_unique<Cedar>(spec, variant);
}

void run(const Case& c) {
  const int number = static_cast<int>(c.number("engine"));
  const std::string fault =
      check_layers([&](const LayerSpec& spec) { return layer(number, spec); });
  course::write("verdict", fault.empty() ? "right" : "wrong");
}

}  // namespace
}  // namespace course::a4

int main() { return course::answer(course::a4::run); }
