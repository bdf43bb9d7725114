#include <doctest/doctest.h>

#include <fstream>

#include "nn/files/file.h"
#include "nn/models/model_folder.h"
#include "tests/nn/temporary_folder.h"

// A classifier in the place of a checkpoint's own head, and what is written of it.
namespace new_classifier_test {

namespace fs = std::filesystem;

namespace {

const fs::path models = fs::path(LOWRANK_SOURCE_DIR) / "tests" / "data" / "models";

nn::Matrix value(nn::Pretrained& model, const std::string& name) {
  nn::Matrix found;
  model.visit("", [&](const std::string& n, nn::Parameter& p) {
    if (n == name) found = p.value.m;
  });
  return found;
}

}  // namespace

TEST_CASE("a new classifier is drawn, and all else is the folder's") {
  for (const char* name : {"bert", "bert-mlm", "roberta", "roberta-mlm", "deberta-v3", "gpt2"}) {
    CAPTURE(name);
    const nn::ModelFolder folder(models / name);
    const auto own = folder.load();
    const auto made = folder.load({.new_labels = 5, .seed = 7});
    CHECK(made->head == nn::Head::classifier);
    CHECK(made->sizes.labels == 5);
    std::map<std::string, nn::Matrix> of_own;
    own->visit("", [&](const std::string& n, nn::Parameter& p) { of_own[n] = p.value.m; });
    int compared = 0, drawn = 0;
    made->visit("", [&](const std::string& n, nn::Parameter& p) {
      const bool is_head = n.starts_with("classifier.") || n.starts_with("score.") ||
                           (n.find("pooler.") != n.npos && !folder.has(n));
      drawn += is_head && n.ends_with("weight");
      if (is_head) return;
      REQUIRE(of_own.contains(n));
      CHECK(of_own[n] == p.value.m);
      ++compared;
    });
    CHECK(compared > 10);
    CHECK(drawn >= 1);
    // Of the same seed the same, of another one another.
    const std::string weight = folder.model_type() == "gpt2"      ? "score.weight"
                               : folder.model_type() == "roberta" ? "classifier.out_proj.weight"
                                                                  : "classifier.weight";
    CHECK(value(*made, weight) == value(*folder.load({.new_labels = 5, .seed = 7}), weight));
    CHECK(value(*made, weight) != value(*folder.load({.new_labels = 5, .seed = 8}), weight));
  }
}

TEST_CASE("a classifier is written so that it is read again as it was") {
  const TemporaryFolder out;
  const nn::ModelFolder folder(models / "bert-mlm");
  const auto model = folder.load({.new_labels = 3});
  folder.save_classifier(out.path(), *model, {"yes", "no", "maybe"});
  const nn::ModelFolder written(out.path());
  CHECK(written.head() == nn::Head::classifier);
  CHECK(written.label_names() == std::vector<std::string>{"yes", "no", "maybe"});
  const auto again = written.load();
  std::map<std::string, nn::Matrix> before;
  model->visit("", [&](const std::string& n, nn::Parameter& p) { before[n] = p.value.m; });
  int compared = 0;
  again->visit("", [&](const std::string& n, nn::Parameter& p) {
    CHECK(before[n] == p.value.m);
    ++compared;
  });
  CHECK(compared == static_cast<int>(before.size()));
  CHECK_THROWS_AS(folder.save_classifier(out / "other", *model, {"yes", "no"}),
                  std::invalid_argument);
  CHECK_FALSE(fs::exists(out / "other"));
}

TEST_CASE("a fingerprint is of the numbers, not of the head or of how they are stored") {
  const nn::ModelFolder folder(models / "bert");
  const TemporaryFolder out;
  const auto model = folder.load({.new_labels = 3, .seed = 4});
  folder.save_classifier(out.path(), *model, {"a", "b", "c"});
  const auto other = folder.load({.new_labels = 3, .seed = 5});
  const TemporaryFolder out2;
  folder.save_classifier(out2.path(), *other, {"a", "b", "c"});
  const std::string print = nn::ModelFolder(out.path()).fingerprint();
  CHECK(print == nn::ModelFolder(out2.path()).fingerprint());
  // Control: one number of one matrix.
  other->visit("", [](const std::string& n, nn::Parameter& p) {
    if (n.ends_with("layer.0.attention.self.query.weight")) p.value.m(0, 0) += 1;
  });
  const TemporaryFolder out3;
  folder.save_classifier(out3.path(), *other, {"a", "b", "c"});
  CHECK(print != nn::ModelFolder(out3.path()).fingerprint());
}

TEST_CASE("labels are names, in the order of their numbers") {
  const TemporaryFolder out;
  const auto with = [&](const std::string& id2label) {
    std::ofstream(out / "config.json")
        << R"({"model_type": "bert", "id2label": )" << id2label << "}";
    return nn::ModelFolder(out.path()).label_names();
  };
  CHECK(with(R"({"1": "b", "0": "a"})") == std::vector<std::string>{"a", "b"});
  CHECK(with("null").empty());
  CHECK_THROWS_AS(with(R"({"1": "b", "2": "a"})"), nn::ModelError);
  CHECK_THROWS_AS(with(R"(["a", "b"])"), nn::ModelError);
  CHECK_THROWS_AS(with(R"({"0": 1})"), nn::ModelError);
}

}  // namespace new_classifier_test
