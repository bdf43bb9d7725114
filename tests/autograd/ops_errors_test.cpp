#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <limits>
#include <regex>
#include <set>

#include "autograd/ops.h"
#include "autograd/ops_models.h"
#include "autograd/random.h"

namespace ops_errors_test {

// Wrong calls: the message names the operation, and the shapes or the value that do not fit.

using namespace autograd;

namespace {

struct WrongCall {
  const char* message;
  std::vector<Shape> shapes;
  std::function<void(std::span<const Var>)> call;
};

using Vars = std::span<const Var>;

template <class Error>
void check_all(const std::vector<WrongCall>& calls) {
  for (const WrongCall& wrong : calls) {
    CAPTURE(wrong.message);
    Tape tape;
    std::vector<Var> x;
    for (const Shape& shape : wrong.shapes) x.push_back(tape.constant(Tensor(shape)));
    const int nodes = tape.size();
    CHECK_THROWS_WITH_AS(wrong.call(x), wrong.message, Error);
    CHECK(tape.size() == nodes);
  }
}

std::shared_ptr<const HalfMatrix> half_of(Shape shape) {
  return std::make_shared<const HalfMatrix>(rounded_to(HalfType::f16, Tensor(shape)));
}

const std::vector<WrongCall> wrong_shapes = {
    {"matmul: wants (M,K) and (K,N), but the shapes are (2,3) (2,3)",
     {{2, 3}, {2, 3}},
     [](Vars x) { matmul(x[0], x[1]); }},
    {"matmul_nt: wants (..,K) and (N,K), but the shapes are (2,3) (3,2)",
     {{2, 3}, {3, 2}},
     [](Vars x) { matmul_nt(x[0], x[1]); }},
    {"matmul_tn: wants (K,M) and (K,N), but the shapes are (2,3) (3,2)",
     {{2, 3}, {3, 2}},
     [](Vars x) { matmul_tn(x[0], x[1]); }},
    {"add_matmul_nt: wants (M,N), (M,K) and (N,K), but the shapes are (2,3) (2,4) (4,4)",
     {{2, 3}, {2, 4}, {4, 4}},
     [](Vars x) { add_matmul_nt(x[0], x[1], x[2]); }},
    {"affine: wants (..,K), (N,K) and (N), but the shapes are (2,3) (3,4) (4)",
     {{2, 3}, {3, 4}, {4}},
     [](Vars x) { affine(x[0], x[1], x[2]); }},
    {"affine: wants (..,K), (N,K) and (N), but the shapes are (2,3) (4,3) (3)",
     {{2, 3}, {4, 3}, {3}},
     [](Vars x) { affine(x[0], x[1], x[2]); }},
    {"add: wants equal shapes, but the shapes are (2,3) (3,2)",
     {{2, 3}, {3, 2}},
     [](Vars x) { add(x[0], x[1]); }},
    {"add: wants equal shapes, but the shapes are (2,3) (1,3)",
     {{2, 3}, {1, 3}},
     [](Vars x) { add(x[0], x[1]); }},
    {"subtract: wants equal shapes, but the shapes are (2,3) (3)",
     {{2, 3}, {3}},
     [](Vars x) { subtract(x[0], x[1]); }},
    {"multiply: wants equal shapes, but the shapes are (2,3) (1)",
     {{2, 3}, {1}},
     [](Vars x) { multiply(x[0], x[1]); }},
    {"divide: wants equal shapes, but the shapes are (2,3) (2,1)",
     {{2, 3}, {2, 1}},
     [](Vars x) { divide(x[0], x[1]); }},
    {"add_row: wants (..,N) and (N), but the shapes are (2,3) (2)",
     {{2, 3}, {2}},
     [](Vars x) { add_row(x[0], x[1]); }},
    {"multiply_row: wants (..,N) and (N), but the shapes are (2,3) (2,3)",
     {{2, 3}, {2, 3}},
     [](Vars x) { multiply_row(x[0], x[1]); }},
    {"mean: wants at least one element, but the shapes are (0,3)",
     {{0, 3}},
     [](Vars x) { mean(x[0]); }},
    {"softmax: wants at least one column, but the shapes are (3,0)",
     {{3, 0}},
     [](Vars x) { softmax(x[0]); }},
    {"log_softmax: wants at least one column, but the shapes are (3,0)",
     {{3, 0}},
     [](Vars x) { log_softmax(x[0]); }},
    {"layernorm: wants (..,N), (N) and (N), but the shapes are (2,3) (3) (2)",
     {{2, 3}, {3}, {2}},
     [](Vars x) { layernorm(x[0], x[1], x[2]); }},
    {"reshape: (2,3) has 6 elements and (2,2) has 4",
     {{2, 3}},
     [](Vars x) {
       reshape(x[0], {2, 2});
     }},
    {"slice_rows: 1..3 is not within 0..2", {{2, 3}}, [](Vars x) { slice_rows(x[0], 1, 2); }},
    {"slice_cols: -1..1 is not within 0..3", {{2, 3}}, [](Vars x) { slice_cols(x[0], -1, 2); }},
    {"slice_cols: 2..1 is not within 0..3", {{2, 3}}, [](Vars x) { slice_cols(x[0], 2, -1); }},
    {"concat_rows: wants equal columns, but the shapes are (2,3) (2,2)",
     {{2, 3}, {2, 2}},
     [](Vars x) { concat_rows(x); }},
    {"concat_cols: wants equal rows, but the shapes are (2,3) (3,3)",
     {{2, 3}, {3, 3}},
     [](Vars x) { concat_cols(x); }},
    {"concat_rows: nothing to concatenate", {}, [](Vars x) { concat_rows(x); }},
    {"gather: wants one index for each row, but the shapes are (2,3)",
     {{2, 3}},
     [](Vars x) { gather(x[0], std::vector{0}); }},
    {"attention: wants (B,Tq,C), (B,Tk,C) and (B,Tk,C), but the shapes are (2,3) (2,3) (2,3)",
     {{2, 3}, {2, 3}, {2, 3}},
     [](Vars x) { attention(x[0], x[1], x[2], {}); }},
    {"attention: wants (B,Tq,C), (B,Tk,C) and (B,Tk,C), but the shapes are (1,2,4) (1,3,4) (1,2,4)",
     {{1, 2, 4}, {1, 3, 4}, {1, 2, 4}},
     [](Vars x) { attention(x[0], x[1], x[2], {}); }},
    {"attention: 3 heads do not divide C = 4",
     {{1, 2, 4}, {1, 2, 4}, {1, 2, 4}},
     [](Vars x) {
       attention(x[0], x[1], x[2], {3, true, {}});
     }},
    {"attention: 0 heads do not divide C = 4",
     {{1, 2, 4}, {1, 2, 4}, {1, 2, 4}},
     [](Vars x) {
       attention(x[0], x[1], x[2], {0, true, {}});
     }},
    {"attention: 3 mask entries for 2 keys",
     {{1, 2, 4}, {1, 2, 4}, {1, 2, 4}},
     [](Vars x) {
       attention(x[0], x[1], x[2], {2, true, {1, 1, 1}});
     }},
    {"attention_textbook: 3 mask entries for 2 keys",
     {{1, 2, 4}, {1, 2, 4}, {1, 2, 4}},
     [](Vars x) {
       attention_textbook(x[0], x[1], x[2], {2, true, {1, 1, 1}});
     }},
    {"cross_entropy: wants one target, and one weight or none, for each row, but the shapes are "
     "(2,3)",
     {{2, 3}},
     [](Vars x) {
       cross_entropy(x[0], {{0}, {}, -1, 0});
     }},
    {"cross_entropy: wants one target, and one weight or none, for each row, but the shapes are "
     "(2,3)",
     {{2, 3}},
     [](Vars x) {
       cross_entropy(x[0], {{0, 1}, {1, 1, 1}, -1, 0});
     }},
    {"kl_divergence: wants equal shapes, but the shapes are (2,3) (3,2)",
     {{2, 3}, {3, 2}},
     [](Vars x) { kl_divergence(x[0], x[1]); }},
    {"mean_squared_error: wants equal shapes, but the shapes are (2,3) (3,2)",
     {{2, 3}, {3, 2}},
     [](Vars x) { mean_squared_error(x[0], x[1]); }},
    {"lstm_cell: wants (M,4H) and (M,H), but the shapes are (2,9) (2,3)",
     {{2, 9}, {2, 3}},
     [](Vars x) { lstm_cell(x[0], x[1]); }},
    {"lstm_output: wants (M,4H) and (M,H), but the shapes are (2,12) (1,3)",
     {{2, 12}, {1, 3}},
     [](Vars x) { lstm_output(x[0], x[1]); }},
    {"gru_step: wants (M,3H), (M,3H) and (M,H), but the shapes are (2,9) (2,6) (2,3)",
     {{2, 9}, {2, 6}, {2, 3}},
     [](Vars x) { gru_step(x[0], x[1], x[2]); }},
    {"rms_norm: wants (..,N) and (N), but the shapes are (2,3) (2)",
     {{2, 3}, {2}},
     [](Vars x) { rms_norm(x[0], x[1], 1e-5); }},
    {"affine_half: wants (..,K), (N,K) and (N) or nothing, but the shapes are (2,3) (4,2) none",
     {{2, 3}},
     [](Vars x) {
       affine_half(x[0], half_of({4, 2}));
     }},
    {"affine_half: wants (..,K), (N,K) and (N) or nothing, but the shapes are (2,3) (4,3) (3)",
     {{2, 3}, {3}},
     [](Vars x) {
       affine_half(x[0], half_of({4, 3}), x[1]);
     }},
    {"rotary: wants (B,T,C) with C = 2 frequencies for each head, but the shapes are (1,2,6)",
     {{1, 2, 6}},
     [](Vars x) {
       rotary(x[0], {2, {0.5}, 0});
     }},
    {"repeat_heads: wants columns that the heads divide, but the shapes are (2,3)",
     {{2, 3}},
     [](Vars x) { repeat_heads(x[0], 2, 2); }},
    {"disentangled_attention: wants three (B,T,C), whose C the heads divide, but the shapes are "
     "(1,2,4) (1,3,4) (1,2,4)",
     {{1, 2, 4}, {1, 3, 4}, {1, 2, 4}},
     [](Vars x) {
       disentangled_attention(x[0], x[1], x[2], {}, {}, {2, 1, {}, {0, 0, 0}});
     }},
    {"disentangled_attention: 1 mask entries for 2 positions, 3 rows for 3 distances",
     {{1, 2, 4}},
     [](Vars x) {
       disentangled_attention(x[0], x[0], x[0], {}, {}, {2, 1, {1}, {0, 0, 0}});
     }},
    {"disentangled_attention: wants tables (R,C), but the shapes are (5,3) (1,2,4)",
     {{1, 2, 4}, {5, 3}},
     [](Vars x) {
       disentangled_attention(x[0], x[0], x[0], x[1], {}, {2, 1, {}, {0, 0, 0}});
     }},
    {"unfold: wants (B,T,C) and an odd kernel, but the shapes are (1,2,3)",
     {{1, 2, 3}},
     [](Vars x) { unfold(x[0], 2); }},
};

void dropout_of(Var x, double p) {
  Random random(1, "dropout");
  dropout(x, p, random);
}

const Scalar not_a_number = std::numeric_limits<Scalar>::quiet_NaN();
const Scalar inf = std::numeric_limits<Scalar>::infinity();

const std::vector<WrongCall> wrong_values = {
    {"disentangled_attention: 5 is not in 0..4",
     {{1, 2, 4}, {5, 4}},
     [](Vars x) {
       disentangled_attention(x[0], x[0], x[0], x[1], {}, {2, 1, {}, {0, 5, 0}});
     }},
    {"take_rows: 4 is not in 0..3",
     {{4, 2}},
     [](Vars x) {
       take_rows(x[0], std::vector{0, 4});
     }},
    {"take_rows: -1 is not in 0..3", {{4, 2}}, [](Vars x) { take_rows(x[0], std::vector{-1}); }},
    {"gather: 3 is not in 0..2",
     {{2, 3}},
     [](Vars x) {
       gather(x[0], std::vector{0, 3});
     }},
    {"dropout: p must be in [0, 1), not 1", {{2}}, [](Vars x) { dropout_of(x[0], 1); }},
    {"dropout: p must be in [0, 1), not -0.1", {{2}}, [](Vars x) { dropout_of(x[0], -0.1); }},
    {"dropout: p must be in [0, 1), not nan",
     {{2}},
     [](Vars x) { dropout_of(x[0], not_a_number); }},
    {"cross_entropy: target 3 is not in 0..2",
     {{2, 3}},
     [](Vars x) {
       cross_entropy(x[0], {{0, 3}, {}, -1, 0});
     }},
    {"cross_entropy: target -1 is not in 0..2",
     {{2, 3}},
     [](Vars x) {
       cross_entropy(x[0], {{0, -1}, {}, -2, 0});
     }},
    {"cross_entropy: weight -0.5 is not a finite number >= 0",
     {{2, 3}},
     [](Vars x) {
       cross_entropy(x[0], {{0, 1}, {1, -0.5}, -1, 0});
     }},
    {"cross_entropy: weight nan is not a finite number >= 0",
     {{2, 3}},
     [](Vars x) {
       cross_entropy(x[0], {{0, 1}, {1, not_a_number}, -1, 0});
     }},
    {"cross_entropy: weight inf is not a finite number >= 0",
     {{2, 3}},
     [](Vars x) {
       cross_entropy(x[0], {{0, 1}, {1, inf}, -1, 0});
     }},
    {"cross_entropy: label smoothing must be in [0, 1), not 1",
     {{2, 3}},
     [](Vars x) {
       cross_entropy(x[0], {{0, 1}, {}, -1, 1});
     }},
    {"cross_entropy: no row has a weight",
     {{2, 3}},
     [](Vars x) {
       cross_entropy(x[0], {{0, 1}, {0, 0}, -1, 0});
     }},
    {"cross_entropy: no row has a weight",
     {{2, 3}},
     [](Vars x) {
       cross_entropy(x[0], {{-1, -1}, {}, -1, 0});
     }},
};

}  // namespace

TEST_CASE("a wrong shape is a ShapeError that names the op and the shapes, and records nothing") {
  check_all<ShapeError>(wrong_shapes);
}

TEST_CASE("a wrong value is an invalid_argument that names it, and records nothing") {
  check_all<std::invalid_argument>(wrong_values);
}

TEST_CASE("every operation that can be called wrongly is in the tables") {
  // Operations of one input of any shape cannot.
  std::set<std::string> missing,
      always_right{"transpose", "scale", "negate",  "exp",  "log",  "sqrt",
                   "tanh",      "gelu",  "sigmoid", "relu", "silu", "sum"};
  const std::regex declaration(R"(^Var (\w+)\()");
  std::smatch match;
  for (const char* file : {"/autograd/ops.h", "/autograd/ops_models.h"}) {
    std::ifstream header(std::string(LOWRANK_SOURCE_DIR) + file);
    REQUIRE(header.good());
    for (std::string line; std::getline(header, line);)
      if (std::regex_search(line, match, declaration)) missing.insert(match[1]);
  }
  for (const auto* table : {&wrong_shapes, &wrong_values})
    for (const WrongCall& wrong : *table) {
      const std::string message = wrong.message;
      missing.erase(message.substr(0, message.find(':')));
    }
  CHECK(missing == always_right);
}

}  // namespace ops_errors_test
