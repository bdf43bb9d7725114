#include "experiments/cli/trace_words.h"

#include <fmt/format.h>

#include <map>
#include <stdexcept>

#include "lora/scaling.h"

namespace experiments::cli {

const char* const forward_introduction =
    "\nForward: the values\n"
    "Each line is a node of the tape, in the order in which it ran: its number, what its value is\n"
    "called here, shape, norm (the root of the sum of squares), and how it came about from values\n"
    "above. After the semicolon stand the weights it used, with shape and norm.\n";

const char* const backward_introduction =
    "\nBackward: the gradients\n"
    "dy is the derivative of the loss in y, one number for each number of y. It begins with\n"
    "dloss = 1 and walks the same list from its end to its start. Whatever used y stands below y\n"
    "in the list, so at y all parts of dy have been added; then the chain rule, dx += dy ∂y/∂x,\n"
    "passes it on to each input x. It adds, for x may have other uses. Each line: the node, the\n"
    "norm of its gradient, what it passes on; in parentheses, the norm of a weight's gradient.\n";

static std::string after_last(const std::string& text, char c) {
  return text.substr(text.rfind(c) + 1);
}

static std::string before_last(const std::string& text, char c) {
  return text.substr(0, text.rfind(c));
}

std::string symbol_of(const std::string& parameter) {
  static const std::map<std::string, std::string> symbols{
      {"weight", "W"}, {"bias", "b"}, {"lora_A", "A"}, {"lora_B", "B"}};
  return symbols.at(after_last(parameter, '.'));
}

std::string part_of(const std::string& parameter) {
  const std::string part = before_last(parameter, '.');
  return part.starts_with("blocks.") ? part.substr(part.find('.', 7) + 1) : part;
}

std::string value_named_after(const std::string& parameter, const std::string& op) {
  const std::string part = part_of(parameter), last = after_last(parameter, '.');
  if (part == "head" || (part == "tok" && op == "matmul_nt")) return "logits";
  const std::string name = part.substr(part.find('.') + 1);
  if (last == "lora_A") return name + ".a";
  return name;
}

int section_number(const std::string& parameter, const nn::DecoderConfig& config) {
  if (!parameter.starts_with("blocks."))
    return parameter.starts_with("tok.") || parameter.starts_with("pos.")
               ? 0
               : 1 + 2 * static_cast<int>(config.layers);
  const std::string part = part_of(parameter);
  const bool attention = part.starts_with("attn") || part == "ln1";
  return 1 + 2 * std::stoi(parameter.substr(7)) + (attention ? 0 : 1);
}

std::string section_title(int section, const nn::DecoderConfig& config) {
  if (section == 0) return "The input: a row of C numbers for each token at its position\n";
  if (section > 2 * config.layers) return "The output: a score for each of V words, and the loss\n";
  const int block = (section - 1) / 2;
  return section % 2 == 1
             ? fmt::format("Block {0}, attention (blocks.{0}): positions read from earlier ones\n",
                           block)
             : fmt::format("Block {0}, MLP (blocks.{0}): each position by itself\n", block);
}

OpText words_of(const std::string& op, const std::string& value, const Cell& cell,
                const nn::DecoderConfig& config) {
  if (op == "take_rows" && value == "picked")
    return {"the rows of $0 at whose position a token is to be predicted",
            {"d$y, each row to where it was taken from"}};
  if (op == "take_rows")
    return {value == "pos" ? "for each token the row of W of its position"
                           : "for each token its own row of W",
            {"d$y, each row to the row of W it came from"}};
  if (op == "add" && value.starts_with('x'))
    return {"$0 + $1, the running sum of all parts", {"d$y", "d$y"}};
  if (op == "add") return {"$0 + $1", {"d$y", "d$y"}};
  if (op == "reshape") return {"$0, its rows counted as B times T", {"d$y, the same numbers"}};
  if (op == "layernorm")
    return {"z ∘ W + b, z = ($0 - mean)/sd of each row",
            {"(g - mean g - z mean(g ∘ z))/sd", "Σ rows of d$y ∘ z", "Σ rows of d$y"},
            "g = d$y ∘ W"};
  if (op == "affine") return {"$0 Wᵀ + b", {"d$y W", "d$yᵀ $0", "Σ rows of d$y"}};
  if (op == "matmul_nt") return {"$0 $1ᵀ", {"d$y $1", "d$yᵀ $0"}};
  if (op == "add_matmul_nt")
    return {"$0 + $1 $2ᵀ, the paper's h = W0 x + s B A x", {"d$y", "d$y $2", "d$yᵀ $1"}};
  if (op == "scale")
    return {"s $0, s = " +
                lora::describe_scale(lora::parse_scaling(cell.scaling), cell.alpha, cell.rank),
            {"s d$y"}};
  if (op == "attention")
    return {fmt::format("P $2, P = softmax($0 $1ᵀ/√{}) over earlier positions; {} heads",
                        config.d_model / config.heads, config.heads),
            {"dS $1/√hs", "dSᵀ $0/√hs", "Pᵀ d$y"},
            "dS = P ∘ (dP - row sums of P ∘ dP), dP = d$y $2ᵀ, each head by itself"};
  if (op == "gelu_erf")
    return {"$0 ∘ Φ($0), Φ the normal distribution", {"d$y ∘ (Φ($0) + $0 ∘ φ($0))"}};
  if (op == "gelu_tanh")
    return {"$0 ∘ (1 + t)/2, t = tanh(√(2/π) ($0 + 0.044715 $0³))", {"d$y ∘ the slope at $0"}};
  if (op == "cross_entropy")
    return {"-log softmax($0)[target], weighted mean over the rows",
            {"d$y (softmax($0) - onehot(target)) w/Σw"}};
  throw std::logic_error(fmt::format("trace has no words for the operation {}", op));
}

std::string introduction(const Cell& cell, const BaseConfig& base) {
  std::string text =
      fmt::format("One training step of {}, seed {}, on the base of seed {} after {} steps\n",
                  cell.task, cell.seed, base.seed, base.steps);
  if (cell.method == "full") return text + "Mode full: every weight of the base trains.\n";
  return text + wrapped("", 0,
                        fmt::format("Mode lora: the base is frozen; {} of every block get s B A "
                                    "beside W0, with r = {} and s = "
                                    "{}. Training starts at B = 0; here B is drawn, for at B = 0 "
                                    "the gradient of A is zero.",
                                    weight_set(cell.targets), cell.rank,
                                    lora::describe_scale(lora::parse_scaling(cell.scaling),
                                                         cell.alpha, cell.rank)));
}

double norm(const nn::Tensor& t) { return t.m.cast<double>().norm(); }

}  // namespace experiments::cli
