#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "data/scores/bleu.h"
#include "data/scores/cider.h"
#include "data/scores/logical_form.h"
#include "data/scores/nist.h"
#include "data/scores/rouge.h"

// What the scorers of others computed: the scorer of the E2E challenge, sacrebleu, the evaluator of
// WikiSQL. The data and their scores are no part of the project; LOWRANK_DATA names their folder.
namespace golden_test {

using namespace data::scores;
using nlohmann::json;
namespace fs = std::filesystem;

const char* data_folder() {
  const char* folder = std::getenv("LOWRANK_DATA");
  return folder != nullptr && fs::exists(fs::path(folder) / "e2e/metrics/scores.json") ? folder
                                                                                       : nullptr;
}

// Calls test(folder), or says that there is none.
template <class Test>
void with(const char* subfolder, Test test) {
  if (data_folder() == nullptr)
    fmt::print("skipped: LOWRANK_DATA names no folder with e2e/metrics/scores.json\n");
  else
    test(fs::path(data_folder()) / subfolder);
}

json parsed(const fs::path& file) {
  std::ifstream in(file);
  return json::parse(in);
}

std::vector<json> parsed_lines(const fs::path& file) {
  std::ifstream in(file);
  std::vector<json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

bool close(double a, double b, double by) { return std::abs(a - b) < by; }

// Four digits after the point are what the scorer's Perl script prints.
constexpr double four_digits = 0.5001e-4, six_digits = 0.5001e-6;

std::vector<Segment> segments_of(const fs::path& folder, const json& pair) {
  return read_segments(folder / pair["refs"].get<std::string>(),
                       folder / pair["hyp"].get<std::string>());
}

struct Scores {
  BleuCounts counts;
  double bleu, nist, rouge_l, cider;
};

Scores scores_of(const std::vector<Segment>& segments) {
  const BleuCounts counts = bleu_counts(segments);
  return {counts, bleu(counts), nist(segments), rouge_l(segments), cider(segments)};
}

TEST_CASE("scores of LOWRANK_DATA: corpora have the scores that the E2E challenge's scorer gives" *
          doctest::skip()) {
  with("e2e/metrics", [](const fs::path& folder) {
    const json golden = parsed(folder / "scores.json");
    REQUIRE(golden["pairs"].size() == 6);
    for (const json& pair : golden["pairs"]) {
      CAPTURE(pair["hyp"]);
      const std::vector<Segment> segments = segments_of(folder, pair);
      CHECK(segments.size() == pair["segments"].get<std::size_t>());
      const Scores ours = scores_of(segments);
      CHECK(close(ours.bleu, pair["perl"]["BLEU"], four_digits));
      CHECK(close(ours.bleu, pair["python"]["BLEU"], 1e-12));
      CHECK(close(ours.nist, pair["perl"]["NIST"], four_digits));
      CHECK(close(ours.rouge_l, pair["coco"]["ROUGE_L"], 1e-12));
      CHECK(close(ours.cider, pair["coco"]["CIDEr"], 1e-12));
      CHECK(json(ours.counts.hits) == pair["python"]["bleu_hits"]);
      CHECK(json(ours.counts.ngrams) == pair["python"]["bleu_candidate_ngrams"]);
      CHECK(ours.counts.reference_length ==
            pair["python"]["bleu_reference_length"].get<std::size_t>());
      fmt::print("{:<14} BLEU {:.4f} NIST {:.4f} ROUGE-L {:.4f} CIDEr {:.4f}\n",
                 pair["hyp"].get<std::string>(), ours.bleu, ours.nist, ours.rouge_l, ours.cider);

      // Control: with the references of other segments no score is near.
      std::vector<Segment> turned = segments;
      for (std::size_t i = 0; i < segments.size(); ++i)
        turned[i].references = segments[(i + segments.size() / 2) % segments.size()].references;
      const Scores other = scores_of(turned);
      CHECK(other.bleu < 0.7 * ours.bleu);
      CHECK(other.nist < 0.8 * ours.nist);
      CHECK(other.rouge_l < 0.8 * ours.rouge_l);
      CHECK(other.cider < 0.5 * ours.cider);
    }
    const json& example = golden["example_of_the_repository"];
    const Scores ours = scores_of(segments_of(folder, example));
    CHECK(close(ours.bleu, example["perl"]["BLEU"], four_digits));
    CHECK(close(ours.nist, example["perl"]["NIST"], four_digits));
    CHECK(close(ours.rouge_l, example["coco"]["ROUGE_L"], four_digits));
    CHECK(close(ours.cider, example["coco"]["CIDEr"], four_digits));
  });
}

// Where an order has no hit, that table takes 1e-15 hits.
double with_tiny_hits(const BleuCounts& counts) {
  double log_sum = 0;
  for (std::size_t i = 0; i < 4; ++i)
    log_sum += std::log(std::max(static_cast<double>(counts.hits[i]), 1e-15) /
                        static_cast<double>(counts.ngrams[i]));
  const double ratio =
      static_cast<double>(counts.reference_length) / static_cast<double>(counts.ngrams[0]);
  return std::exp(log_sum / 4 + std::min(0.0, 1 - ratio));
}

TEST_CASE("scores of LOWRANK_DATA: so has each segment" * doctest::skip()) {
  with("e2e/metrics", [](const fs::path& folder) {
    const json golden = parsed(folder / "scores.json");
    for (const json& pair : golden["pairs"]) {
      const std::vector<Segment> segments = segments_of(folder, pair);
      const std::vector<double> ciders = cider_of_segments(segments);
      const auto table = folder / pair["segments_file"].get<std::string>();
      CAPTURE(table);
      std::ifstream in(table);
      std::string header;
      std::getline(in, header);
      REQUIRE(header == "segment\tBLEU\tsentBLEU\tNIST\tMETEOR\tROUGE_L\tCIDEr");
      std::size_t rows = 0, without_hits = 0;
      double row_bleu, sent_bleu, row_nist, meteor, row_rouge, row_cider;
      for (std::size_t row;
           in >> row >> row_bleu >> sent_bleu >> row_nist >> meteor >> row_rouge >> row_cider;
           ++rows) {
        CAPTURE(row);
        REQUIRE(row < segments.size());
        const std::vector<Segment> alone{segments[row]};
        const BleuCounts counts = bleu_counts(alone);
        const bool all_hit =
            std::find(counts.hits.begin(), counts.hits.end(), 0u) == counts.hits.end();
        without_hits += all_hit ? 0 : 1;
        CHECK(close(all_hit ? bleu(counts) : with_tiny_hits(counts), row_bleu, six_digits));
        CHECK(close(bleu(counts, Smoothing::add_one), sent_bleu, six_digits));
        CHECK(close(nist(alone), row_nist, six_digits));
        CHECK(close(rouge_l(segments[row]), row_rouge, six_digits));
        CHECK(close(ciders[row], row_cider, six_digits));
      }
      CHECK(rows == segments.size());
      fmt::print("{:<26} {} segments, {} without a hit at an order\n", table.filename().string(),
                 rows, without_hits);
    }
  });
}

// Text whose words are those between spaces for mteval_words too: each sign that it would part is
// a letter here.
std::string with_letters_for_signs(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += std::ispunct(static_cast<unsigned char>(c)) ? fmt::format("q{}q", static_cast<int>(c))
                                                       : std::string(1, c);
  return out;
}

// sacrebleu scored the same pairs with and without a tokenizer. Without, the texts as they are must
// have another score than ours, and the score where our tokenizer is made to find nothing.
TEST_CASE("scores of LOWRANK_DATA: another tokenizer is noticed" * doctest::skip()) {
  with("e2e/metrics", [](const fs::path& folder) {
    const json golden = parsed(folder / "scores.json");
    std::size_t noticed = 0;
    for (const json& pair : golden["pairs"]) {
      CAPTURE(pair["hyp"]);
      std::vector<Segment> segments = segments_of(folder, pair);
      const double tokenized = bleu(segments, Smoothing::none);
      for (Segment& segment : segments) {
        segment.output = with_letters_for_signs(segment.output);
        for (std::string& text : segment.references) text = with_letters_for_signs(text);
      }
      const double as_it_is = bleu(segments, Smoothing::none);
      CHECK(close(tokenized, pair["sacrebleu"]["13a"]["score"], 1e-12));
      CHECK(close(as_it_is, pair["sacrebleu"]["none"]["score"], 1e-12));
      if (!close(as_it_is, pair["perl"]["BLEU"], 0.01)) ++noticed;
    }
    CHECK(noticed == 2);  // the two pairs of untokenised texts
  });
}

data::readers::Query query_of(const json& sql) {
  data::readers::Query query{sql["sel"], sql["agg"], {}};
  for (const json& condition : sql["conds"]) {
    const json& value = condition[2];
    query.conditions.push_back({condition[0], condition[1],
                                value.is_string() ? value.get<std::string>() : value.dump(),
                                value.is_number()});
  }
  return query;
}

struct Questions {
  std::vector<data::readers::Query> gold;
  std::vector<std::optional<data::readers::Query>> predicted;
};

Questions questions_of(const fs::path& folder, const std::string& split) {
  Questions questions;
  for (const json& line : parsed_lines(folder / (split + ".jsonl")))
    questions.gold.push_back(query_of(line["sql"]));
  for (const json& line : parsed_lines(folder / (split + ".pred.jsonl"))) {
    std::optional<data::readers::Query>& query = questions.predicted.emplace_back();
    if (line["error"] == "") query = query_of(line["query"]);
  }
  return questions;
}

TEST_CASE("scores of LOWRANK_DATA: logical forms of WikiSQL are graded as its evaluator does" *
          doctest::skip()) {
  with("wikisql", [](const fs::path& folder) {
    const json golden = parsed(folder / "scores.json");
    const Questions dev = questions_of(folder, "dev"), dev400 = questions_of(folder, "dev.400");
    const std::vector<json> graded = parsed_lines(folder / "dev.pred.graded.jsonl");
    REQUIRE(graded.size() == 81);
    REQUIRE(dev.predicted.size() == 81);
    REQUIRE(dev400.gold.size() == 400);
    for (std::size_t i = 0; i < graded.size(); ++i) {
      CAPTURE(i);
      const bool right = dev.predicted[i] && same_logical_form(dev.gold[i], *dev.predicted[i]);
      CHECK(right == graded[i]["logical_form_match"].get<bool>());
    }
    const double accuracy = logical_form_accuracy(dev.gold, dev.predicted),
                 accuracy400 = logical_form_accuracy(dev400.gold, dev400.predicted);
    CHECK(accuracy == golden["dev"]["lf_accuracy"].get<double>());
    CHECK(accuracy400 == golden["dev.400"]["lf_accuracy"].get<double>());
    fmt::print("logical form: dev {:.4f}, dev.400 {:.4f}\n", accuracy, accuracy400);

    // Control: predictions one question further are wrong nearly everywhere.
    Questions turned = dev400;
    std::rotate(turned.predicted.begin(), turned.predicted.begin() + 1, turned.predicted.end());
    CHECK(logical_form_accuracy(turned.gold, turned.predicted) < 0.05);
  });
}

}  // namespace golden_test
