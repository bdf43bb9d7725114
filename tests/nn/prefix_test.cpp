#include "nn/prefix.h"

#include <doctest/doctest.h>

#include "nn/files/checkpoint.h"
#include "nn/generate.h"
#include "tests/nn/rows_prefix.h"
#include "tests/nn/temporary_folder.h"

namespace prefix_test {

using nn::Decoder;
using nn::Index;
using nn::Matrix;

namespace {

nn::Tensor tensor(nn::Shape shape, const Matrix& m) {
  nn::Tensor t(shape);
  t.m = m;
  return t;
}

// The rows of positions P.. of each of B rows of P + T positions.
Matrix tails(const Matrix& m, Index B, Index P, Index T) {
  Matrix kept(B * T, m.cols());
  for (Index b = 0; b < B; ++b) kept.middleRows(b * T, T) = m.middleRows(b * (P + T) + P, T);
  return kept;
}

}  // namespace

// The longer model reads ids 3, 1 before each sequence. The shorter one has their embeddings, word
// and place, as a prefix, and the places after them as its own.
TEST_CASE("a prefix is what the same rows would be as tokens") {
  const Index P = 2, T = 3, B = 2, C = 4;
  nn::DecoderConfig long_config = small_config();
  long_config.context = P + T;
  Decoder longer(long_config, 1), model(small_config(), 1);
  model.pos.weight.value = tensor({T, C}, longer.pos.weight.value.m.bottomRows(T));
  RowsPrefix& prefix = put_prefix(model, P);
  for (Index p = 0; p < P; ++p)
    prefix.table.value.m.row(p) =
        longer.tok.weight.value.m.row(p == 0 ? 3 : 1) + longer.pos.weight.value.m.row(p);

  const std::vector<int> ids{0, 1, 2, 3, 4, 0}, long_ids{3, 1, 0, 1, 2, 3, 1, 3, 4, 0};
  for (const bool padded : {false, true}) {
    const std::vector<unsigned char> mask{0, 1, 1, 1, 0, 1};
    const std::vector<unsigned char> long_mask{1, 1, 0, 1, 1, 1, 1, 1, 0, 1};
    using Mask = std::vector<unsigned char>;
    const Matrix wanted = logits_of(longer, {B, P + T, long_ids, padded ? long_mask : Mask{}});
    const Matrix got = logits_of(model, {B, T, ids, padded ? mask : Mask{}});
    CHECK((got - tails(wanted, B, P, T)).cwiseAbs().maxCoeff() < 1e-5f);
  }
  // Control: with the two rows exchanged it is something else.
  prefix.table.value.m.row(0).swap(prefix.table.value.m.row(1));
  CHECK((logits_of(model, {B, T, ids}) - tails(logits_of(longer, {B, P + T, long_ids}), B, P, T))
            .cwiseAbs()
            .maxCoeff() > 1e-3f);
}

TEST_CASE("rows for a later block take the place of what the block before has made") {
  Decoder model(small_config(), 1);
  RowsPrefix& prefix = put_prefix(model, 2, 2);
  const std::vector<int> ids{0, 1, 2};
  const Matrix both = logits_of(model, {1, 3, ids});
  // What the first block makes of the prefix's own positions: nobody reads it any more, but the
  // tokens read the rows in the first block.
  const Matrix rows = prefix.table.value.m;
  nn::Tape tape(autograd::TapeMode::values);
  nn::Tensor first({1, 2, 4});
  first.m = rows.topRows(2);
  const Matrix made = model.blocks[0]->forward({tape}, tape.constant(first), {}).value().m;
  prefix.table.value.m.bottomRows(2) = made;
  const Matrix continued = logits_of(model, {1, 3, ids});
  CHECK_FALSE(same_bits(both, continued));

  put_prefix(model, 2, 1).table.value.m = rows.topRows(2);
  CHECK((logits_of(model, {1, 3, ids}) - continued).cwiseAbs().maxCoeff() < 1e-5f);
}

TEST_CASE("every position sees the prefix, and no position sees a later token") {
  for (const Index blocks : {1, 2}) {
    Decoder model(small_config(), 1);
    RowsPrefix& prefix = put_prefix(model, 2, blocks);
    const std::vector<int> ids{0, 1, 2};
    const Matrix before = logits_of(model, {1, 3, ids});
    for (const Index t : {0, 1, 2}) {
      std::vector<int> changed = ids;
      changed[static_cast<std::size_t>(t)] = 4;
      const Matrix after = logits_of(model, {1, 3, changed});
      CHECK(same_bits(before.topRows(t), after.topRows(t)));
      for (Index i = t; i < 3; ++i) CHECK_FALSE(same_bits(before.row(i), after.row(i)));
    }
    for (Index row = 0; row < 2 * blocks; ++row) {
      const Matrix rows = prefix.table.value.m;
      prefix.table.value.m.row(row) *= -1;
      const Matrix after = logits_of(model, {1, 3, ids});
      for (Index i = 0; i < 3; ++i) CHECK_FALSE(same_bits(before.row(i), after.row(i)));
      prefix.table.value.m = rows;
    }
    // Batch rows do not mix.
    const std::vector<int> two{4, 4, 4, 0, 1, 2};
    CHECK(logits_of(model, {2, 3, two}).bottomRows(3).isApprox(before, 1e-5f));
  }
}

TEST_CASE("a prefix takes no place in the context") {
  Decoder model(small_config(), 1);
  put_prefix(model, 5);
  const std::vector<int> ids{0, 1, 2}, four{0, 1, 2, 3}, prompt{0};
  CHECK(logits_of(model, {1, 3, ids}).rows() == 3);
  CHECK(message_of<std::invalid_argument>([&] {
          logits_of(model, {1, 4, four});
        }) == "4 positions, but the context is 3");
  nn::Random unused(1, "generate");
  CHECK(nn::generate(model, prompt, {}, unused).size() == 2);
}

TEST_CASE("a prefix without rows for block 0, or of another width, is an error") {
  const std::vector<int> ids{0, 1, 2};
  Decoder model(small_config(), 1);
  put_prefix(model, 2, 0);
  CHECK(message_of<autograd::ShapeError>([&] {
          logits_of(model, {1, 3, ids});
        }) == "the prefix wants rows (2,4) for block 0, not none");
  put_prefix(model, 2).table.value = nn::Tensor({2, 3});
  CHECK(message_of<autograd::ShapeError>([&] {
          logits_of(model, {1, 3, ids});
        }) == "the prefix wants rows (2,4) for block 0, not (2,3)");
}

TEST_CASE("a mask that is not one entry for every token is an error, with a prefix and without") {
  const std::vector<int> ids{0, 1, 2, 3, 4, 0};
  const std::vector<unsigned char> seven(7, 1);
  Decoder model(small_config(), 1);
  CHECK_THROWS_AS(logits_of(model, {2, 3, ids, seven}), autograd::ShapeError);
  put_prefix(model, 2);
  CHECK(message_of<autograd::ShapeError>([&] {
          logits_of(model, {2, 3, ids, seven});
        }) == "a mask of 7 entries for 2 rows of 3");
}

TEST_CASE("the prefix's parameters have names, and a checkpoint refuses them") {
  Decoder model(small_config(), 1);
  put_prefix(model, 2);
  CHECK(nn::parameters(model).back()->name == "prefix.rows");
  const TemporaryFolder folder;
  const std::string message = message_of<nn::CheckpointError>(
      [&] { nn::save_checkpoint(folder / "model.safetensors", model); });
  CHECK(message.ends_with(
      "parameters that a plain model does not have (unwrap it first): prefix.rows"));
  CHECK(folder.names().empty());
}

}  // namespace prefix_test
