#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "lora/interop/pattern.h"
#include "lora/interop/peft_config.h"
#include "tests/fuzz/harnesses.h"

// The readers of other libraries' adapters, beside that of tensors, which is among the other harnesses.
namespace {

void require_of_adapter(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void require_line(const std::invalid_argument& error) {
  for (const char c : std::string_view(error.what()))
    require_of_adapter(c >= ' ' && c <= '~', "the message is not one line of ASCII");
}

// What is read and written is read as the same.
void peft_config(std::string_view text) {
  try {
    const std::string written = lora::to_json(lora::parse_peft_config(text));
    require_of_adapter(lora::to_json(lora::parse_peft_config(written)) == written,
                       "what was written is read as something else");
  } catch (const std::invalid_argument& error) {
    require_line(error);
  }
}

// Any expression is tried on any name, or refused.
void module_pattern(std::string_view text) {
  for (const char* name :
       {"", "model.layers.1.self_attn.q_proj", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    try {
      const lora::ModulePattern pattern(text);
      pattern.matches(name);
      pattern.last_group_at_start(name);
      lora::PatternKey(text).matches(name);
    } catch (const std::invalid_argument& error) {
      require_line(error);
    }
  }
}

constexpr Harness all[] = {
    {"peft_config", peft_config},
    {"module_pattern", module_pattern},
};

}  // namespace

std::span<const Harness> harnesses() { return all; }
