#pragma once

#include <Eigen/Core>
#include <functional>
#include <memory>
#include <string>

/// Assignment a4, question 8: tests of a LoRA layer that somebody else wrote.
namespace course::a4 {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// What a layer is made with. 1 <= rank <= min(in, out).
struct LayerSpec {
  int in = 1, out = 1, rank = 1;
  double alpha = 1;
  unsigned seed = 1;
};

/// A LoRA layer as it looks from outside: h = W0 x + s B A x for each row x, with s = alpha / rank.
/// It has no bias and no dropout. Everything is in double.
class LayerUnderTest {
 public:
  virtual ~LayerUnderTest() = default;

  virtual Matrix w0() const = 0;  ///< (out,in): the base's weight, also while it is merged
  virtual Matrix a() const = 0;   ///< (rank,in)
  virtual Matrix b() const = 0;   ///< (out,rank)
  virtual double scale() const = 0;

  /// Gives A and B. Not while it is merged.
  virtual void set(const Matrix& A, const Matrix& B) = 0;

  virtual Matrix forward(const Matrix& x) = 0;  ///< (n,in) -> (n,out)

  /// For the last forward, which was not merged, with dh (n,out) the gradient of the loss in its
  /// result: adds to the gradients of A and B, and returns that of x, (n,in). Once for a forward.
  virtual Matrix backward(const Matrix& dh) = 0;

  /// The sums since the start or the last zero_grad, of the shapes of A and B; nothing else changes
  /// them.
  virtual Matrix grad_a() const = 0;
  virtual Matrix grad_b() const = 0;
  virtual void zero_grad() = 0;

  /// One step of plain SGD: what trains moves by -lr times its gradient.
  virtual void step(double lr) = 0;

  /// Puts W0 + s B A in the place of W0, in forward's one product. Throws std::logic_error where it
  /// is merged already.
  virtual void merge() = 0;
  /// Puts W0 back, bit for bit. Throws std::logic_error where it is not merged.
  virtual void unmerge() = 0;
};

/// Makes a layer as it is before any training: the outputs are the base's, for every x, and it can
/// learn. Equal specifications give equal layers. What is random at the start is drawn anew for
/// each rank: the numbers at rank 2 are not some of those at rank 4. W0 may be the same for all.
using MakeLayer = std::function<std::unique_ptr<LayerUnderTest>(const LayerSpec&)>;

/// "" where the layers that `make` makes are as is said above, else one line that says what is not.
/// A right layer may add in another order or find its gradients in another way, so results are equal
/// up to rounding, 1e-9, where nothing else is said. That holds for inputs and factors of size about
/// 1: what is larger is rounded by more. An exception that a layer throws where it should not is a
/// fault too.
std::string check_layers(const MakeLayer& make);

}  // namespace course::a4
