#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "experiments/harness/lr_search.h"
#include "experiments/training/cell.h"
#include "nn/files/json.h"

namespace experiments::harness {

/// Written by the build from learning_rates.json (cmake/embed_text.cmake).
std::string_view learning_rates_text();

namespace {

std::string place(const std::string& task, const std::string& method,
                  const std::vector<std::string>& targets) {
  return fmt::format("{} {}{}{}", task, method, targets.empty() ? "" : " ", weight_set(targets));
}

nn::Json to_json(const LrSearch& search) {
  nn::Json grid = nn::Json::array();
  for (const LrScores& point : search.grid) {
    nn::Json scores = nn::Json::array();
    for (const double score : point.scores) {
      scores.push_back(std::isnan(score) ? nn::Json("nan") : nn::Json(score));
    }
    grid.push_back({{"lr", point.lr}, {"scores", scores}});
  }
  return {{"task", search.task},    {"method", search.method},        {"targets", search.targets},
          {"lr", search.choice.lr}, {"reason", search.choice.reason}, {"grid", grid}};
}

LrSearch search_from_json(const nn::Json& object) {
  LrSearch search{.task = object.at("task").get<std::string>(),
                  .method = object.at("method").get<std::string>(),
                  .targets = object.at("targets").get<std::vector<std::string>>(),
                  .grid = {},
                  .choice = {}};
  for (const nn::Json& point : object.at("grid")) {
    LrScores scores{.lr = point.at("lr").get<double>(), .scores = {}};
    for (const nn::Json& score : point.at("scores")) {
      scores.scores.push_back(score == "nan" ? std::numeric_limits<double>::quiet_NaN()
                                             : score.get<double>());
    }
    search.grid.push_back(scores);
  }
  search.choice = choose_lr(search.grid);
  const double recorded = object.at("lr").get<double>();
  if (recorded != search.choice.lr) {
    throw std::invalid_argument(
        fmt::format("recorded learning rate of {} is {}, but the rule makes {} of its scores",
                    place(search.task, search.method, search.targets), recorded, search.choice.lr));
  }
  return search;
}

}  // namespace

const LrSearch& LearningRates::find(const std::string& task, const std::string& method,
                                    const std::vector<std::string>& targets) const {
  std::string known;
  for (const LrSearch& search : searches) {
    if (search.task == task && search.method == method &&
        weight_set(search.targets) == weight_set(targets)) {
      return search;
    }
    known += (known.empty() ? "" : "; ") + place(search.task, search.method, search.targets);
  }
  throw std::invalid_argument(fmt::format("no recorded learning rate for {}; there are: {}",
                                          place(task, method, targets),
                                          known.empty() ? "none" : known));
}

std::string to_json(const LearningRates& rates) {
  std::string searches;
  for (const LrSearch& search : rates.searches)
    searches += (searches.empty() ? "" : ",\n") + to_json(search).dump();
  return fmt::format("{{\"command\": {},\n\"seeds\": {},\n\"searches\": [\n{}]}}\n",
                     nn::Json(rates.command).dump(), nn::Json(rates.seeds).dump(), searches);
}

LearningRates learning_rates_from_json(const nn::Json& object) {
  try {
    LearningRates rates{.command = object.at("command").get<std::string>(),
                        .seeds = object.at("seeds").get<std::vector<std::uint64_t>>(),
                        .searches = {}};
    for (const nn::Json& search : object.at("searches")) {
      rates.searches.push_back(search_from_json(search));
    }
    return rates;
  } catch (const nn::Json::exception& error) {
    throw std::invalid_argument(fmt::format("not a record of learning rates: {}", error.what()));
  }
}

LearningRates recorded_learning_rates() {
  return learning_rates_from_json(nn::Json::parse(learning_rates_text(), nullptr, false));
}

}  // namespace experiments::harness
