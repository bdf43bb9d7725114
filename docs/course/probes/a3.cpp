// Calls what assignment a3 asks for, with the inputs of each case. It knows no results. Where a
// property must hold whatever the numbers are, the probe calls the function several times, and says 1
// or 0.
#include <algorithm>
#include <cmath>
#include <memory>

#include "nn/generate.h"
#include "nn/transformer.h"
#include "own/a3_training.h"
#include "probes/leaves.h"
#include "probes/protocol.h"

namespace {

using autograd::AttentionSpec;
using autograd::Parameter;
using autograd::Shape;
using autograd::Tape;
using autograd::Tensor;
using autograd::Var;
using course::Case;
using course::Index;
using course::Matrix;
using course::row_of;
using course::same_bits;
using course::tensor_of;

bool close(const Matrix& a, const Matrix& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         (a.size() == 0 || (a - b).cwiseAbs().maxCoeff() <= 1e-12);
}

int int_of(const Case& c, const std::string& key, std::size_t i) { return c.ints.at(key).at(i); }

bool has_ints(const Case& c, const std::string& key) { return c.ints.contains(key); }

std::vector<unsigned char> mask_of(const Case& c) {
  if (!has_ints(c, "mask")) return {};
  return {c.ints.at("mask").begin(), c.ints.at("mask").end()};
}

// One number for all elements of a gradient, each with a weight of its own.
void write_sum(const std::string& name, const Parameter& p) {
  if (p.grad.empty()) return course::write(name, "none");
  double sum = 0;
  for (Index i = 0; i < p.grad.size(); ++i)
    sum += std::cos(static_cast<double>(i + 1)) * p.grad.m.data()[i];
  course::write(name, sum);
}

// ---- q1 and q2: the op ----

// B batch rows, Tq queries and Tk keys, and what attention is told.
struct Sizes {
  Index B, Tq, Tk;
  AttentionSpec spec;

  explicit Sizes(const Case& c)
      : B(int_of(c, "sizes", 0)),
        Tq(int_of(c, "sizes", 1)),
        Tk(int_of(c, "sizes", 2)),
        spec{int_of(c, "sizes", 3), int_of(c, "sizes", 4) != 0, mask_of(c)} {}
};

void run_visible(const Case& c) {
  const Sizes s(c);
  for (Index b = 0; b < s.B; ++b)
    course::write("visible" + std::to_string(b), autograd::visible_keys(s.spec, b, s.Tq, s.Tk).m);
}

Matrix attended(const Sizes& s, const Matrix& q, const Matrix& k, const Matrix& v) {
  Tape tape(autograd::TapeMode::values, autograd::Fresh::nan);
  const Index C = q.cols();
  return autograd::attention_textbook(tape.constant(tensor_of(q, {s.B, s.Tq, C})),
                                      tape.constant(tensor_of(k, {s.B, s.Tk, C})),
                                      tape.constant(tensor_of(v, {s.B, s.Tk, C})), s.spec)
      .value()
      .m;
}

// The rows of each batch row in the order of `order`.
Matrix in_order(const Matrix& m, Index B, const std::vector<int>& order) {
  Matrix result = m;
  const auto T = static_cast<Index>(order.size());
  for (Index b = 0; b < B; ++b)
    for (Index t = 0; t < T; ++t)
      result.row(b * T + t) = m.row(b * T + order[static_cast<std::size_t>(t)]);
  return result;
}

void run_gradients(const Case& c, const Sizes& s) {
  const Index C = c.tensor("q").cols();
  Parameter q{"q", tensor_of(c.tensor("q"), {s.B, s.Tq, C})};
  Parameter k{"k", tensor_of(c.tensor("k"), {s.B, s.Tk, C})};
  Parameter v{"v", tensor_of(c.tensor("v"), {s.B, s.Tk, C})};
  Tape tape(autograd::TapeMode::everything, autograd::Fresh::nan);
  const bool one = c.texts.contains("one_input");  // queries, keys and values are the same
  const Var queries = tape.parameter(q), keys = one ? queries : tape.parameter(k),
            values = one ? queries : tape.parameter(v);
  const Var y = autograd::attention_textbook(queries, keys, values, s.spec);
  course::write("shape", y.shape().str());
  course::write("y", y.value().m);
  if (!c.has("u")) return;
  tape.backward(y, tensor_of(c.tensor("u"), {s.B, s.Tq, C}));
  course::write("dq", q.grad.m);
  if (one) return;
  course::write("dk", k.grad.m);
  course::write("dv", v.grad.m);
}

// Keys and values at position t change, and so does the query there.
void run_earlier(const Case& c, const Sizes& s) {
  Matrix q = c.tensor("q"), k = c.tensor("k"), v = c.tensor("v");
  const Matrix before = attended(s, q, k, v);
  const Index t = int_of(c, "change", 0), first = t - (s.Tk - s.Tq);  // that sees t
  bool earlier = true, later = true;
  for (Index b = 0; b < s.B; ++b) {
    k.row(b * s.Tk + t).array() += 0.5;
    v.row(b * s.Tk + t).array() -= 2;
    q.row(b * s.Tq + first).array() += 1;
  }
  const Matrix after = attended(s, q, k, v);
  for (Index b = 0; b < s.B; ++b)
    for (Index i = 0; i < s.Tq; ++i) {
      const Matrix was = before.row(b * s.Tq + i), is = after.row(b * s.Tq + i);
      if (i < first)
        earlier = earlier && same_bits(was, is);
      else
        later = later && !same_bits(was, is);
    }
  course::write("earlier_same_bits", earlier);
  course::write("later_differs", later);
}

// Attention knows no positions: keys and values in another order are the same, and queries in
// another order have their results in that order.
void run_permuted(const Case& c, const Sizes& s) {
  const Matrix &q = c.tensor("q"), &k = c.tensor("k"), &v = c.tensor("v");
  const std::vector<int>&of_keys = c.ints.at("keys"), &of_queries = c.ints.at("queries");
  const Matrix y = attended(s, q, k, v);
  course::write("y", y);
  course::write("keys_in_any_order",
                close(y, attended(s, q, in_order(k, s.B, of_keys), in_order(v, s.B, of_keys))));
  course::write("queries_in_any_order", close(in_order(y, s.B, of_queries),
                                              attended(s, in_order(q, s.B, of_queries), k, v)));
}

// A key that is hidden from all: whatever it holds, not a bit of the result is another.
void run_hidden(const Case& c, const Sizes& s) {
  Matrix k = c.tensor("k"), v = c.tensor("v");
  const Matrix before = attended(s, c.tensor("q"), k, v);
  for (Index j = 0; j < s.B * s.Tk; ++j)
    if (!s.spec.key_mask.at(static_cast<std::size_t>(j)))
      k.row(j).array() += 3, v.row(j).setConstant(1e30);
  const Matrix after = attended(s, c.tensor("q"), k, v);
  course::write("hidden_has_no_part", same_bits(before, after));
}

void run_attention(const Case& c) {
  const Sizes s(c);
  const std::string& ask = c.text("ask");
  if (ask == "values") run_gradients(c, s);
  if (ask == "earlier") run_earlier(c, s);
  if (ask == "permuted") run_permuted(c, s);
  if (ask == "hidden") run_gradients(c, s), run_hidden(c, s);
}

// ---- q3 and q4: layers ----

nn::DecoderConfig config_of(const Case& c) {
  nn::DecoderConfig config;
  config.vocabulary = int_of(c, "config", 0);
  config.context = int_of(c, "config", 1);
  config.d_model = int_of(c, "config", 2);
  config.layers = int_of(c, "config", 3);
  config.heads = int_of(c, "config", 4);
  config.d_mlp = int_of(c, "config", 5);
  if (c.texts.contains("gelu") && c.text("gelu") == "tanh") config.gelu = autograd::Gelu::tanh;
  if (c.numbers.contains("dropout")) config.dropout = c.number("dropout");
  config.embedding_stddev = 0.5;
  return config;
}

std::uint64_t seed_of(const Case& c) { return static_cast<std::uint64_t>(c.number("seed")); }

// In the place of a projection: its result and as much again as `more`. It notes how many rows it is
// handed.
struct Wrapped final : nn::Projection {
  std::unique_ptr<nn::Projection> inner;
  double more;
  std::vector<int> rows = {};

  Wrapped(std::unique_ptr<nn::Projection> projection, double factor)
      : inner(std::move(projection)), more(factor) {}
  Var forward(const nn::Pass& pass, Var x) override {
    rows.push_back(static_cast<int>(x.shape().rows()));
    const Var y = inner->forward(pass, x);
    return more == 0 ? y : autograd::add(y, autograd::scale(y, more));
  }
  void visit(const std::string& prefix, const Visitor& fn) override { inner->visit(prefix, fn); }
  Index in_features() const override { return inner->in_features(); }
  Index out_features() const override { return inner->out_features(); }
};

// Wraps every projection of a module, each with another factor where `scaled`.
std::vector<Wrapped*> wrap(nn::Module& module, bool scaled) {
  std::vector<Wrapped*> all;
  module.visit_slots("", [&](const std::string&, std::unique_ptr<nn::Projection>& slot) {
    const double more = scaled ? 0.25 * static_cast<double>(all.size() + 1) : 0;
    auto wrapped = std::make_unique<Wrapped>(std::move(slot), more);
    all.push_back(wrapped.get());
    slot = std::move(wrapped);
  });
  return all;
}

// Numbers in every parameter, also in those that are 0 or 1 in a new model.
void disturb(nn::Module& module) {
  int i = 0;
  for (Parameter* p : nn::parameters(module))
    for (double& value : p->value.m.reshaped()) value += 0.2 * std::sin(++i);
}

using Forward = std::function<Var(const nn::Pass& pass, Var x)>;

Matrix value_of(const Forward& forward, const Tensor& x) {
  Tape tape(autograd::TapeMode::values, autograd::Fresh::nan);
  return forward({tape}, tape.constant(x)).value().m;
}

// The result, its shape, and the gradients of x and of the module's parameters.
void run_module(const Case& c, nn::Module& module, const Tensor& input, const Forward& forward) {
  Parameter x{"x", input};
  Tape tape(autograd::TapeMode::everything, autograd::Fresh::nan);
  autograd::Random stream(seed_of(c), "course.dropout");
  const nn::Pass pass{tape, c.numbers.contains("dropout") ? &stream : nullptr};
  const Var y = forward(pass, tape.parameter(x));
  course::write("shape", y.shape().str());
  course::write("y", y.value().m);
  if (!c.has("u")) return;
  tape.backward(y, tensor_of(c.tensor("u"), y.shape()));
  course::write("dx", x.grad.m);
  module.visit("", [](const std::string& name, Parameter& p) { write_sum("d_" + name, p); });
}

// x changes at position t: what is said before t stays to the last bit, and what is said from t on
// does not.
void run_change(const Case& c, const Tensor& x, const Forward& forward) {
  const Index t = int_of(c, "change", 0), B = x.shape[0], T = x.shape[1];
  Tensor other = x;
  for (Index b = 0; b < B; ++b)
    other.m.row(b * T + t).array() += Eigen::ArrayXd::LinSpaced(x.cols(), 0.3, -0.7).transpose();
  const Matrix before = value_of(forward, x), after = value_of(forward, other);
  bool earlier = true, later = true;
  for (Index row = 0; row < B * T; ++row) {
    const bool same = same_bits(before.row(row), after.row(row));
    (row % T < t ? earlier : later) &= row % T < t ? same : !same;
  }
  course::write("earlier_same_bits", earlier);
  course::write("later_differs", later);
}

// x changes at all positions that are padding: the others do not see it.
void run_padding(const Case& c, const Tensor& x, const Forward& forward) {
  const std::vector<unsigned char> mask = mask_of(c);
  Tensor other = x;
  for (Index row = 0; row < x.rows(); ++row)
    if (!mask.at(static_cast<std::size_t>(row))) other.m.row(row).array() *= -2;
  const Matrix before = value_of(forward, x), after = value_of(forward, other);
  bool same = true;
  for (Index row = 0; row < x.rows(); ++row)
    if (mask[static_cast<std::size_t>(row)])
      same = same && same_bits(before.row(row), after.row(row));
  course::write("padding_is_not_seen", same);
}

void run_properties(const Case& c, const Tensor& x, const Forward& forward) {
  if (has_ints(c, "change")) run_change(c, x, forward);
  if (has_ints(c, "mask")) run_padding(c, x, forward);
}

Tensor folded_x(const Case& c) {
  const Matrix& x = c.tensor("x");
  return tensor_of(x, {int_of(c, "sizes", 0), int_of(c, "sizes", 1), x.cols()});
}

void run_attention_layer(const Case& c) {
  nn::Attention layer(config_of(c), seed_of(c), "attn");
  disturb(layer);
  if (c.texts.contains("wrapped")) wrap(layer, true);
  const Forward mix = [&](const nn::Pass& pass, Var x) { return layer.mix(pass, x, mask_of(c)); };
  const Forward forward = [&](const nn::Pass& pass, Var x) {
    return layer.forward(pass, x, mask_of(c));
  };
  const Tensor x = folded_x(c);
  course::write("mixed", value_of(mix, x));
  run_module(c, layer, x, forward);
  run_properties(c, x, forward);
}

void run_mlp(const Case& c) {
  nn::Mlp mlp(config_of(c), seed_of(c), "mlp");
  disturb(mlp);
  if (c.texts.contains("wrapped")) wrap(mlp, true);
  run_module(c, mlp, folded_x(c),
             [&](const nn::Pass& pass, Var x) { return mlp.forward(pass, x); });
}

void run_block(const Case& c) {
  nn::Block block(config_of(c), seed_of(c), "block");
  disturb(block);
  if (c.texts.contains("wrapped")) wrap(block, true);
  const std::vector<int>* wanted = has_ints(c, "wanted") ? &c.ints.at("wanted") : nullptr;
  const Forward all = [&](const nn::Pass& pass, Var x) {
    return block.forward(pass, x, mask_of(c));
  };
  const Forward some = [&](const nn::Pass& pass, Var x) {
    return block.forward(pass, x, mask_of(c), wanted);
  };
  const Tensor x = folded_x(c);
  run_module(c, block, x, some);
  if (!wanted) return run_properties(c, x, all);
  const Matrix whole = value_of(all, x);
  Matrix rows(static_cast<Index>(wanted->size()), whole.cols());
  for (std::size_t i = 0; i < wanted->size(); ++i)
    rows.row(static_cast<Index>(i)) = whole.row(wanted->at(i));
  course::write("as_among_all", close(rows, value_of(some, x)));
  std::vector<int> handed;
  const std::vector<Wrapped*> projections = wrap(block, false);
  value_of(some, x);
  for (const Wrapped* projection : projections)
    handed.insert(handed.end(), projection->rows.begin(), projection->rows.end());
  course::write("rows_of_q_k_v_o_up_down", row_of(handed));
}

Matrix logits_of(nn::Model& model, Index B, Index T, const std::vector<int>& ids) {
  Tape tape(autograd::TapeMode::values);
  const nn::Tokens tokens{B, T, ids};
  return model.logits({tape}, tokens, nn::all_positions(tokens)).value().m;
}

// A decoder of such blocks. Token t becomes another one; and, where positions are not told, earlier
// tokens are exchanged: the last one has gathered the same.
void run_decoder(const Case& c) {
  nn::Decoder model(config_of(c), seed_of(c));
  std::vector<int> ids = c.ints.at("ids");
  const Index T = static_cast<Index>(ids.size());
  const Matrix before = logits_of(model, 1, T, ids);
  course::write("logits", before);
  const Index t = int_of(c, "change", 0);
  int& token = ids.at(static_cast<std::size_t>(t));
  token = (token + 1) % static_cast<int>(model.vocabulary());
  const Matrix after = logits_of(model, 1, T, ids);
  course::write("earlier_same_bits", same_bits(before.topRows(t), after.topRows(t)));
  bool later = true;
  for (Index i = t; i < T; ++i) later = later && !same_bits(before.row(i), after.row(i));
  course::write("later_differs", later);
  const auto last_after_exchange = [&] {
    const Matrix as_they_are = logits_of(model, 1, T, c.ints.at("ids"));
    std::vector<int> exchanged = c.ints.at("ids");
    std::reverse(exchanged.begin(), exchanged.end() - 1);
    return close(as_they_are.bottomRows(1), logits_of(model, 1, T, exchanged).bottomRows(1));
  };
  course::write("order_counts", !last_after_exchange());
  model.pos.weight.value.m.setZero();
  course::write("order_counts_without_positions", !last_after_exchange());
}

// ---- q5 and q6: models that note what they are asked ----

// Says at a position what its table has for the token there; where it has a second one, also what
// that has for the position.
struct Table final : nn::Model {
  Parameter of_token, of_place;  // (V,V), and (context,V) or empty
  Index length;
  std::vector<int> asked = {};
  bool only_forward = true;

  Table(const Matrix& tokens, const Matrix& places, Index context)
      : of_token{"of_token", tensor_of(tokens)}, length(context) {
    if (places.size() != 0) of_place = {"of_place", tensor_of(places)};
  }
  Index vocabulary() const override { return of_token.value.cols(); }
  Index context() const override { return length; }
  Var logits(const nn::Pass& pass, const nn::Tokens& tokens,
             std::span<const int> positions) override {
    nn::check_tokens(tokens, length, positions);
    std::vector<int> ids, places;
    for (const int position : positions) {
      asked.push_back(position);
      ids.push_back(tokens.ids[static_cast<std::size_t>(position)]);
      places.push_back(position % static_cast<int>(tokens.T));
    }
    const Var y = autograd::take_rows(pass.tape.parameter(of_token), ids);
    only_forward = only_forward && !pass.tape.node(y.id).needs_grad && !pass.dropout_stream;
    if (of_place.value.empty()) return y;
    return autograd::add(y, autograd::take_rows(pass.tape.parameter(of_place), places));
  }
  void visit(const std::string& prefix, const Visitor& fn) override {
    fn(nn::join(prefix, "of_token"), of_token);
    if (!of_place.value.empty()) fn(nn::join(prefix, "of_place"), of_place);
  }
};

void run_loss(const Case& c) {
  Table model(c.tensor("of_token"), c.tensor("of_place"), c.tensor("of_place").rows());
  nn::TokenBatch batch{
      int_of(c, "sizes", 0), int_of(c, "sizes", 1), c.ints.at("ids"), c.ints.at("targets"), {}};
  for (const double weight : c.tensor("weights").reshaped<Eigen::RowMajor>())
    batch.weights.push_back(weight);
  Tape tape(autograd::TapeMode::everything, autograd::Fresh::nan);
  try {
    const Var loss = nn::token_loss({tape}, model, batch);
    course::write("loss", loss.value().item());
    tape.backward(loss);
    course::write("d_of_token", model.of_token.grad.m);
    std::sort(model.asked.begin(), model.asked.end());
    course::write("asked", row_of(model.asked));
  } catch (const autograd::ShapeError&) {
    course::write("refused", "ShapeError");
  } catch (const std::invalid_argument& error) {
    course::write("refused", "invalid_argument");
    const std::string message = error.what();
    for (const char* named : {"target", "position"})
      if (c.numbers.contains(named))
        course::write(
            std::string("names_the_") + named,
            message.find(std::to_string(static_cast<int>(c.number(named)))) != std::string::npos);
  }
}

void run_generate(const Case& c) {
  const bool places = c.has("of_place");
  Table model(c.tensor("of_token"), places ? c.tensor("of_place") : Matrix(),
              int_of(c, "options", 2));
  nn::GenerateOptions options{int_of(c, "options", 0), int_of(c, "options", 1)};
  if (c.numbers.contains("temperature")) options.temperature = c.number("temperature");
  if (c.numbers.contains("top_k")) options.top_k = static_cast<int>(c.number("top_k"));
  nn::Random random(7, "course.generate"), untouched(7, "course.generate");
  try {
    course::write("tokens", row_of(nn::generate(model, c.ints.at("prompt"), options, random)));
    course::write("asked", row_of(model.asked));
    course::write("only_forward", model.only_forward);
    course::write("random_is_drawn_from", random.next() != untouched.next());
  } catch (const std::invalid_argument&) {
    course::write("refused", "invalid_argument");
  } catch (const std::runtime_error&) {
    course::write("refused", "runtime_error");
  }
}

// ---- q7: training ----

// A perceptron that reads one token and its position: no attention is in it.
struct Perceptron final : nn::Model {
  nn::Embedding tok, pos;
  nn::Linear head;

  Perceptron(const nn::DecoderConfig& c, std::uint64_t seed)
      : tok(c.vocabulary, c.d_model, 0.5, seed, "tok"),
        pos(c.context, c.d_model, 0.5, seed, "pos"),
        head(c.d_model, c.vocabulary, nn::preserving_stddev(c.d_model), seed, "head") {
    nn::name_parameters(*this);
  }
  Index vocabulary() const override { return tok.weight.value.rows(); }
  Index context() const override { return pos.weight.value.rows(); }
  Var logits(const nn::Pass& pass, const nn::Tokens& tokens,
             std::span<const int> positions) override {
    nn::check_tokens(tokens, context(), positions);
    std::vector<int> ids, places;
    for (const int position : positions) {
      ids.push_back(tokens.ids[static_cast<std::size_t>(position)]);
      places.push_back(position % static_cast<int>(tokens.T));
    }
    const Var x = autograd::add(tok.forward(pass, ids), pos.forward(pass, places));
    return head.forward(pass, autograd::tanh(x));
  }
  void visit(const std::string& prefix, const Visitor& fn) override {
    tok.visit(nn::join(prefix, "tok"), fn);
    pos.visit(nn::join(prefix, "pos"), fn);
    head.visit(nn::join(prefix, "head"), fn);
  }
};

// The batches of all steps lie one behind the other: `parts` has the number of batches of each step,
// `rows` that of the rows of each batch.
std::vector<course::a3::Step> steps_of(const Case& c) {
  const std::vector<int>&ids = c.ints.at("ids"), &targets = c.ints.at("targets");
  const Matrix& weights = c.tensor("weights");
  const Index T = static_cast<Index>(c.number("T"));
  std::vector<course::a3::Step> steps;
  std::size_t batch = 0, at = 0;
  for (const int parts : c.ints.at("parts")) {
    course::a3::Step& step = steps.emplace_back();
    for (int part = 0; part < parts; ++part, ++batch) {
      const Index B = int_of(c, "rows", batch);
      nn::TokenBatch& made = step.emplace_back(nn::TokenBatch{B, T, {}, {}, {}});
      for (Index i = 0; i < B * T; ++i, ++at) {
        made.ids.push_back(ids.at(at));
        made.targets.push_back(targets.at(at));
        made.weights.push_back(weights(static_cast<Index>(at) / T, static_cast<Index>(at) % T));
      }
    }
  }
  return steps;
}

nn::Schedule::Decay decay_of(const std::string& word) {
  return word == "cosine"   ? nn::Schedule::Decay::cosine
         : word == "linear" ? nn::Schedule::Decay::linear
                            : nn::Schedule::Decay::constant;
}

void run_train(const Case& c) {
  std::unique_ptr<nn::Model> model;
  if (c.text("model") == "decoder")
    model = std::make_unique<nn::Decoder>(config_of(c), seed_of(c));
  else
    model = std::make_unique<Perceptron>(config_of(c), seed_of(c));
  const std::vector<course::a3::Step> steps = steps_of(c);
  course::a3::Recipe recipe;
  recipe.schedule = {c.number("lr"), int_of(c, "warmup", 0), static_cast<long>(steps.size()),
                     decay_of(c.text("decay"))};
  recipe.weight_decay = c.number("weight_decay");
  recipe.max_norm = c.number("max_norm");
  Parameter* frozen = nullptr;
  for (Parameter* p : nn::parameters(*model)) {
    if (c.texts.contains("frozen") && p->name == c.text("frozen")) frozen = p;
    if (c.texts.contains("old_gradients")) p->grad_to_add().m.setConstant(3);
  }
  Matrix before;
  if (frozen) {
    frozen->trainable = false;
    frozen->free_grad();
    before = frozen->value.m;
  }
  const std::vector<double> losses = course::a3::train(*model, steps, recipe);
  const Matrix row = row_of(losses);
  if (c.numbers.contains("reach"))  // the mean of the last five
    course::write("reached", row.cols() >= 5 && row.rightCols(5).mean() < c.number("reach"));
  course::write("losses", row);
  if (frozen) course::write("frozen_same_bits", same_bits(before, frozen->value.m));
  course::write("weights", nn::parameters(*model)[0]->value.m);
}

void run(const Case& c) {
  const std::string& call = c.text("call");
  if (call == "visible_keys") run_visible(c);
  if (call == "attention") run_attention(c);
  if (call == "layer") run_attention_layer(c);
  if (call == "mlp") run_mlp(c);
  if (call == "block") run_block(c);
  if (call == "decoder") run_decoder(c);
  if (call == "loss") run_loss(c);
  if (call == "generate") run_generate(c);
  if (call == "train") run_train(c);
}

}  // namespace

int main() { return course::answer(run); }
