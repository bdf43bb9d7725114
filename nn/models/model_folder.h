#pragma once

#include <filesystem>

#include "nn/files/safetensors.h"
#include "nn/models/pretrained.h"

/// Models as the world stores them: a folder with config.json and model.safetensors, or shards of it
/// with model.safetensors.index.json.
namespace nn::inline LOWRANK_PRECISION {

/// A folder that is no model, not a whole one, or one that is not computed here; the message is one
/// line.
struct ModelError : std::runtime_error {
  using std::runtime_error::runtime_error;
  ModelError(const std::filesystem::path& path, std::string_view what);  ///< "path: what"
};

struct ModelOptions {
  /// GPT-2's c_attn as three projections, c_attn.q, .k and .v, in place of one.
  bool split_c_attn = false;
  /// Above 0: a classifier of so many labels, whatever the folder's model says of its last state. Its
  /// classifier is new, RandomWeights of `seed`; a pooler is the folder's, where it has one.
  Index new_labels = 0;
  std::uint64_t seed = 1;
  /// In 16 bits matrices take half the memory, frozen (nn/half.h). Of a file of the same type they
  /// have its bits, of another its values rounded.
  Frozen frozen = Frozen::f32;
};

/// What is in a folder; of the weights only the headers are in memory.
class ModelFolder {
 public:
  /// Throws ModelError; nn::FileError and nn::SafetensorsError.
  explicit ModelFolder(std::filesystem::path folder);

  /// The model, with one tensor at a time in memory beside it. Tensors may be F32, F64, F16 or BF16,
  /// with or without the name of the model before theirs, and a norm's called gamma and beta. Throws
  /// ModelError for a configuration that is not computed here, and for tensors that are missing,
  /// have another shape or type, or mean nothing to the model, all together; and for a value that
  /// options.frozen has no number for.
  std::unique_ptr<Pretrained> load(const ModelOptions& options = {}) const;

  /// The same configuration with random weights (RandomWeights).
  std::unique_ptr<Pretrained> random(std::uint64_t seed, const ModelOptions& options = {}) const;

  /// Writes the folder once more to `out`, with the values that the model has now in the place of
  /// those it was loaded with: names, shapes, types and all else as they came, so that what did not
  /// change has the same bytes. The model has no wrapped projections. Throws ModelError, also where a
  /// value is no number of the stored type, before anything is written; nn::FileError; and
  /// std::logic_error where the model's weights are in 16 bits.
  void save(const std::filesystem::path& out, Pretrained& model) const;

  /// The same of a model with a new classifier, or another one: one file of weights under the full
  /// names, each of the type that it has in the folder, new ones F32, and a configuration that names
  /// the labels, in their order. Throws also std::invalid_argument for a model that is no classifier
  /// of so many labels.
  void save_classifier(const std::filesystem::path& out, Pretrained& model,
                       const std::vector<std::string>& labels) const;

  bool has(const std::string& tensor) const { return find(tensor).has_value(); }
  /// An id of the configuration, such as "pad_token_id"; throws ModelError where it is none.
  std::optional<int> id(const char* name) const;

  /// Of the weights but a classifier's, whatever the types and files that they are stored in: equal
  /// for equal numbers. Reads them all, one after the other. Throws as load.
  std::string fingerprint() const;

  const std::string& model_type() const { return model_type_; }
  /// What the folder's model says of its last state; throws ModelError as load.
  Head head() const;
  /// The names of a classifier's labels in the order of its logits, where the configuration has
  /// them ("id2label"); else none. Throws ModelError for an "id2label" that is none.
  std::vector<std::string> label_names() const;

 private:
  struct Shard {
    std::filesystem::path path;
    SafetensorsFile header;
  };
  struct Place {
    const Shard* shard = nullptr;
    std::string name;  ///< as it is stored
  };
  friend class FolderWeights;

  std::unique_ptr<Pretrained> make(Weights& weights, const ModelOptions& options) const;
  std::optional<Place> find(const std::string& name) const;
  void check_tensors(const Pretrained& model, const ModelOptions& options) const;

  std::filesystem::path folder_;
  std::string config_, model_type_;
  std::optional<std::string> index_;  ///< the text of model.safetensors.index.json
  std::vector<std::unique_ptr<Shard>> shards_;
};

/// What a parameter's values are in a checkpoint: the tensors of `values`, by the names of
/// parameters, as stored tensors by theirs. The parts of a tensor that none gives are zero.
std::map<std::string, Tensor> as_stored(const StoredParameters& stored,
                                        const std::map<std::string, const Tensor*>& values);

}  // namespace nn::inline LOWRANK_PRECISION
