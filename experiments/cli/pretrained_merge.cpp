#include <fmt/format.h>

#include "experiments/cli/pretrained.h"
#include "experiments/cli/pretrained_source.h"
#include "experiments/harness/output.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace fs = std::filesystem;

// What libraries look for beside a model's weights, so that what is written can take its place. All
// else in the folder stays there: it may be anything.
static std::map<std::string, std::string> companions_of(const fs::path& folder) {
  std::map<std::string, std::string> texts;
  for (const char* name :
       {"generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt",
        "tokenizer.model", "spm.model", "chat_template.jinja"}) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / name, ignored)) texts[name] = nn::read_file(folder / name);
  }
  return texts;
}

int merge_pretrained(const PretrainedMerge& given) {
  check_out(given.out, 0);
  const nn::ModelFolder folder(given.model);
  const auto model = load_pretrained(folder, given.adapter).model;
  const lora::Folded folded = lora::fold(*model);
  const auto companions =
      companions_of(given.model);  // what cannot be read ends it before it begins
  folder.save(given.out, *model);
  std::vector<std::string> copied;
  for (const auto& [name, text] : companions) {
    nn::write_file_atomically(given.out / name, text);
    copied.push_back(name);
  }
  if (given.json) {
    print_out("{}", json_line({{"adapter", given.adapter.string()},
                               {"model", given.model.string()},
                               {"out", given.out.string()},
                               {"projections", folded.matrices},
                               {"copied", copied},
                               {"absolute_error", nn::number_json(folded.error.absolute)},
                               {"relative_error", nn::number_json(folded.error.relative)}}));
    return 0;
  }
  print_out(
      "{} matrices of {} merged with {} into {}, names and types as they came\n"
      "rounding the merged weights to float once: at most {:.3g} absolute, {:.3g} relative\n"
      "files of its tokenizer and the like that were copied: {}\n",
      folded.matrices, given.model.string(), given.adapter.string(), given.out.string(),
      folded.error.absolute, folded.error.relative, copied.size());
  return 0;
}

}  // namespace experiments::cli
