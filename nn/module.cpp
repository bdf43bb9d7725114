#include "nn/module.h"

#include "nn/half.h"

namespace nn::inline LOWRANK_PRECISION {

std::string join(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

std::vector<Parameter*> parameters(Module& module) {
  std::vector<Parameter*> all;
  module.visit("", [&](const std::string&, Parameter& p) { all.push_back(&p); });
  return all;
}

std::vector<Parameter*> trainable_parameters(Module& module) {
  std::vector<Parameter*> all = parameters(module);
  std::erase_if(all, [](const Parameter* p) { return !p->trainable; });
  return all;
}

void name_parameters(Module& module) {
  module.visit("", [](const std::string& name, Parameter& p) { p.name = name; });
}

void set_trainable(Module& module, bool trainable) {
  for (Parameter* p : parameters(module)) {
    if (trainable) unpack(*p);  // what trains is in floats
    p->trainable = trainable;
    if (!trainable) p->free_grad();  // a frozen weight has no gradient tensor
  }
}

Index count(const std::vector<Parameter*>& parameters) {
  Index n = 0;
  for (const Parameter* p : parameters) n += shape(*p).size();
  return n;
}

}  // namespace nn::inline LOWRANK_PRECISION
