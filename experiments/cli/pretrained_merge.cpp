#include <fmt/format.h>

#include "experiments/cli/pretrained.h"
#include "experiments/cli/pretrained_source.h"
#include "experiments/harness/output.h"
#include "lora/merge.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace fs = std::filesystem;

// What libraries look for beside a model's weights, so that what is written can take its place. All
// else in the folder stays there: it may be anything.
static std::vector<std::string> copy_companions(const fs::path& from, const fs::path& to) {
  std::vector<std::string> copied;
  for (const char* name :
       {"generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt",
        "tokenizer.model", "spm.model", "chat_template.jinja"}) {
    std::error_code ignored;
    if (!fs::is_regular_file(from / name, ignored)) continue;
    nn::write_file_atomically(to / name, nn::read_file(from / name));
    copied.push_back(name);
  }
  return copied;
}

int merge_pretrained(const PretrainedMerge& given) {
  check_out(given.out, 0);
  const nn::ModelFolder folder(given.model);
  const auto model = load_pretrained(folder, given.adapter);
  const std::size_t projections = lora::lora_layers(*model).size();
  const lora::MergeError error = lora::merge(*model);
  lora::unwrap(*model);
  folder.save(given.out, *model);
  const std::vector<std::string> copied = copy_companions(given.model, given.out);
  if (given.json) {
    print_out("{}", json_line({{"adapter", given.adapter.string()},
                               {"model", given.model.string()},
                               {"out", given.out.string()},
                               {"projections", projections},
                               {"copied", copied},
                               {"absolute_error", nn::number_json(error.absolute)},
                               {"relative_error", nn::number_json(error.relative)}}));
    return 0;
  }
  print_out(
      "{} projections of {} merged with {} into {}, names and types as they came\n"
      "rounding the merged weights to float once: at most {:.3g} absolute, {:.3g} relative\n"
      "files of its tokenizer and the like that were copied: {}\n",
      projections, given.model.string(), given.adapter.string(), given.out.string(), error.absolute,
      error.relative, copied.size());
  return 0;
}

}  // namespace experiments::cli
