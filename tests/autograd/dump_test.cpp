#include "autograd/dump.h"

#include <doctest/doctest.h>

#include <sstream>

#include "autograd/ops.h"

namespace dump_test {

using namespace autograd;

namespace {

// loss = Σ (x wᵀ) ∘ (x w0ᵀ), with w0 frozen
struct Small {
  Parameter w{"w", Tensor(Shape{2, 2}, {1, 0, 0, 2}), {}, true};
  Parameter w0{"blocks.0.\"w0\"", Tensor(Shape{2, 2}, {0, 1, 1, 0}), {}, false};

  Var loss(Tape& tape) {
    const Var x = tape.constant(Tensor(Shape{1, 2}, {3, 4}));
    const Var y = matmul_nt(x, tape.parameter(w));
    const Var y0 = matmul_nt(x, tape.parameter(w0));
    return sum(multiply(y, y0));
  }
};

}  // namespace

TEST_CASE("dump prints a line for every node") {
  Small small;
  Tape tape;
  const Var loss = small.loss(tape);
  CHECK(dump(tape) == R"(id  op         inputs  shape  |value|  |grad|  state   parameter
 0  constant   -       (1,2)        5       -  frozen
 1  parameter  -       (2,2)    2.236       -  trains  w
 2  matmul_nt  0,1     (1,2)    8.544       -  trains
 3  parameter  -       (2,2)    1.414       -  frozen  blocks.0."w0"
 4  matmul_nt  0,3     (1,2)        5       -  frozen
 5  multiply   2,4     (1,2)    26.83       -  trains
 6  sum        5       (1)         36       -  trains
)");
  tape.backward(loss);
  CHECK(dump(tape) == R"(id  op         inputs  shape  |value|  |grad|  state   parameter
 0  constant   -       (1,2)        5       -  frozen
 1  parameter  -       (2,2)    2.236      25  trains  w
 2  matmul_nt  0,1     (1,2)    8.544       5  trains
 3  parameter  -       (2,2)    1.414       -  frozen  blocks.0."w0"
 4  matmul_nt  0,3     (1,2)        5       -  frozen
 5  multiply   2,4     (1,2)    26.83   1.414  trains
 6  sum        5       (1)         36       1  trains
)");
}

TEST_CASE("dump shows a dash where memory was released") {
  Small small;
  Tape tape(TapeMode::training);
  tape.backward(small.loss(tape));
  CHECK(dump(tape) == R"(id  op         inputs  shape  |value|  |grad|  state   parameter
 0  constant   -       (1,2)        5       -  frozen
 1  parameter  -       (2,2)    2.236      25  trains  w
 2  matmul_nt  0,1     (1,2)        -       -  trains
 3  parameter  -       (2,2)    1.414       -  frozen  blocks.0."w0"
 4  matmul_nt  0,3     (1,2)        5       -  frozen
 5  multiply   2,4     (1,2)        -       -  trains
 6  sum        5       (1)         36       1  trains
)");
}

TEST_CASE("the graph in Graphviz source") {
  Small small;
  Tape tape;
  small.loss(tape);
  CHECK(dump_graphviz(tape) == R"dot(digraph tape {
  n0 [label="0: constant\n(1,2)", shape=plaintext, style=dashed];
  n1 [label="1: w\n(2,2)", shape=ellipse, style=solid];
  n2 [label="2: matmul_nt\n(1,2)", shape=box, style=solid];
  n0 -> n2 [style=dashed];
  n1 -> n2;
  n3 [label="3: blocks.0.\"w0\"\n(2,2)", shape=hexagon, style=dashed];
  n4 [label="4: matmul_nt\n(1,2)", shape=box, style=dashed];
  n0 -> n4 [style=dashed];
  n3 -> n4 [style=dashed];
  n5 [label="5: multiply\n(1,2)", shape=box, style=solid];
  n2 -> n5;
  n4 -> n5 [style=dashed];
  n6 [label="6: sum\n(1)", shape=box, style=solid];
  n5 -> n6;
}
)dot");
}

TEST_CASE("an empty tape has a heading and an empty graph") {
  const Tape tape;
  CHECK(dump(tape) == "id  op  inputs  shape  |value|  |grad|  state  parameter\n");
  CHECK(dump_graphviz(tape) == "digraph tape {\n}\n");
}

TEST_CASE("norms of large floats do not overflow, and NaN shows") {
  Tape tape;
  tape.constant(Tensor(Shape{2}, {3e30f, 4e30f}));
  log(tape.constant(Tensor(Shape{1}, {-1})));
  const std::string table = dump(tape);
  CHECK(table.find("5e+30") != std::string::npos);
  CHECK(table.find("nan") != std::string::npos);
}

}  // namespace dump_test
