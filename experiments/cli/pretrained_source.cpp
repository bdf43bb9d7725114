#include "experiments/cli/pretrained_source.h"

#include <fmt/format.h>

#include <set>

#include "experiments/cli/command_line.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

// As many labels as a classifier has that was saved with the adapter; 0 without one.
static nn::Index saved_labels(const lora::PortableAdapter& adapter) {
  for (const char* name : {"classifier.weight", "classifier.out_proj.weight", "score.weight"}) {
    const auto found = adapter.tensors.find(fmt::format("{}{}", lora::peft_prefix, name));
    if (found != adapter.tensors.end()) return found->second.value.shape[0];
  }
  return 0;
}

static void check_base(const nn::ModelFolder& folder, const lora::PortableAdapter& adapter,
                       const std::filesystem::path& path) {
  const auto recorded = adapter.metadata.find(base_key);
  if (recorded == adapter.metadata.end()) return;
  if (const std::string here = folder.fingerprint(); here != recorded->second)
    throw lora::AdapterError(path,
                             fmt::format("it was trained on another model: fingerprint {}, not {}",
                                         nn::plain(recorded->second), here));
}

static std::vector<std::string> labels_in(const lora::PortableAdapter& adapter,
                                          const std::filesystem::path& path) {
  const auto found = adapter.metadata.find(labels_key);
  if (found == adapter.metadata.end()) return {};
  std::vector<std::string> labels;
  const nn::Json names = nn::parse_json(found->second);
  for (const nn::Json& name : names) {
    if (!names.is_array() || !name.is_string())
      throw lora::AdapterError(
          path,
          fmt::format("its labels are {}, where a list of names is wanted", nn::shown(names)));
    labels.push_back(name.get<std::string>());
  }
  return labels;
}

static void check_labels(const Loaded& loaded, const std::filesystem::path& path) {
  const std::vector<std::string>& labels = loaded.labels;
  if (labels.empty()) return;
  const auto count = static_cast<std::size_t>(loaded.model->sizes.labels);
  if (labels.size() != count)
    throw lora::AdapterError(
        path, fmt::format("{} labels are named, and its classifier has {}", labels.size(), count));
  if (std::set(labels.begin(), labels.end()).size() != count)
    throw lora::AdapterError(path, "a label is named twice");
}

Loaded load_pretrained(const nn::ModelFolder& folder, const std::filesystem::path& adapter,
                       const nn::ModelOptions& options) {
  if (adapter.empty()) return {folder.load(options), {}, folder.label_names()};
  if (lora::says_its_base(adapter)) {
    lora::describe_adapter(adapter);
    Loaded loaded{folder.load(options), {}, folder.label_names()};
    lora::load_adapter(adapter, *loaded.model);
    return loaded;
  }
  const lora::PortableAdapter read = lora::read_peft(adapter);
  check_base(folder, read, adapter);
  nn::ModelOptions with_head = options;
  if (folder.head() != nn::Head::classifier) with_head.new_labels = saved_labels(read);
  Loaded loaded{folder.load(with_head), read.config, labels_in(read, adapter)};
  lora::attach(*loaded.model, read, adapter);
  if (loaded.labels.empty()) loaded.labels = folder.label_names();
  check_labels(loaded, adapter);
  return loaded;
}

std::string about(const nn::ModelFolder& folder, nn::Pretrained& model) {
  const nn::Sizes& sizes = model.sizes;
  return fmt::format(
      "{}, {}: {} layers of width {}, {} words, at most {} positions; {} parameters, of which {} "
      "train",
      folder.model_type(), to_string(model.head), sizes.layers, sizes.width, sizes.vocabulary,
      sizes.positions, nn::count(nn::parameters(model)),
      nn::count(nn::trainable_parameters(model)));
}

std::map<std::string, std::string> companions_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> texts;
  for (const char* name :
       {"generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt",
        "tokenizer.model", "spm.model", "chat_template.jinja"}) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(folder / name, ignored))
      texts[name] = nn::read_file(folder / name);
  }
  return texts;
}

std::vector<std::string> write_companions(const std::map<std::string, std::string>& companions,
                                          const std::filesystem::path& out) {
  std::vector<std::string> written;
  for (const auto& [name, text] : companions) {
    nn::write_file_atomically(out / name, text);
    written.push_back(name);
  }
  return written;
}

std::vector<std::string> labels_or_numbers(const std::vector<std::string>& names, nn::Index count) {
  std::vector<std::string> labels = names;
  for (nn::Index i = 0; labels.empty() || std::ssize(labels) < count; ++i)
    labels.push_back(fmt::format("LABEL_{}", i));
  return labels;
}

void check_out(const std::filesystem::path& out, std::size_t bytes) {
  refuse_to_replace("--out", out);
  nn::check_writable(out, bytes);
}

}  // namespace experiments::cli
