#include <fmt/format.h>

#include "experiments/cli/pretrained.h"
#include "experiments/cli/pretrained_source.h"
#include "experiments/harness/output.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace fs = std::filesystem;

int merge_pretrained(const PretrainedMerge& given) {
  check_out(given.out, 0);
  const nn::ModelFolder folder(given.model);
  const auto [model, adapter, labels] = load_pretrained(folder, given.adapter);
  const lora::Folded folded = lora::fold(*model);
  const auto companions =
      companions_of(given.model);  // what cannot be read ends it before it begins
  // A classifier that came with the adapter is none of the folder's tensors.
  if (model->head == nn::Head::classifier && folder.head() != nn::Head::classifier)
    folder.save_classifier(given.out, *model, labels_or_numbers(labels, model->sizes.labels));
  else
    folder.save(given.out, *model);
  const std::vector<std::string> copied = write_companions(companions, given.out);
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
