#include "experiments/harness/lr_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "experiments/evidence/statistics.h"
#include "experiments/training/cell.h"
#include "nn/files/json.h"

namespace experiments::harness {
namespace {

/// The lowest score; NaN if one is.
double worst(const std::vector<double>& scores) {
  double lowest = scores.front();
  for (const double score : scores) {
    if (std::isnan(score)) return score;
    lowest = std::min(lowest, score);
  }
  return lowest;
}

void check_grid(const std::vector<LrScores>& grid) {
  if (grid.empty()) throw std::invalid_argument("a learning rate search needs a grid");
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const std::size_t seeds = grid[i].scores.size();
    if (seeds < 3) {
      throw std::invalid_argument(
          fmt::format("learning rate {} has {} seeds, at least 3 are needed", grid[i].lr, seeds));
    }
    if (seeds != grid[0].scores.size()) {
      throw std::invalid_argument(fmt::format("learning rate {} has {} seeds, {} has {}",
                                              grid[i].lr, seeds, grid[0].lr,
                                              grid[0].scores.size()));
    }
    if (!(grid[i].lr > (i == 0 ? 0 : grid[i - 1].lr))) {
      throw std::invalid_argument(
          fmt::format("learning rates must be positive and rise; {} does not", grid[i].lr));
    }
  }
}

}  // namespace

std::vector<double> lr_grid(double low, int count) {
  if (!(low > 0) || !std::isfinite(low) || count < 1) {
    throw std::invalid_argument(
        fmt::format("a grid of {} learning rates from {} up; both must be positive", count, low));
  }
  std::vector<double> grid;
  for (int i = 0; i < count; ++i) grid.push_back(std::ldexp(low, i));
  return grid;
}

LrChoice choose_lr(const std::vector<LrScores>& grid, CollapseRule rule) {
  check_grid(grid);
  std::size_t best = grid.size();
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double score = mean(grid[i].scores);
    if (std::isnan(score)) continue;
    if (best == grid.size() || score > mean(grid[best].scores)) best = i;
  }
  if (best == grid.size()) {
    throw std::invalid_argument("every learning rate of the grid has a run that did not end");
  }
  const double top = mean(grid[best].scores);
  const auto collapsed = [&](std::size_t i) {  // a NaN fails both comparisons
    return !(mean(grid[i].scores) >= top - rule.mean_falls) ||
           !(worst(grid[i].scores) >= top - rule.worst_falls);
  };
  LrChoice choice;
  choice.best = choice.lr = grid[best].lr;
  choice.reason = fmt::format("best mean {:.1f} at {}", top, choice.best);
  if (best == 0) choice.edge = LrChoice::Edge::lowest;
  if (best + 1 == grid.size()) choice.edge = LrChoice::Edge::highest;
  if (grid.size() == 1) choice.edge = LrChoice::Edge::lowest;

  const auto collapse_at = [&](std::size_t i) {
    return fmt::format(", collapse at {} (mean {:.1f}, worst seed {:.1f})", grid[i].lr,
                       mean(grid[i].scores), worst(grid[i].scores));
  };
  if (collapsed(best)) {
    choice.reason += collapse_at(best);
    if (best > 0) choice.lr = grid[best - 1].lr;
    choice.reason += best > 0 ? fmt::format(", so one step below it: mean {:.1f} at {}",
                                            mean(grid[best - 1].scores), choice.lr)
                              : ", and the grid has nothing below it";
  } else if (best + 1 < grid.size() && collapsed(best + 1)) {
    choice.reason += collapse_at(best + 1);
  }
  if (choice.edge == LrChoice::Edge::lowest) choice.reason += "; at the lower edge of the grid";
  if (choice.edge == LrChoice::Edge::highest) choice.reason += "; at the upper edge of the grid";
  return choice;
}

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
