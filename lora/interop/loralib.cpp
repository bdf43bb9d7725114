#include "lora/interop/loralib.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "lora/interop/modules.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace lora::inline LOWRANK_PRECISION {
namespace {

namespace fs = std::filesystem;

// The places of the parts among q, k and v.
std::vector<Index> places_of_parts(const std::vector<std::string>& merged) {
  static const std::vector<std::string> names{"q", "k", "v"};
  std::vector<Index> places;
  for (const std::string& part : merged) {
    const auto found = std::ranges::find(names, part);
    const Index place = found - names.begin();
    if (found == names.end() || (!places.empty() && places.back() >= place))
      throw AdapterError(
          fmt::format("the parts of a merged layer are some of q, k, v in this order, "
                      "not {}",
                      fmt::join(merged, ",")));
    places.push_back(place);
  }
  return places;
}

void refuse_pickle(const fs::path& file) {
  // An archive, or an old pickle; a length of 128 in safetensors begins with the same byte as that.
  const std::string start = nn::read_file(file, 9);
  const bool is_safetensors = start.size() == 9 && start[8] == '{';
  if (start.starts_with("PK\x03\x04") || (start.starts_with('\x80') && !is_safetensors))
    throw AdapterError(
        file,
        "is a pickle, which is a program and not read here; to convert it: python3 -c \"import "
        "torch, safetensors.torch as s; d = torch.load('FILE.pt', weights_only=True); "
        "s.save_file({k: v.clone().contiguous() for k, v in d.get('model_state_dict', d).items()}, "
        "'FILE.safetensors')\"");
}

// B (n d,r) of a MergedLinear as B (3 d,n r): that of the i-th part in the rows of its place and the
// columns of its A.
Tensor blocks_of(const Tensor& b, const std::vector<Index>& places) {
  const auto n = static_cast<Index>(places.size());
  const Index d = b.rows() / n, r = b.cols();
  Tensor blocks({3 * d, n * r});
  for (Index i = 0; i < n; ++i)
    blocks.m.block(places[static_cast<std::size_t>(i)] * d, i * r, d, r) = b.m.middleRows(i * d, d);
  return blocks;
}

// The other way; nothing where B has another form.
std::optional<Tensor> without_blocks(const Tensor& blocks, const std::vector<Index>& places) {
  const auto n = static_cast<Index>(places.size());
  if (blocks.rows() % 3 != 0 || blocks.cols() % n != 0) return {};
  const Index d = blocks.rows() / 3, r = blocks.cols() / n;
  Tensor b({n * d, r});
  for (Index i = 0; i < n; ++i)
    b.m.middleRows(i * d, d) = blocks.m.block(places[static_cast<std::size_t>(i)] * d, i * r, d, r);
  return blocks_of(b, places).m == blocks.m ? std::optional(std::move(b)) : std::nullopt;
}

bool is_fused(const std::string& module) { return module.ends_with("c_attn"); }

/// Puts the layers of a file into PEFT's form, one after the other.
class LoralibReader {
 public:
  LoralibReader(const fs::path& file, const LoralibOptions& options)
      : file_(file), options_(options), places_(places_of_parts(options.merged)) {}

  PortableAdapter adapter;

  void add(const std::string& module, PortableTensor a, PortableTensor b) {
    const Index r = options_.rank, n = static_cast<Index>(places_.size());
    const nn::Shape as = a.value.shape, bs = b.value.shape;
    const bool are_matrices = as.rank() == 2 && bs.rank() == 2;
    const std::string key = fmt::format("{}{}.", peft_prefix, module);
    if (n > 0 && is_fused(module) && are_matrices && as[0] == n * r && bs[1] == r &&
        bs[0] % n == 0) {
      adapter.tensors[key + "lora_A.weight"] = std::move(a);
      adapter.tensors[key + "lora_B.weight"] = {blocks_of(b.value, places_), b.dtype};
      adapter.config.fan_in_fan_out = true;
      ranks_.emplace_back(module, n);
      return;
    }
    if (!are_matrices || as[0] != r || bs[1] != r)
      throw AdapterError(
          file_, fmt::format("{} has lora_A {} and lora_B {}, which is no layer of rank {}{}",
                             nn::plain(module), as.str(), bs.str(), r,
                             n == 0 ? "; of a merged one the parts must be named" : ""));
    const char* kind = is_table_name(module) ? "lora_embedding_" : "lora_";
    const char* end = is_table_name(module) ? "" : ".weight";
    adapter.tensors[fmt::format("{}{}A{}", key, kind, end)] = std::move(a);
    adapter.tensors[fmt::format("{}{}B{}", key, kind, end)] = std::move(b);
    ranks_.emplace_back(module, 1);
  }

  // r and α of a layer of n parts are n r and n α: a pattern where layers have other numbers of them.
  void set_ranks() {
    if (ranks_.empty()) throw AdapterError(file_, "there is no lora_A");
    PeftConfig& config = adapter.config;
    const Index common = ranks_.front().second;
    config.spec.init = Init::kaiming_uniform;
    config.spec.rank = common * options_.rank;
    config.spec.alpha = static_cast<double>(common) * options_.alpha;
    for (const auto& [module, n] : ranks_) {
      config.targets.names.push_back(module);
      if (n == common) continue;
      config.rank_pattern.emplace_back(module, n * options_.rank);
      config.alpha_pattern.emplace_back(module, static_cast<double>(n) * options_.alpha);
    }
  }

  bool has(const std::string& module) const {
    return std::ranges::any_of(ranks_, [&](const auto& one) { return one.first == module; });
  }

 private:
  const fs::path& file_;
  const LoralibOptions& options_;
  std::vector<Index> places_;
  std::vector<std::pair<std::string, Index>> ranks_;  // of each module, its number of parts
};

// What is beside: biases of adapted layers, of all layers, and whole modules.
void add_others(LoralibReader& reader, std::map<std::string, PortableTensor> others) {
  PeftConfig& config = reader.adapter.config;
  std::set<std::string> saved;
  for (const auto& [name, tensor] : others) {
    const auto [module, end] = split_name(name);
    if (reader.has(module)) {  // its bias, or W0 of a table, which PEFT saves beside A and B
      if (end == "bias" && config.biases == Biases::none) config.biases = Biases::of_targets;
    } else if (end == "bias" && !others.contains(module + ".weight")) {
      config.biases = Biases::all;
    } else {
      const std::string head = module.substr(0, module.find('.'));
      saved.insert(head == "classifier" || head == "score" ? head : module);
    }
  }
  for (auto& [name, tensor] : others) {
    const auto [module, end] = split_name(name);
    const char* wrapped = reader.has(module) ? ".base_layer" : "";
    reader.adapter.tensors[fmt::format("{}{}{}.{}", peft_prefix, module, wrapped, end)] =
        std::move(tensor);
  }
  config.saved_modules = {saved.begin(), saved.end()};
  if (saved.contains("classifier") || saved.contains("score")) config.task = "SEQ_CLS";
}

}  // namespace

PortableAdapter read_loralib(const fs::path& file, const LoralibOptions& options) {
  if (options.rank < 1) throw AdapterError(file, "its rank must be named");
  refuse_pickle(file);
  std::map<std::string, PortableTensor> tensors = read_tensors(file);
  LoralibReader reader(file, options);
  std::vector<std::string> modules;
  for (const auto& [name, tensor] : tensors) {
    const auto [module, end] = split_name(name);
    if (module.empty())
      throw AdapterError(file, fmt::format("{} is in no module", nn::printable(name)));
    if (end == "lora_A") modules.push_back(module);
  }
  for (const std::string& module : modules) {
    auto a = tensors.extract(module + ".lora_A"), b = tensors.extract(module + ".lora_B");
    if (!b) throw AdapterError(file, fmt::format("{} has no lora_B", nn::plain(module)));
    reader.add(module, std::move(a.mapped()), std::move(b.mapped()));
  }
  for (const auto& [name, tensor] : tensors)
    if (split_name(name).second.starts_with("lora_"))
      throw AdapterError(file, fmt::format("{} has no lora_A", nn::plain(split_name(name).first)));
  reader.set_ranks();
  add_others(reader, std::move(tensors));
  return std::move(reader.adapter);
}

static std::map<std::string, PortableTensor> loralib_tensors(const PortableAdapter& adapter,
                                                             const std::vector<Index>& places,
                                                             LoralibOptions& told) {
  const std::string form = "loralib";
  if (adapter.config.type == PeftType::dora)
    throw std::invalid_argument("DoRA has no form in loralib");
  if (adapter.config.spec.scaling != Scaling::alpha_over_r)
    throw std::invalid_argument("loralib's scale is alpha/r, and the adapter's is alpha/sqrt(r)");
  AdapterParts parts = parts_of(adapter, form);
  std::map<std::string, PortableTensor> tensors;
  for (AdapterModule& module : parts.modules) {
    std::optional<Tensor> b;
    if (!places.empty() && is_fused(module.name)) {
      b = without_blocks(module.B->value, places);
      if (!b)
        throw std::invalid_argument(
            fmt::format("{} is no merged layer of these parts: its B has other blocks",
                        nn::plain(module.name)));
      module.spec.rank /= static_cast<Index>(places.size());
      module.spec.alpha /= static_cast<double>(places.size());
    }
    tensors[module.name + ".lora_A"] = *module.A;
    tensors[module.name + ".lora_B"] = b ? PortableTensor{*b, module.B->dtype} : *module.B;
  }
  check_is_common(parts.modules, form);
  told.rank = parts.modules.front().spec.rank;
  told.alpha = parts.modules.front().spec.alpha;
  for (const auto& [name, tensor] : parts.others) {
    std::string plain = name;
    if (const auto at = plain.rfind(".base_layer."); at != std::string::npos) plain.erase(at, 11);
    tensors[plain] = *tensor;
  }
  return tensors;
}

LoralibOptions write_loralib(const fs::path& file, const PortableAdapter& adapter,
                             const std::vector<std::string>& merged) {
  LoralibOptions told;
  told.merged = merged;
  std::string bytes;
  try {
    bytes = tensor_bytes(loralib_tensors(adapter, places_of_parts(merged), told), {});
  } catch (const std::invalid_argument& error) {
    throw AdapterError(error.what());
  }
  nn::create_folders(file.parent_path());
  nn::write_file_atomically(file, bytes);
  return told;
}

}  // namespace lora::inline LOWRANK_PRECISION
