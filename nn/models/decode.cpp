#include "nn/models/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/generate.h"

namespace nn::inline LOWRANK_PRECISION {

namespace {

void check_decode(const Pretrained& model, std::span<const int> prompt, const DecodeOptions& o) {
  const auto fail = [](const std::string& what) { throw std::invalid_argument(what); };
  if (model.head != Head::causal)
    fail(fmt::format("this model is a {}; what continues a text is a {}", to_string(model.head),
                     to_string(Head::causal)));
  if (prompt.empty()) fail("the prompt is empty");
  if (static_cast<Index>(prompt.size()) >= model.context())
    fail(fmt::format("a prompt of {} tokens leaves no room in the model's {} positions",
                     prompt.size(), model.context()));
  if (o.beams < 1 || o.beams > model.vocabulary())
    fail(fmt::format("{} beams, where 1 to {} are possible", o.beams, model.vocabulary()));
  if (o.beams > 1 && o.temperature != 0) fail("beams are searched, not drawn: no temperature");
  if (o.top_k < 0 || o.top_k > model.vocabulary())
    fail(fmt::format("the {} most likely of {} words", o.top_k, model.vocabulary()));
  if (!(o.temperature >= 0) || !std::isfinite(o.temperature))
    fail(fmt::format("the temperature {} is not at least 0", o.temperature));
  if (o.no_repeat_ngram < 0)
    fail(fmt::format("{} tokens that may not come twice", o.no_repeat_ngram));
  if (!std::isfinite(o.length_penalty)) fail("the length penalty is not finite");
}

// The tokens after which the row's last n tokens would stand in it twice.
std::vector<int> repeating(const std::vector<int>& row, int n) {
  std::vector<int> tokens;
  const auto begun = static_cast<std::size_t>(n - 1);  // tokens of the n-gram that are there
  if (n < 1 || row.size() < begun) return tokens;
  for (std::size_t i = 0; i + begun < row.size(); ++i)
    if (std::equal(row.end() - static_cast<std::ptrdiff_t>(begun), row.end(),
                   row.begin() + static_cast<std::ptrdiff_t>(i)))
      tokens.push_back(row[i + begun]);
  return tokens;
}

// Several continuations of one prompt, of one length, and the model's past for them.
class Continuations {
 public:
  Continuations(Pretrained& model, std::span<const int> prompt, bool reuse)
      : model_(model), reuse_(reuse) {
    const Inputs one{1, static_cast<Index>(prompt.size()), {prompt.begin(), prompt.end()}};
    rows_ = {with_prompt(model, one).ids};  // a trained prompt is in it, where there is one
  }

  // The logits (rows,V) of each next token; `decoded` counts what it took.
  Matrix next(Decoded& decoded) {
    const auto length = static_cast<Index>(rows_[0].size()), had = past_.length;
    Inputs inputs{static_cast<Index>(rows_.size()), length - had, {}, {}, {}};
    if (reuse_) inputs.past = &past_;
    std::vector<int> last;  // the position of each row
    for (const std::vector<int>& row : rows_) {
      inputs.ids.insert(inputs.ids.end(), row.begin() + had, row.end());
      last.push_back(static_cast<int>(inputs.ids.size()) - 1);
    }
    ++decoded.passes;
    decoded.products += inputs.B * inputs.T * length;
    tape_.clear();
    const Var states = model_.hidden({tape_}, inputs);
    const Matrix logits = model_.read_out({tape_}, inputs, states, last).value().m;
    if (!logits.allFinite()) throw std::runtime_error("the model's logits are not finite");
    return logits;
  }

  // Row i becomes what row parents[i] was, and then tokens[i].
  void extend(const std::vector<int>& parents, const std::vector<int>& tokens) {
    std::vector<std::vector<int>> rows;
    for (std::size_t i = 0; i < parents.size(); ++i) {
      rows.push_back(rows_[static_cast<std::size_t>(parents[i])]);
      rows.back().push_back(tokens[i]);
    }
    rows_ = std::move(rows);
    past_.take_rows(parents);
  }

  const std::vector<int>& row(int i) const { return rows_[static_cast<std::size_t>(i)]; }

 private:
  Pretrained& model_;
  bool reuse_;
  std::vector<std::vector<int>> rows_;
  KeyValues past_;
  Tape tape_{autograd::TapeMode::values};
};

bool is_stop(const DecodeOptions& o, int token) { return std::ranges::count(o.stops, token) > 0; }

void take_tokens(Decoded& decoded, Continuations& text, int most, const DecodeOptions& o,
                 Random& random) {
  GenerateOptions choice;
  choice.temperature = o.temperature, choice.top_k = o.top_k;
  for (int n = 0; n < most; ++n) {
    Matrix logits = text.next(decoded);
    for (const int repeat : repeating(text.row(0), o.no_repeat_ngram))
      logits(0, repeat) = -std::numeric_limits<Scalar>::infinity();
    const int token = sample(logits.row(0), choice, random);
    decoded.ids.push_back(token);
    if (is_stop(o, token)) return;
    text.extend({0}, {token});
  }
}

// A running beam with one token more.
struct Candidate {
  int parent = 0, token = 0;
  double log_p = 0;  // of the whole continuation
};

// log p_v = x_v - log Σ_w exp x_w, added to that of its beam: the best `most`, which descend. What
// may not come has its share of the sum all the same, as in transformers.
std::vector<Candidate> best_of(const Matrix& logits, const std::vector<double>& log_p,
                               std::size_t most, const Continuations& beams, int no_repeat) {
  std::vector<Candidate> all;
  for (Index i = 0; i < logits.rows(); ++i) {
    const auto x = logits.row(i).cast<double>().array();
    const double largest = x.maxCoeff(), total = std::log((x - largest).exp().sum()) + largest;
    const double before = log_p[static_cast<std::size_t>(i)];
    const std::size_t begin = all.size();
    for (Index v = 0; v < logits.cols(); ++v)
      all.push_back({static_cast<int>(i), static_cast<int>(v), before + x(v) - total});
    for (const int repeat : repeating(beams.row(static_cast<int>(i)), no_repeat))
      all[begin + static_cast<std::size_t>(repeat)].log_p =
          -std::numeric_limits<double>::infinity();
  }
  most = std::min(most, all.size());
  const auto first = [](const Candidate& a, const Candidate& b) {
    return std::tuple(-a.log_p, a.parent, a.token) < std::tuple(-b.log_p, b.parent, b.token);
  };
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(most), first);
  all.resize(most);
  return all;
}

struct Finished {
  std::vector<int> ids;
  double score = 0;
};

void search(Decoded& decoded, Continuations& beams, std::size_t prompt, int most,
            const DecodeOptions& o) {
  const auto wanted = static_cast<std::size_t>(o.beams);
  std::vector<double> log_p{0};    // of the running beams, best first
  std::vector<Finished> finished;  // at most as many as wanted, best first
  for (int n = 1; n <= most && !log_p.empty(); ++n) {
    const double length = std::pow(n, o.length_penalty);
    // As many as leave enough to run on, whichever of them end.
    const std::size_t enough = wanted * std::max<std::size_t>(2, 1 + o.stops.size());
    const auto candidates = best_of(beams.next(decoded), log_p, enough, beams, o.no_repeat_ngram);
    std::vector<int> parents, tokens;
    log_p.clear();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Candidate& c = candidates[i];
      const bool ends = n == most || is_stop(o, c.token);
      if (ends && i < wanted) {
        const std::vector<int>& row = beams.row(c.parent);
        finished.push_back(
            {{row.begin() + static_cast<std::ptrdiff_t>(prompt), row.end()}, c.log_p / length});
        finished.back().ids.push_back(c.token);
      }
      if (!ends && parents.size() < wanted)
        parents.push_back(c.parent), tokens.push_back(c.token), log_p.push_back(c.log_p);
    }
    std::ranges::stable_sort(finished, std::ranges::greater{}, &Finished::score);
    if (finished.size() > wanted) finished.resize(wanted);
    if (log_p.empty()) break;
    if (finished.size() == wanted && log_p[0] / length <= finished.back().score) break;
    beams.extend(parents, tokens);
  }
  decoded.ids = finished.at(0).ids;
  decoded.score = finished.at(0).score;
}

}  // namespace

Decoded decode(Pretrained& model, std::span<const int> prompt, const DecodeOptions& options,
               Random& random) {
  check_decode(model, prompt, options);
  const Index room = model.context() - static_cast<Index>(prompt.size());
  const int most = static_cast<int>(std::min<Index>(room, options.max_tokens));
  Decoded decoded;
  Continuations text(model, prompt, options.reuse);
  if (most < 1) return decoded;
  if (options.beams > 1)
    search(decoded, text, text.row(0).size(), most, options);
  else
    take_tokens(decoded, text, most, options, random);
  return decoded;
}

}  // namespace nn::inline LOWRANK_PRECISION
