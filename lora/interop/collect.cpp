#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "lora/files/config_values.h"
#include "lora/interop/attach.h"
#include "lora/interop/model_places.h"
#include "lora/interop/pieces.h"
#include "lora/variants/adalora.h"
#include "lora/variants/dora.h"
#include "lora/variants/lora_embedding.h"
#include "lora/variants/pissa.h"
#include "lora/variants/prompt_table.h"
#include "lora/variants/vera.h"
#include "nn/models/model_folder.h"

namespace lora::inline LOWRANK_PRECISION {
namespace {

// One place that an adapter has changed.
struct Adapted {
  std::string name;
  PeftType type;
  LoraSpec spec;
};

std::optional<Adapted> adapted(const std::string& name, nn::Projection& slot) {
  if (dynamic_cast<nn::Linear*>(&slot)) return {};
  if (auto* layer = dynamic_cast<LoraLinear*>(&slot))
    return Adapted{name, PeftType::lora, layer->spec};
  if (auto* layer = dynamic_cast<Dora*>(&slot))
    return Adapted{name, PeftType::dora, layer->lora.spec};
  if (auto* layer = dynamic_cast<Pissa*>(&slot))
    return Adapted{name, PeftType::pissa, layer->lora.spec};
  if (auto* layer = dynamic_cast<AdaLora*>(&slot))
    return Adapted{name, PeftType::adalora, layer->spec};
  if (auto* layer = dynamic_cast<Vera*>(&slot)) {
    LoraSpec spec;
    spec.rank = layer->shared->A.value.rows(), spec.dropout = layer->dropout;
    return Adapted{name, PeftType::vera, spec};
  }
  throw AdapterError(fmt::format("{} is wrapped by what PEFT's form has no place for", name));
}

std::vector<Adapted> all_adapted(nn::Pretrained& model) {
  std::vector<Adapted> all;
  model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    if (const auto one = adapted(name, *slot)) all.push_back(*one);
  });
  model.visit_tables([&](const std::string& name, std::unique_ptr<nn::Embedding>& table) {
    if (auto* layer = dynamic_cast<LoraEmbedding*>(table.get()))
      all.push_back({name, PeftType::lora, layer->spec});
    if (dynamic_cast<PromptTable*>(table.get())) all.push_back({name, PeftType::prompt, {}});
  });
  if (all.empty()) throw AdapterError("the model has no adapter to save");
  for (const Adapted& one : all)
    if (one.type != all.front().type)
      throw AdapterError(fmt::format("{} has {} and {} has {}; an adapter has one of them",
                                     all.front().name, to_string(all.front().type), one.name,
                                     to_string(one.type)));
  return all;
}

std::string factor_key(const std::string& name, bool of_adalora) {
  if (name.ends_with(".prompt_embeddings")) return "prompt_embeddings";
  const bool is_module = name.ends_with(".lora_A") || name.ends_with(".lora_B");
  return fmt::format("{}{}{}", peft_prefix, name, is_module && !of_adalora ? ".weight" : "");
}

}  // namespace

std::map<std::string, Tensor> by_peft_keys(nn::Pretrained& model, Of of) {
  std::set<std::string> wrapped;  // linear layers
  bool is_adalora = false;
  model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    if (!dynamic_cast<nn::Linear*>(slot.get())) wrapped.insert(name);
    if (dynamic_cast<AdaLora*>(slot.get())) is_adalora = true;
  });
  std::map<std::string, Tensor> tensors;
  std::map<std::string, const Tensor*> of_base;
  model.visit("", [&](const std::string& name, Parameter& p) {
    const Tensor& tensor = of == Of::values ? p.value : p.grad;
    if (!p.trainable || (of == Of::gradients && tensor.empty())) return;
    if (is_factor(name))
      tensors[factor_key(name, is_adalora)] = tensor;
    else
      of_base[name_in_base(name)] = &tensor;
  });
  const std::string prefix = model.sizes.prompt > 0 ? "base_model." : std::string(peft_prefix);
  for (auto& [name, tensor] : nn::as_stored(model.stored, of_base)) {
    std::string key = prefix + name;
    if (wrapped.contains(name.substr(0, name.rfind('.'))))
      key.insert(key.rfind('.'), ".base_layer");
    tensors[key] = std::move(tensor);
  }
  return tensors;
}

namespace {

// PiSSA as LoRA of twice the rank: s is what it was, so α grows as what it is divided by.
void double_pissa(nn::Pretrained& model, std::vector<Adapted>& all,
                  std::map<std::string, Tensor>& tensors) {
  model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    const auto* layer = dynamic_cast<Pissa*>(slot.get());
    if (!layer) return;
    const std::string key = std::string(peft_prefix) + name;
    tensors[key + ".lora_A.weight"] = layer->doubled_a();
    tensors[key + ".lora_B.weight"] = layer->doubled_b();
  });
  for (Adapted& one : all) {
    if (one.type != PeftType::pissa) continue;
    one.type = PeftType::lora;
    one.spec.alpha *= one.spec.scaling == Scaling::alpha_over_r ? 2 : std::sqrt(2.0);
    one.spec.rank *= 2;
  }
}

// The pieces of one module as one. α/r, or α/√r, stays what it was.
Adapted joined_in(const std::string& module, const std::vector<Adapted>& of_module,
                  const nn::StoredParameters& stored, std::map<std::string, Tensor>& tensors) {
  const Adapted& first = of_module.front();
  std::vector<Piece> pieces;
  for (const Adapted& one : of_module) {
    const double s = scale(one.spec.scaling, one.spec.alpha, one.spec.rank);
    if (one.type != PeftType::lora || one.spec.scaling != first.spec.scaling ||
        (!pieces.empty() && s != pieces.front().scale))
      throw AdapterError(
          fmt::format("{} and {} are one module for PEFT, and have other methods or scales",
                      first.name, one.name));
    const std::string key = std::string(peft_prefix) + one.name;
    pieces.push_back({stored.at(one.name + ".weight").begin,
                      tensors.extract(key + ".lora_A.weight").mapped().m,
                      tensors.extract(key + ".lora_B.weight").mapped().m, s});
  }
  const nn::Shape whole = stored.at(first.name + ".weight").shape;  // (in,out)
  JoinedPieces joined = join(pieces, whole[1]);
  Adapted one{module, PeftType::lora, first.spec};
  one.spec.rank = joined.A.rows();
  const auto r = static_cast<double>(one.spec.rank);
  one.spec.alpha = joined.scale * (first.spec.scaling == Scaling::alpha_over_r ? r : std::sqrt(r));
  const std::string key = std::string(peft_prefix) + module;
  tensors[key + ".lora_A.weight"] = std::move(joined.A);
  tensors[key + ".lora_B.weight"] = std::move(joined.B);
  return one;
}

// Projections that are pieces of one stored matrix are one module for PEFT.
void join_pieces(const nn::StoredParameters& stored, std::vector<Adapted>& all,
                 std::map<std::string, Tensor>& tensors) {
  std::vector<Adapted> joined;
  std::map<std::string, std::vector<Adapted>> pieces;  // by the module that they are pieces of
  for (const Adapted& one : all) {
    const auto found = stored.find(one.name + ".weight");
    if (found == stored.end() || found->second.rows == 0)
      joined.push_back(one);
    else
      pieces[one.name.substr(0, one.name.rfind('.'))].push_back(one);
  }
  for (const auto& [module, of_module] : pieces)
    joined.push_back(joined_in(module, of_module, stored, tensors));
  all = std::move(joined);
}

// Whether PEFT's name of a stored module is that of a place: c_attn of its pieces, too.
std::set<std::string> modules_of(nn::Pretrained& model) {
  std::set<std::string> modules;
  const auto add = [&](const std::string& name) {
    const auto stored = model.stored.find(name + ".weight");
    const std::string& full = stored == model.stored.end() ? name + ".weight" : stored->second.name;
    modules.insert(full.substr(0, full.rfind('.')));
  };
  model.visit_slots("", [&](const std::string& name, auto&) { add(name); });
  model.visit_tables([&](const std::string& name, auto&) { add(name); });
  return modules;
}

void set_common(PeftConfig& config, const std::vector<Adapted>& all) {
  config.spec = all.front().spec;
  for (const Adapted& one : all) {
    if (one.spec.scaling != config.spec.scaling || one.spec.dropout != config.spec.dropout)
      throw AdapterError(
          fmt::format("{} and {} differ in scaling or dropout, of which an adapter has "
                      "only one",
                      all.front().name, one.name));
    const bool same = one.spec.rank == config.spec.rank && one.spec.alpha == config.spec.alpha;
    if (!same && config.type == PeftType::adalora)
      throw AdapterError(fmt::format("{} and {} differ in rank or alpha, of which AdaLoRA has one",
                                     all.front().name, one.name));
    if (one.spec.rank != config.spec.rank)
      config.rank_pattern.emplace_back(one.name, one.spec.rank);
    if (one.spec.alpha != config.spec.alpha)
      config.alpha_pattern.emplace_back(one.name, one.spec.alpha);
  }
}

void collect_variants(nn::Pretrained& model, PortableAdapter& adapter) {
  PeftConfig& config = adapter.config;
  const VeraMatrices* shared = nullptr;
  model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    if (auto* layer = dynamic_cast<AdaLora*>(slot.get())) {
      const Index left = layer->E.value.rows();
      if (left == layer->spec.rank) return;
      std::vector<bool>& kept = config.kept[name];  // which they were, nobody asks any more
      for (Index i = 0; i < layer->spec.rank; ++i) kept.push_back(i < left);
    }
    if (auto* layer = dynamic_cast<Vera*>(slot.get())) {
      if (shared && shared != layer->shared.get())
        throw AdapterError(fmt::format("{} has other matrices of VeRA than those before", name));
      shared = layer->shared.get();
    }
  });
  if (!shared) return;
  adapter.tensors["base_model.vera_A"] = {shared->A.value};
  adapter.tensors["base_model.vera_B"] = {shared->B.value};
}

// Whole modules that train, and biases of what is wrapped. Anything else would be lost.
void describe_beside(nn::Pretrained& model, const std::vector<Adapted>& all,
                     PortableAdapter& adapter) {
  PeftConfig& config = adapter.config;
  const std::string prefix = config.prompt > 0 ? "base_model." : std::string(peft_prefix);
  std::set<std::string> stored, whole;
  for (const auto& [parameter, place] : model.stored) stored.insert(place.name);
  Index biases = 0, targets_with_bias = 0;
  for (const Adapted& one : all)
    if (stored.contains(one.name + ".bias")) ++targets_with_bias;
  for (const auto& [key, tensor] : adapter.tensors) {
    if (key.ends_with(".base_layer.bias")) ++biases;
    const std::string name = key.starts_with(prefix) ? key.substr(prefix.size()) : "";
    if (stored.contains(name)) whole.insert(name.substr(0, name.rfind('.')));
  }
  // Of all biases every one trains, those of what is wrapped under a name of their own.
  const bool all_biases =
      biases == targets_with_bias && std::ranges::all_of(stored, [&](const std::string& name) {
        const auto [module, end] =
            std::pair(name.substr(0, name.rfind('.')), name.substr(name.rfind('.')));
        return !name.ends_with(".bias") || adapter.tensors.contains(prefix + name) ||
               adapter.tensors.contains(prefix + module + ".base_layer" + end);
      });
  const bool any_bias = std::ranges::any_of(
      adapter.tensors, [](const auto& one) { return one.first.ends_with(".bias"); });
  if (any_bias && all_biases)
    config.biases = Biases::all;
  else if (biases > 0)
    config.biases = Biases::of_targets;
  if (biases > 0 && biases != targets_with_bias)
    throw AdapterError(fmt::format("{} of {} biases of wrapped layers train; PEFT has all or none",
                                   biases, targets_with_bias));
  if (config.biases == Biases::all)
    std::erase_if(whole, [&](const std::string& module) {
      return !adapter.tensors.contains(prefix + module + ".weight");
    });
  std::set<std::string> saved;
  for (const std::string& module : whole) {
    const std::string head = module.substr(0, module.find('.'));
    saved.insert(head == "classifier" || head == "score" ? head : module);
  }
  config.saved_modules = {saved.begin(), saved.end()};
  for (const std::string& name : stored)
    if (is_saved_module(config, name) && !adapter.tensors.contains(prefix + name))
      throw AdapterError(fmt::format("PEFT would save {} too, which does not train", name));
}

// Pieces that are joined, or PiSSA's two halves, may have a rank that no reader of ours would take.
void check_ranks(const PortableAdapter& adapter) {
  for (const auto& [key, A] : adapter.tensors) {
    constexpr std::string_view end = ".lora_A.weight";
    if (!key.ends_with(end)) continue;
    const std::string module = key.substr(0, key.size() - end.size());
    const Index r = A.value.rows(), in = A.value.cols();
    const Index out = adapter.tensors.at(module + ".lora_B.weight").value.rows();
    if (r > std::min(in, out))
      throw AdapterError(fmt::format("{} would have the rank {}, above the smaller of {} and {}",
                                     module.substr(peft_prefix.size()), r, in, out));
  }
}

}  // namespace

PortableAdapter collect(nn::Pretrained& model, double orthogonality) {
  std::vector<Adapted> all = all_adapted(model);
  std::map<std::string, Tensor> tensors = by_peft_keys(model, Of::values);
  double_pissa(model, all, tensors);
  join_pieces(model.stored, all, tensors);

  PortableAdapter adapter;
  PeftConfig& config = adapter.config;
  config.type = all.front().type;
  config.prompt = model.sizes.prompt;
  for (auto& [key, tensor] : tensors) adapter.tensors[key] = {std::move(tensor)};
  if (config.type != PeftType::prompt) {
    set_common(config, all);
    std::set<std::string> names;
    for (const Adapted& one : all) names.insert(one.name);
    config.targets.names = shortest_targets(names, modules_of(model));
    for (const Adapted& one : all) {
      const auto weight = model.stored.find(one.name + ".weight");
      if (weight == model.stored.end() || weight->second.transposed) config.fan_in_fan_out = true;
    }
  }
  if (config.type == PeftType::adalora) config.orthogonality = orthogonality;
  collect_variants(model, adapter);
  describe_beside(model, all, adapter);
  check_ranks(adapter);
  const bool saves_head = !config.saved_modules.empty() && model.head == nn::Head::classifier;
  if (model.head == nn::Head::causal) config.task = "CAUSAL_LM";
  if (saves_head) config.task = "SEQ_CLS";
  return adapter;
}

static Var whole_loss(const nn::Pass& pass, nn::Pretrained& model, const PeftConfig& config,
                      Var loss) {
  std::vector<AdaLora*> layers;
  model.visit_slots("", [&](const std::string&, std::unique_ptr<nn::Projection>& slot) {
    if (auto* layer = dynamic_cast<AdaLora*>(slot.get())) layers.push_back(layer);
  });
  if (layers.empty()) return loss;
  return autograd::add(loss, autograd::scale(orthogonality(pass, layers), config.orthogonality));
}

std::map<std::string, Tensor> adapted_step(nn::Pretrained& model, const nn::LabelledInputs& given,
                                           const PeftConfig& config) {
  auto values = nn::step_values(model, given, [&](const nn::Pass& pass, Var loss) {
    return whole_loss(pass, model, config, loss);
  });
  if (!values.contains("loss")) return values;
  for (auto& [key, gradient] : by_peft_keys(model, Of::gradients))
    values["grad." + key] = std::move(gradient);
  return values;
}

}  // namespace lora::inline LOWRANK_PRECISION
