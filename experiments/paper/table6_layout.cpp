#include "experiments/paper/table6_layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace experiments {
namespace {

const char* spirit(const std::string& task) {
  if (task == "sqlgen") return "In the spirit of WikiSQL: new facts.";
  if (task == "nli") return "In the spirit of MultiNLI: a switch to what the base knows.";
  if (task == "reorder") {
    return "In the spirit of E2E and SAMSum, which Table 6 does not have: re-ordering.";
  }
  return "";
}

std::string runs_text(const TaskTable& table) {
  std::size_t fewest = SIZE_MAX, most = 0;
  for (const auto& [place, runs] : table.places) {
    if (place.first == "frozen") continue;  // the base alone needs no repetitions
    fewest = std::min(fewest, runs.size());
    most = std::max(most, runs.size());
  }
  const std::string n =
      fewest >= most ? std::to_string(most) : fmt::format("{} to {}", fewest, most);
  return fmt::format("Mean ± sd over {} runs (sd over seeds{}); nll in nats per target token.", n,
                     table.base_seeds().size() > 1 ? " within a base" : "");
}

/// Full fine-tuning and the frozen base in one entry each.
std::vector<TableLine> reference_lines(const TaskTable& table, const std::vector<PaperRow>& paper) {
  std::vector<TableLine> lines;
  for (const auto& [name, label] :
       {std::pair("frozen", "frozen (r = 0)"), std::pair("full", "full")}) {
    const auto runs = table.places.find({name, 0});
    if (runs == table.places.end()) continue;
    const Summary s = summary(runs->second);
    std::string text = fmt::format("{}, nll {:.3f}, {} trained", score_text(s), s.nll, s.trainable);
    if (s.lr > 0) text += fmt::format(", lr {}", s.lr);
    for (const PaperRow& row : paper) {
      if (std::string_view(row.weights) == name) {
        text += fmt::format("; {} {}", row.dataset, row.score.front().second);
      }
    }
    lines.push_back({TableLine::Kind::score, label, {text}, -1});
  }
  return lines;
}

void add_weight_set(TaskLayout& layout, const TaskTable& table, const std::string& weights,
                    const std::vector<PaperRow>& paper) {
  TableLine score{TableLine::Kind::score, weights_label(weights), {}, -1};
  TableLine nll{TableLine::Kind::detail, "nll", {}, -1};
  TableLine trained{TableLine::Kind::detail, "trained", {}, -1};
  TableLine lr{TableLine::Kind::detail, "lr", {}, -1};
  double best = -INFINITY;
  int entries = 0;
  for (std::size_t column = 0; column < layout.ranks.size(); ++column) {
    const auto runs = table.places.find({weights, layout.ranks[column]});
    for (TableLine* line : {&score, &nll, &trained, &lr}) line->entries.emplace_back();
    if (runs == table.places.end()) continue;
    const Summary s = summary(runs->second);
    score.entries.back() = score_text(s);
    nll.entries.back() = fmt::format("{:.3f}", s.nll);
    trained.entries.back() = std::to_string(s.trainable);
    lr.entries.back() = fmt::format("{}", s.lr);
    ++entries;
    if (s.mean > best) {
      best = s.mean;
      score.best = static_cast<int>(column);
    }
  }
  if (entries < 2) score.best = -1;
  layout.rows.insert(layout.rows.end(), {score, nll, trained, lr});
  for (const PaperRow& row : paper) {
    if (row.weights != weights) continue;
    TableLine line{TableLine::Kind::paper, row.dataset, {}, -1};
    for (const int r : layout.ranks) {
      const auto at = std::find_if(row.score.begin(), row.score.end(),
                                   [&](const auto& entry) { return entry.first == r; });
      line.entries.push_back(at == row.score.end() ? "" : fmt::format("{:.1f}", at->second));
    }
    layout.rows.push_back(line);
  }
}

}  // namespace

std::string weights_label(const std::string& weights) {
  std::string label = "W";
  for (const char c : weights) {
    label += c;
    if (c == ',') label += 'W';
  }
  return label;
}

TaskLayout layout_of(const TaskTable& table) {
  const std::vector<PaperRow> paper = paper_rows(paper_dataset(table.task));
  TaskLayout layout;
  std::string metric = table.places.begin()->second.begin()->second.metric;
  std::replace(metric.begin(), metric.end(), '_', ' ');
  layout.title = fmt::format("{}{}: {} in %", table.task,
                             table.facts > 0 ? fmt::format(", K = {}", table.facts) : "", metric);
  if (*spirit(table.task) != '\0') layout.remarks.emplace_back(spirit(table.task));
  layout.remarks.push_back(runs_text(table));
  layout.remarks.push_back(freshness_text(table.base_seeds(), table.facts));

  std::set<int> ranks;
  for (const auto& [place, runs] : table.places) {
    if (place.second > 0) ranks.insert(place.second);
  }
  for (const PaperRow& row : paper) {
    for (const auto& [r, score] : row.score) {
      if (r > 0 && !ranks.empty()) ranks.insert(r);
    }
  }
  layout.ranks.assign(ranks.begin(), ranks.end());
  layout.references = reference_lines(table, paper);
  for (const std::string& weights : table.weight_sets()) {
    add_weight_set(layout, table, weights, paper);
  }
  return layout;
}

}  // namespace experiments
