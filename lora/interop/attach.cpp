#include "lora/interop/attach.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "lora/interop/model_places.h"
#include "lora/interop/targets.h"
#include "lora/variants/adalora.h"
#include "lora/variants/dora.h"
#include "lora/variants/lora_embedding.h"
#include "lora/variants/pissa.h"
#include "lora/variants/prompt_table.h"
#include "lora/variants/vera.h"
#include "nn/files/json.h"

namespace lora::inline LOWRANK_PRECISION {
namespace {

constexpr std::uint64_t any_seed = 0;  // what it draws is overwritten

// What an adapter changes in a model, and the tensors that say how.
struct Plan {
  std::vector<ChosenPlace> places;
  std::map<std::string, std::string>
      beside;  // stored tensors of the base it replaces, and its keys
  std::map<std::string, std::string> tables;  // the same of tables under LoRA, which stay frozen
  nn::Shapes wanted;                          // by key
};

// Of AdaLoRA: how many directions are left.
Index directions_left(const PeftConfig& config, const ChosenPlace& chosen) {
  const auto found = config.kept.find(chosen.place.name);
  if (found == config.kept.end()) return chosen.spec.rank;
  if (static_cast<Index>(found->second.size()) != chosen.spec.rank)
    throw std::invalid_argument(fmt::format("\"rank_pattern\" has {} directions for {}, not {}",
                                            found->second.size(), chosen.place.name,
                                            chosen.spec.rank));
  return std::count(found->second.begin(), found->second.end(), true);
}

void want_factors(const PeftConfig& config, const ChosenPlace& chosen, nn::Shapes& wanted) {
  const auto& [name, in, out, is_table] = chosen.place;
  const std::string module = fmt::format("{}{}.", peft_prefix, name);
  const Index r = chosen.spec.rank;
  if (is_table && config.type != PeftType::lora)
    throw std::invalid_argument(
        fmt::format("{} of the table {} is not supported", to_string(config.type), name));
  LoraSpec spec = chosen.spec;
  if (config.type == PeftType::vera) spec.rank = 1;  // its matrices may have any number of rows
  check(spec, in, out, name);
  if (is_table) {
    wanted[module + "lora_embedding_A"] = {r, in};
    wanted[module + "lora_embedding_B"] = {out, r};
    return;
  }
  switch (config.type) {
    case PeftType::vera:
      wanted[module + "vera_lambda_b"] = {out};
      wanted[module + "vera_lambda_d"] = {r};
      break;
    case PeftType::adalora: {
      const Index n = directions_left(config, chosen);
      wanted[module + "lora_A"] = {n, in};
      wanted[module + "lora_B"] = {out, n};
      wanted[module + "lora_E"] = {n, 1};
      break;
    }
    default:
      wanted[module + "lora_A.weight"] = {r, in};
      wanted[module + "lora_B.weight"] = {out, r};
      if (config.type == PeftType::dora) wanted[module + "lora_magnitude_vector"] = {out};
  }
}

// The two matrices of VeRA are as large as the largest of its places.
void want_shared(const PeftConfig& config, Plan& plan, const PortableAdapter& adapter) {
  Index in = 0, out = 0;
  for (const ChosenPlace& chosen : plan.places)
    in = std::max(in, chosen.place.in), out = std::max(out, chosen.place.out);
  plan.wanted["base_model.vera_A"] = {config.spec.rank, in};
  plan.wanted["base_model.vera_B"] = {out, config.spec.rank};
  if (!adapter.tensors.contains("base_model.vera_A"))
    throw std::invalid_argument(
        "it was saved without its two matrices (\"save_projection\" = false), which PyTorch's random "
        "numbers made");
}

// PEFT replaces a table that is saved whole, and leaves a head that is tied to it what it was.
void check_is_not_tied(nn::Pretrained& model, const std::string& tensor) {
  if (is_tied(model) && tensor == word_table(model) + ".weight")
    throw std::invalid_argument(fmt::format(
        "\"modules_to_save\" has {}, to which the head is tied: not supported", word_table(model)));
}

// PEFT saves the table of words whole beside its A and B.
void want_tables(const PortableAdapter& adapter, Plan& plan) {
  for (const ChosenPlace& chosen : plan.places) {
    const auto& [name, rows, width, is_table] = chosen.place;
    const std::string key = fmt::format("{}{}.base_layer.weight", peft_prefix, name);
    if (!is_table || !adapter.tensors.contains(key)) continue;
    plan.tables[name + ".weight"] = key;
    plan.wanted[key] = {rows, width};
  }
}

// Another key of the same bias, "" where there is none: that of a masked head's words has two names in
// transformers, and that of a module which is saved whole has two in PEFT, which saves both.
std::string twin_of(const std::string& key) {
  for (const auto& [part, instead] :
       {std::pair{".decoder.bias", ".bias"}, std::pair{".modules_to_save.bias", ".bias"}})
    if (key.ends_with(part))
      return key.substr(0, key.size() - std::string_view(part).size()) + instead;
  return "";
}

// What "bias" = "all" saves twice, and the base's biases of modules that were replaced.
void want_twins(const PortableAdapter& adapter, Plan& plan) {
  for (const auto& [key, tensor] : adapter.tensors) {
    if (key.ends_with(".original_module.bias")) plan.wanted[key] = tensor.value.shape;
    const std::string twin = twin_of(key);
    if (twin.empty() || plan.wanted.contains(key) || !plan.wanted.contains(twin)) continue;
    const auto other = adapter.tensors.find(twin);
    if (other == adapter.tensors.end() || other->second.value.m != tensor.value.m)
      throw std::invalid_argument(fmt::format("{} and {} are one bias here, and differ",
                                              nn::printable(key), nn::printable(twin)));
    plan.wanted[key] = tensor.value.shape;
  }
}

// Modules and biases that the adapter has of its own.
void want_beside(nn::Pretrained& model, const PortableAdapter& adapter, Plan& plan) {
  const PeftConfig& config = adapter.config;
  const bool is_prompt = config.type == PeftType::prompt;
  std::set<std::string> linears;
  for (const ChosenPlace& chosen : plan.places) linears.insert(chosen.place.name);
  for (const auto& [parameter, stored] : model.stored) {
    const std::string& name = stored.name;
    const bool is_bias = name.ends_with(".bias");  // not q_bias and v_bias of DeBERTa
    const bool of_target = is_bias && linears.contains(name.substr(0, name.rfind('.')));
    const bool is_saved = is_saved_module(config, name);
    if (is_saved) check_is_not_tied(model, name);
    if (!is_saved && !(config.biases == Biases::all && is_bias) &&
        !(config.biases == Biases::of_targets && of_target))
      continue;
    std::string key = (is_prompt ? "base_model." : std::string(peft_prefix)) + name;
    if (of_target) key.insert(key.rfind('.'), ".base_layer");
    plan.beside[name] = key;
    plan.wanted[key] = stored.shape;
  }
  if (config.biases == Biases::all) want_twins(adapter, plan);
  if (!config.saved_modules.empty() && plan.beside.empty())
    throw std::invalid_argument(
        fmt::format("\"modules_to_save\" = {} matches no module of the model",
                    nn::plain(fmt::format("{}", fmt::join(config.saved_modules, ", ")))));
}

Plan plan_of(nn::Pretrained& model, const PortableAdapter& adapter) {
  const PeftConfig& config = adapter.config;
  Plan plan;
  if (config.type == PeftType::prompt) {
    plan.wanted["prompt_embeddings"] = {config.prompt, model.sizes.width};
    if (config.prompt >= model.sizes.positions)
      throw std::invalid_argument(fmt::format("a prompt of {} for a model of {} positions",
                                              config.prompt, model.sizes.positions));
  } else {
    plan.places = choose(config, places_of(model));
    for (const ChosenPlace& chosen : plan.places) want_factors(config, chosen, plan.wanted);
  }
  if (config.type == PeftType::vera) want_shared(config, plan, adapter);
  want_tables(adapter, plan);
  want_beside(model, adapter, plan);
  const std::string wrong = tensor_difference(adapter.tensors, plan.wanted);
  if (!wrong.empty()) throw std::invalid_argument(wrong);
  return plan;
}

/// The tensors of an adapter in the place of some of a checkpoint's.
class BesideWeights final : public nn::Weights {
 public:
  BesideWeights(const PortableAdapter& adapter, const std::map<std::string, std::string>& keys)
      : adapter_(adapter), keys_(keys) {}

 private:
  Tensor read(const std::string& name, const nn::Shape&) override {
    return adapter_.tensors.at(keys_.at(name)).value;
  }
  const PortableAdapter& adapter_;
  const std::map<std::string, std::string>& keys_;
};

/// Wraps the places of a plan, one after the other.
class Wrapper {
 public:
  /// What may throw does so here.
  Wrapper(nn::Pretrained& model, const Plan& plan, const PortableAdapter& adapter,
          const AttachOptions& options)
      : adapter_(adapter) {
    if (adapter.config.type == PeftType::vera) {
      vera_ = std::make_shared<VeraMatrices>(1, 1, 1, any_seed);
      vera_->A.value = adapter.tensors.at("base_model.vera_A").value;
      vera_->B.value = adapter.tensors.at("base_model.vera_B").value;
    }
    if (adapter.config.type == PeftType::pissa) find_starts(model, plan, options.pissa_start);
  }

  std::unique_ptr<nn::Projection> wrapped(std::unique_ptr<nn::Linear> linear,
                                          const ChosenPlace& chosen) const {
    const std::string& name = chosen.place.name;
    const LoraSpec& spec = chosen.spec;
    const auto of = [&](const char* factor) { return tensor(adapter_, name, factor); };
    switch (adapter_.config.type) {
      case PeftType::vera: {
        auto layer = std::make_unique<Vera>(std::move(linear), vera_, spec.dropout);
        layer->lambda_b.value = of("vera_lambda_b"), layer->lambda_d.value = of("vera_lambda_d");
        return layer;
      }
      case PeftType::adalora: {
        LoraSpec of_layer =
            spec;  // in PEFT an alpha that is not above 0 means the rank that is left
        if (!(spec.alpha > 0)) of_layer.alpha = static_cast<double>(of("lora_E").rows());
        auto layer = std::make_unique<AdaLora>(std::move(linear), of_layer, any_seed, name);
        layer->A.value = of("lora_A"), layer->B.value = of("lora_B"), layer->E.value = of("lora_E");
        return layer;
      }
      case PeftType::dora: {
        auto layer = std::make_unique<Dora>(std::move(linear), spec, any_seed, name);
        layer->magnitude.value = of("lora_magnitude_vector");
        set_factors(layer->lora, name);
        return layer;
      }
      case PeftType::pissa: {
        auto layer = std::make_unique<Pissa>(std::move(linear), spec, name, starts_.at(name));
        set_factors(layer->lora, name);
        return layer;
      }
      default: {
        auto layer = std::make_unique<LoraLinear>(std::move(linear), spec, any_seed, name);
        set_factors(*layer, name);
        return layer;
      }
    }
  }

  std::unique_ptr<nn::Embedding> wrapped(nn::Embedding& table, const ChosenPlace& chosen) const {
    const std::string& name = chosen.place.name;
    auto layer = std::make_unique<LoraEmbedding>(table, chosen.spec, any_seed, name);
    layer->A.value = tensor(adapter_, name, "lora_embedding_A");
    layer->B.value = tensor(adapter_, name, "lora_embedding_B");
    return layer;
  }

 private:
  void find_starts(nn::Pretrained& model, const Plan& plan, const PortableAdapter* given) {
    model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
      const auto place = std::ranges::find_if(
          plan.places, [&](const ChosenPlace& c) { return c.place.name == name; });
      if (place == plan.places.end()) return;
      starts_[name] = given ? Pissa::Start{tensor(*given, name, "lora_A.weight"),
                                           tensor(*given, name, "lora_B.weight")}
                            : Pissa::start_of(linear_in(*slot), place->spec, name);
    });
  }

  static Tensor tensor(const PortableAdapter& adapter, const std::string& name,
                       const char* factor) {
    return adapter.tensors.at(fmt::format("{}{}.{}", peft_prefix, name, factor)).value;
  }
  void set_factors(LoraLinear& layer, const std::string& name) const {
    layer.A.value = tensor(adapter_, name, "lora_A.weight");
    layer.B.value = tensor(adapter_, name, "lora_B.weight");
  }

  const PortableAdapter& adapter_;
  std::map<std::string, Pissa::Start> starts_;  // of PiSSA, by module
  std::shared_ptr<VeraMatrices> vera_;
};

void check_start(const Plan& plan, const AttachOptions& options) {
  if (!options.pissa_start) return;
  const std::string wrong = tensor_difference(options.pissa_start->tensors, plan.wanted);
  if (!wrong.empty()) throw std::invalid_argument("its start: " + wrong);
}

}  // namespace

void attach(nn::Pretrained& model, const PortableAdapter& adapter, const AttachOptions& options) {
  check_has_no_adapter(model);
  const Plan plan = plan_of(model, adapter);
  check_start(plan, options);
  const Wrapper wrapper(model, plan, adapter, options);

  // Nothing below throws for want of anything but memory.
  nn::set_trainable(model, false);
  BesideWeights beside(adapter, plan.beside);
  model.visit("", [&](const std::string& name, Parameter& p) {
    const nn::Stored& stored = model.stored.at(name);
    p.trainable = plan.beside.contains(stored.name);
    if (p.trainable) p.set(beside.take(name, stored));
    if (const auto table = plan.tables.find(name); table != plan.tables.end())
      p.set(Tensor(adapter.tensors.at(table->second).value));
  });
  const auto chosen = [&](const std::string& name) {
    return std::ranges::find_if(plan.places,
                                [&](const ChosenPlace& c) { return c.place.name == name; });
  };
  model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    const auto place = chosen(name);
    if (place == plan.places.end()) return;
    std::unique_ptr<nn::Linear> linear(static_cast<nn::Linear*>(slot.release()));
    const bool bias_trains = linear->bias.trainable && plan.beside.contains(name + ".bias");
    slot = wrapper.wrapped(std::move(linear), *place);
    if (bias_trains) linear_in(*slot).bias.trainable = true;
  });
  model.visit_tables([&](const std::string& name, std::unique_ptr<nn::Embedding>& table) {
    if (const auto place = chosen(name); place != plan.places.end())
      table = wrapper.wrapped(*table, *place);
    if (adapter.config.type == PeftType::prompt && name == word_table(model))
      table = std::make_unique<PromptTable>(*table, adapter.tensors.at("prompt_embeddings").value);
  });
  model.sizes.prompt = adapter.config.prompt;
  nn::name_parameters(model);
}

void attach(nn::Pretrained& model, const PortableAdapter& adapter,
            const std::filesystem::path& folder, const AttachOptions& options) {
  try {
    attach(model, adapter, options);
  } catch (const std::invalid_argument& error) {
    throw AdapterError(folder, error.what());
  }
}

PeftConfig load_peft(const std::filesystem::path& folder, nn::Pretrained& model,
                     const AttachOptions& options) {
  const PortableAdapter adapter = read_peft(folder);
  attach(model, adapter, folder, options);
  return adapter.config;
}

}  // namespace lora::inline LOWRANK_PRECISION
