#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/scores/bleu.h"
#include "data/scores/cider.h"
#include "data/scores/confusion.h"
#include "data/scores/logical_form.h"
#include "data/scores/nist.h"
#include "data/scores/rouge.h"
#include "experiments/cli/pretrained_data.h"
#include "experiments/finetune/text_score.h"
#include "experiments/harness/output.h"
#include "experiments/harness/progress.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace fs = std::filesystem;
using data::readers::Record;

namespace {

// What the model goes on with after a prompt, without the end and the space in front.
std::string continuation(ModelAndData& pair, std::span<const int> prompt,
                         const nn::DecodeOptions& options, nn::Random random) {
  std::vector<int> ids = nn::decode(*pair.model, prompt, options, random).ids;
  if (!ids.empty() && std::ranges::count(options.stops, ids.back()) > 0) ids.pop_back();
  std::string text = pair.tokenizer->decode(ids);
  text.erase(0, text.find_first_not_of(" \n"));
  text.erase(text.find_last_not_of(" \n") + 1);
  return text;
}

// The first record of each prompt: several are references of one.
std::vector<std::size_t> first_of_prompts(const finetune::EncodedFile& file) {
  std::vector<std::size_t> first;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < file.records.size(); ++i)
    if (seen.insert(file.records[i].prompt).second) first.push_back(i);
  return first;
}

// Each prompt has draws of its own, by its place.
std::vector<std::string> continuations(ModelAndData& pair, const std::vector<std::size_t>& prompts,
                                       const nn::DecodeOptions& options, std::uint64_t seed = 0) {
  TrainingProgress progress("writing a continuation of each prompt");
  std::vector<std::string> texts;
  for (const std::size_t i : prompts) {
    const finetune::Text& text = pair.file.texts[i];
    const auto first = static_cast<std::size_t>(text.first_target);
    texts.push_back(continuation(pair, std::span(text.ids).first(first), options,
                                 {seed, fmt::format("generate.{}", texts.size())}));
    progress.step(0, std::ssize(texts), std::ssize(prompts));
  }
  progress.finish();
  return texts;
}

using Predictions = std::vector<nn::Json>;  // a line for each

void score_classifier(ModelAndData& pair, nn::Json& object, std::string& text,
                      Predictions& predictions) {
  data::scores::Confusion confusion(pair.labels);
  std::vector<int> best(pair.file.texts.size());
  const finetune::TextScore score = finetune::score_texts(
      *pair.model, pair.file.texts, pair.pad,
      [&](std::size_t i, const finetune::TextAnswer& answer) { best[i] = answer.best.front(); });
  for (std::size_t i = 0; i < best.size(); ++i) {
    const Record& record = pair.file.records[i];
    const std::string& said = pair.labels[static_cast<std::size_t>(best[i])];
    confusion.add(record.label, said);
    predictions.push_back({{"line", record.line}, {"label", record.label}, {"prediction", said}});
  }
  object["texts"] = confusion.total();
  object["accuracy"] = confusion.accuracy();
  object["macro_f1"] = confusion.macro_f1();
  object["matthews"] = confusion.matthews();
  object["nll"] = nn::number_json(score.mean_nll());
  text += fmt::format(
      "accuracy {:.2f} % of {} texts, {:.4f} nats each; Matthews correlation {:.4f}\n",
      100 * confusion.accuracy(), confusion.total(), score.mean_nll(), confusion.matthews());
  std::string f1;
  for (const std::string& label : pair.labels) {
    object["f1"][label] = confusion.f1(label);
    f1 += fmt::format(", {} {:.4f}", label, confusion.f1(label));
  }
  text += fmt::format("F1 {:.4f}, the mean of{}\n{}", confusion.macro_f1(), f1.substr(1),
                      confusion.table());
}

void score_language(ModelAndData& pair, nn::Json& object, std::string& text) {
  const finetune::TextScore score = finetune::score_texts(*pair.model, pair.file.texts, pair.pad);
  object["texts"] = score.texts;
  object["tokens"] = score.targets;
  object["nll"] = nn::number_json(score.mean_nll());
  object["perplexity"] = nn::number_json(std::exp(score.mean_nll()));
  text += fmt::format("perplexity {:.3f}: {:.4f} nats for each of {} tokens of {} texts\n",
                      std::exp(score.mean_nll()), score.mean_nll(), score.targets, score.texts);
}

// The scores of the E2E challenge, each output against all references of its prompt, also those that
// are too long for the model to read.
void score_e2e(ModelAndData& pair, const nn::DecodeOptions& options, nn::Json& object,
               std::string& text, Predictions& predictions) {
  const std::vector<std::size_t> prompts = first_of_prompts(pair.file);
  const std::vector<std::string> outputs = continuations(pair, prompts, options);
  std::map<std::string, std::vector<std::string>> references;
  for (const data::readers::References& of_prompt : data::readers::references(pair.data.records))
    references[of_prompt.prompt] = of_prompt.texts;
  std::vector<data::scores::Segment> segments;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const std::string& prompt = pair.file.records[prompts[i]].prompt;
    segments.push_back({outputs[i], references[prompt]});
    predictions.push_back({{"prompt", prompt}, {"prediction", outputs[i]}});
  }
  object["prompts"] = prompts.size();
  object["bleu"] = data::scores::bleu(segments);
  object["nist"] = data::scores::nist(segments);
  object["rouge_l"] = data::scores::rouge_l(segments);
  object["cider"] = data::scores::cider(segments);
  text +=
      fmt::format("BLEU {:.4f}, NIST {:.4f}, ROUGE-L {:.4f}, CIDEr {:.4f} of {} prompts\n",
                  object["bleu"].get<double>(), object["nist"].get<double>(),
                  object["rouge_l"].get<double>(), object["cider"].get<double>(), prompts.size());
}

void score_wikisql(ModelAndData& pair, const nn::DecodeOptions& options, nn::Json& object,
                   std::string& text, Predictions& predictions) {
  std::vector<std::size_t> all(pair.file.records.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const std::vector<std::string> outputs = continuations(pair, all, options);
  std::vector<data::readers::Query> right;
  std::vector<std::optional<data::readers::Query>> said;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Record& record = pair.file.records[i];
    // Two columns of one name are one in its text; a text that says no query is as the file has it.
    right.push_back(
        data::readers::parse_sql(record.completion, *record.columns).value_or(*record.query));
    said.push_back(data::readers::parse_sql(outputs[i], *record.columns));
    predictions.push_back({{"line", record.line}, {"prediction", outputs[i]}});
  }
  const double accuracy = data::scores::logical_form_accuracy(right, said);
  const auto queries = std::ranges::count_if(said, [](const auto& one) { return one.has_value(); });
  object["logical_form"] = accuracy;
  object["queries"] = queries;
  text += fmt::format("logical form {:.2f} % of {} questions; {} outputs are queries\n",
                      100 * accuracy, all.size(), queries);
}

void write_continuations(ModelAndData& pair, const nn::DecodeOptions& options,
                         Predictions& predictions) {
  const std::vector<std::size_t> prompts = first_of_prompts(pair.file);
  const std::vector<std::string> outputs = continuations(pair, prompts, options);
  for (std::size_t i = 0; i < prompts.size(); ++i)
    predictions.push_back(
        {{"prompt", pair.file.records[prompts[i]].prompt}, {"prediction", outputs[i]}});
}

// Options that say nothing of such a file, before anything is computed.
void check_options(const PretrainedEval& given, const ModelAndData& pair) {
  const bool has_prompts = !pair.file.records.empty();
  const auto refuse = [&](const std::string& why) {
    if (!given.of_decoding.empty())
      throw UsageError(fmt::format("{} has no effect {}", given.of_decoding.front(), why));
  };
  if (pair.model->head == nn::Head::classifier) return refuse("on texts with labels");
  if (!has_prompts) {
    if (!given.predictions.empty())
      throw UsageError("--predictions has no effect on plain text, which has no prompts");
    return refuse("on plain text, which has no prompts");
  }
  const bool is_scored_by_output =
      given.data.format.starts_with("e2e") || given.data.format == "wikisql";
  if (!is_scored_by_output && given.predictions.empty())
    refuse(fmt::format("on {} without --predictions", given.data.format));
}

void write_predictions(const fs::path& path, const Predictions& predictions) {
  std::string lines;
  for (const nn::Json& line : predictions) lines += nn::text_of(line) + "\n";
  nn::create_folders(path.parent_path());
  nn::write_file_atomically(path, lines);
}

}  // namespace

int eval_pretrained(const PretrainedEval& given) {
  if (!given.predictions.empty()) {
    constexpr std::size_t a_line = 1024;
    refuse_to_replace("--predictions", given.predictions);
    nn::check_writable(given.predictions, a_line);
  }
  ModelAndData pair = read_model_and_data(given.how, given.data, given.length);
  check_options(given, pair);
  const nn::DecodeOptions decode = decode_options(given.how, pair.ends);
  const std::string about_data = about(pair.file, pair.data, given.data.path);
  nn::Json object{{"model", given.how.model.string()}, {"data", given.data.path.string()}};
  if (!given.how.adapter.empty()) object["adapter"] = given.how.adapter.string();
  if (pair.file.too_long > 0) object["too_long"] = pair.file.too_long;
  std::string text;
  Predictions predictions;
  if (pair.model->head == nn::Head::classifier) {
    score_classifier(pair, object, text, predictions);
  } else {
    score_language(pair, object, text);
    if (given.data.format.starts_with("e2e"))
      score_e2e(pair, decode, object, text, predictions);
    else if (given.data.format == "wikisql")
      score_wikisql(pair, decode, object, text, predictions);
    else if (!given.predictions.empty())
      write_continuations(pair, decode, predictions);
  }
  if (!given.predictions.empty()) object["predictions"] = given.predictions.string();
  // Said before it is written: a full disk does not take the scores.
  if (given.how.json)
    print_out("{}", json_line(object));
  else
    print_out("{}{}\n{}\n{}", given.how.model.string(),
              given.how.adapter.empty() ? "" : " with " + given.how.adapter.string(), about_data,
              text);
  flush_out();
  if (given.predictions.empty()) return 0;
  write_predictions(given.predictions, predictions);
  if (!given.how.json) print_out("what it said of each is in {}\n", given.predictions.string());
  return 0;
}

int generate_for_file(const PretrainedGenerate& given, const DataFile& data) {
  ModelAndData pair = read_model_and_data(given, data, {});
  const nn::DecodeOptions options = decode_options(given, pair.ends);
  if (pair.file.records.empty() || pair.model->head != nn::Head::causal)
    throw UsageError(fmt::format("{} has no prompts to go on from", data.path.string()));
  const std::vector<std::size_t> prompts = first_of_prompts(pair.file);
  const std::vector<std::string> outputs = continuations(pair, prompts, options, given.seed);
  nn::Json generated = nn::Json::array();
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const std::string& prompt = pair.file.records[prompts[i]].prompt;
    if (given.json)
      generated.push_back({{"prompt", prompt}, {"answer", outputs[i]}});
    else
      print_out("{} -> {}\n", prompt, outputs[i]);
  }
  if (given.json) print_out("{}", json_line({{"generated", generated}}));
  return 0;
}

}  // namespace experiments::cli
