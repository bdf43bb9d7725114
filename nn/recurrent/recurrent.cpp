#include "nn/recurrent/recurrent.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <regex>
#include <utility>

#include "autograd/ops_models.h"

namespace nn::inline LOWRANK_PRECISION {

std::string to_string(RecurrentKind kind) { return kind == RecurrentKind::lstm ? "lstm" : "gru"; }

Recurrent::Recurrent(const RecurrentConfig& c, std::uint64_t seed, const std::string& name)
    : config(c) {
  if (c.inputs < 1 || c.hidden < 1 || c.layers < 1)
    throw std::invalid_argument(
        fmt::format("Recurrent: inputs, hidden and layers are at least 1, not {}, {} and {}",
                    c.inputs, c.hidden, c.layers));
  const Index stacked = gates(c.kind) * c.hidden;
  for (Index k = 0; k < c.layers; ++k)
    layers.push_back({std::make_unique<Linear>(k == 0 ? c.inputs : c.hidden, stacked, 0, seed, ""),
                      std::make_unique<Linear>(c.hidden, stacked, 0, seed, "")});
  const double bound = preserving_stddev(c.hidden);
  visit(name, [&](const std::string& full_name, Parameter& p) {
    p.name = full_name;
    p.value = Random(seed, full_name).uniform(p.value.shape, -bound, bound);
  });
}

// Rows of different lengths as one matrix (N,..) without padding: the first step of every row, the
// longest first, then the second step of every row that has one, and so on. So step t is the matrix
// rows begin[t] .. begin[t+1]-1, and they go on from the first so many of step t-1.
struct PackedRows {
  std::vector<int> order;       // (B) rows, longest first
  std::vector<Index> begin{0};  // of each step, and the end, N
  std::vector<int> from;        // (N), where it stood in (B*T,..)
  std::vector<int> to;          // (B*T), where it stands now; padding: N
  std::vector<int> last;        // (B), where each row's last step stands now
};

static PackedRows pack_rows(std::span<const int> lengths, int T) {
  const std::size_t B = lengths.size();
  const auto at = [](int i) { return static_cast<std::size_t>(i); };
  PackedRows packed;
  packed.order.resize(B), packed.last.resize(B);
  std::iota(packed.order.begin(), packed.order.end(), 0);
  std::stable_sort(packed.order.begin(), packed.order.end(),
                   [&](int a, int b) { return lengths[at(a)] > lengths[at(b)]; });
  packed.to.assign(B * at(T), std::accumulate(lengths.begin(), lengths.end(), 0));
  for (int t = 0; t < lengths[at(packed.order.front())]; ++t) {
    for (const int b : packed.order) {
      if (t >= lengths[at(b)]) break;
      packed.last[at(b)] = packed.to[at(b * T + t)] = static_cast<int>(packed.from.size());
      packed.from.push_back(b * T + t);
    }
    packed.begin.push_back(std::ssize(packed.from));
  }
  return packed;
}

// A layer over packed x (N,in), from h and c (B,H) in their order: h after each step, and c of an
// LSTM, both (N,H).
static std::pair<Var, Var> run_layer(const Pass& pass, Recurrent::Layer& layer,
                                     const PackedRows& rows, Var x, Var h, Var c) {
  const bool is_lstm = c.tape != nullptr;
  std::vector<Var> hs, cs;
  const Var read = layer.ih->forward(pass, x);  // (N, g H), one product for all steps
  for (std::size_t t = 0; t + 1 < rows.begin.size(); ++t) {
    const Index n = rows.begin[t + 1] - rows.begin[t];
    h = autograd::slice_rows(h, 0, n);
    const Var from_x = autograd::slice_rows(read, rows.begin[t], n);
    const Var from_h = layer.hh->forward(pass, h);
    if (is_lstm) {
      const Var gates = from_x + from_h;
      c = autograd::lstm_cell(gates, autograd::slice_rows(c, 0, n));
      h = autograd::lstm_output(gates, c);
      cs.push_back(c);
    } else {
      h = autograd::gru_step(from_x, from_h, h);
    }
    hs.push_back(h);
  }
  return {autograd::concat_rows(hs), is_lstm ? autograd::concat_rows(cs) : Var{}};
}

RecurrentOutput Recurrent::forward(const Pass& pass, Var x, std::span<const int> lengths,
                                   const RecurrentState& initial) {
  const Shape shape = x.shape();
  if (shape.rank() != 3 || shape.rows() < 1 || shape.cols() != config.inputs)
    throw autograd::ShapeError(
        fmt::format("Recurrent: wants x (B,T,{}), not {}", config.inputs, shape.str()));
  const auto T = static_cast<int>(shape[1]);
  const std::vector<int> all(static_cast<std::size_t>(shape[0]), T);
  if (lengths.empty()) lengths = all;
  const auto fits = [&](int length) { return length >= 1 && length <= T; };
  if (lengths.size() != all.size() || !std::all_of(lengths.begin(), lengths.end(), fits))
    throw std::invalid_argument(fmt::format("Recurrent: wants {} lengths in 1 .. {}, not {}",
                                            shape[0], T, fmt::join(lengths, ", ")));
  const bool is_lstm = config.kind == RecurrentKind::lstm;
  if (!is_lstm && !initial.c.empty()) throw std::invalid_argument("Recurrent: a GRU has no c");
  const PackedRows rows = pack_rows(lengths, T);
  const Shape one{shape[0], config.hidden};
  const auto start = [&](const std::vector<Var>& given, std::size_t k) {
    if (given.empty()) return pass.tape.constant(Tensor(one));
    if (given.size() != layers.size() || given[k].shape() != one)
      throw autograd::ShapeError(fmt::format("Recurrent: wants a state {} for each of {} layers",
                                             one.str(), layers.size()));
    return autograd::take_rows(given[k], rows.order);
  };

  RecurrentOutput out;
  x = autograd::take_rows(x, rows.from);  // (N,I)
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const Var h = start(initial.h, k);
    const Var c = is_lstm ? start(initial.c, k) : Var{};
    const auto [hs, cs] = run_layer(pass, layers[k], rows, x, h, c);
    out.state.h.push_back(autograd::take_rows(hs, rows.last));
    if (is_lstm) out.state.c.push_back(autograd::take_rows(cs, rows.last));
    x = hs;
  }
  const Var padding = pass.tape.constant(Tensor({1, config.hidden}));  // row N
  const Var y = autograd::take_rows(autograd::concat_rows(std::vector{x, padding}), rows.to);
  out.y = autograd::reshape(y, {shape[0], shape[1], config.hidden});
  return out;
}

void Recurrent::visit_slots(const std::string& prefix, const SlotVisitor& fn) {
  for (std::size_t k = 0; k < layers.size(); ++k) {
    fn(join(prefix, fmt::format("ih_l{}", k)), layers[k].ih);
    fn(join(prefix, fmt::format("hh_l{}", k)), layers[k].hh);
  }
}

std::string pytorch_name(const std::string& name) {
  const std::regex parameter(R"(^(.*\.)?([ih]h_l[0-9]+)(\.base)?\.(weight|bias)$)");
  return std::regex_replace(name, parameter, "$1$4_$2");
}

}  // namespace nn::inline LOWRANK_PRECISION
