#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/beyond/recurrent.h"
#include "lora/analysis/low_rank.h"
#include "lora/analysis/subspace.h"

namespace experiments::beyond::recurrent {
namespace {

// A line for each weight set, fewer weights first.
std::vector<std::string> weight_sets() { return {"ih", "hh", "ih,hh"}; }

std::set<int> ranks_in(const std::vector<CellResult>& results) {
  std::set<int> ranks;
  for (const CellResult& result : results)
    if (result.cell.rank > 0) ranks.insert(result.cell.rank);
  return ranks;
}

std::string reference_text(const char* name, const Runs* runs) {
  if (runs == nullptr) return "";
  const Summary s = summary(*runs);
  return fmt::format("{}: {}, nll {:.3f}, {} trained.", name, score_text(s), s.nll, s.trainable);
}

Section score_section(const ScoreTable& table, const std::set<int>& ranks) {
  Section section = section_of(table);
  section.remarks.push_back(reference_text("Frozen", table.find("frozen")));
  section.remarks.push_back(reference_text("Full fine-tuning", table.find("full")));
  std::erase(section.remarks, "");
  section.table = {{"adapted"}};
  for (const int rank : ranks) section.table[0].push_back(fmt::format("r = {}", rank));
  for (const std::string& weights : weight_sets()) {
    std::vector<std::string> score{weights_label(weights)}, trained{"  trained"};
    for (const int rank : ranks) {
      const Runs* runs = table.find(weights_row_name(weights, rank));
      score.push_back(score_text(runs));
      trained.push_back(runs == nullptr ? "-" : std::to_string(summary(*runs).trainable));
    }
    section.table.push_back(score);
    section.table.push_back(trained);
  }
  return section;
}

// What each base answers of the pre-training task of this name.
Section base_section(const std::vector<CellResult>& results) {
  Section section{"What the bases know"};
  section.remarks = {fmt::format(
      "Exact match in % on 500 held-out examples of the pre-training task, mean over bases and least. "
      "A task counts from {:.0f} % on.",
      100 * learned_from)};
  section.table = {{"architecture", "task", "mean", "least"}};
  for (const std::string& architecture : architectures_in(results))
    for (const ScoreTable& table : tables_of(results, architecture))
      if (const Runs* frozen = table.find("frozen")) {
        const std::vector<double> answers = values(*frozen, further("answers"));
        section.table.push_back({architecture, table.task,
                                 fmt::format("{:.1f}", 100 * mean(answers)),
                                 fmt::format("{:.1f}", 100 * std::ranges::min(answers))});
      }
  return section;
}

// One part of one weight in one run, which outlives it.
struct PartReading {
  std::string weight, part;
  const CellResult* result = nullptr;

  double at(const char* what) const {
    return further(fmt::format("{}.{}.{}", what, weight, part))(*result);
  }
  lora::Amplification amplification(const char* from = "in_delta") const {
    lora::Amplification a;
    a.in_delta = at(from), a.in_w = at("in_w"), a.expected_random = at("random");
    return a;
  }
};

// Of the runs that were measured, whole weights first and then their gates.
std::vector<PartReading> readings_of(const std::vector<CellResult>& results,
                                     const std::string& architecture) {
  std::vector<PartReading> readings;
  std::vector<std::string> parts{"all"};
  parts.insert(parts.end(), gates_of(architecture).begin(), gates_of(architecture).end());
  for (const char* weight : {"weight_ih_l0", "weight_hh_l0"})
    for (const std::string& part : parts)
      for (const CellResult& result : results)
        if (result.cell.architecture == architecture &&
            result.more.contains(fmt::format("in_delta.{}.{}", weight, part)))
          readings.push_back({weight, part, &result});
  return readings;
}

std::string column_text(const std::vector<PartReading>& of_part,
                        const std::function<double(const PartReading&)>& read) {
  std::vector<double> values;
  for (const PartReading& reading : of_part) values.push_back(read(reading));
  return mean_and_sd(values, 2);
}

std::vector<std::string> direction_row(const std::vector<PartReading>& of_part,
                                       const lora::ChanceLevel& chance) {
  const PartReading& any = of_part.front();
  const auto add = [&](const auto& read) { return column_text(of_part, read); };
  // Gates read through one A: the whole of what they read is that of the weight.
  const auto of_whole = [&](const auto& read) { return any.part == "all" ? add(read) : ""; };
  return {any.part == "all" ? any.weight : "  gate " + any.part,
          add([](const PartReading& p) { return p.at("size"); }),
          add([](const PartReading& p) { return p.at("phi_first"); }),
          of_whole([](const PartReading& p) { return p.at("phi"); }),
          of_whole([&](const PartReading& p) { return chance.corrected(p.at("cosine")); }),
          add([](const PartReading& p) { return p.at("in_delta") / p.at("random"); }),
          add([](const PartReading& p) { return p.at("noise") / p.at("random"); }),
          add([](const PartReading& p) { return p.amplification().log_position(); }),
          add([](const PartReading& p) { return p.amplification("noise").log_position(); })};
}

Section direction_section(const ScoreTable& table, const std::vector<PartReading>& readings,
                          const std::vector<int>& ranks) {
  const int r = ranks[ranks.size() - 2], R = ranks.back();
  const lora::ChanceLevel chance =
      lora::chance_largest_cosine(r, R, readings.front().result->cell.width);
  Section section{fmt::format("{}: directions of {}", table.label, weights_label("ih,hh"))};
  section.remarks = {fmt::format(
      "φ of the inputs' directions at r = {} and r = {}, corrected for chance, and so their largest "
      "cos² (chance {:.2f} ± {:.2f}). ‖UᵀWV‖ from the first {} directions of ΔW, and of noise that lies "
      "where inputs are strong and outputs matter, over random ones; log-position: 0 random, 1 W's "
      "own.",
      r, R, chance.mean, chance.sd, R)};
  section.table = {{"weight", "‖ΔW‖/‖W‖", "φ(1,1)", fmt::format("φ({},{})", r, R), "cos²",
                    "ΔW ÷ random", "noise ÷ random", "log-position", "of noise"}};
  for (auto at = readings.begin(); at != readings.end();) {
    const auto end = std::find_if(at, readings.end(), [&](const PartReading& other) {
      return other.weight != at->weight || other.part != at->part;
    });
    section.table.push_back(direction_row({at, end}, chance));
    at = end;
  }
  return section;
}

// gnuplot takes a comma for the end of a field, in quotes too.
Csv scores_csv(const std::vector<CellResult>& results) {
  Csv csv({"architecture", "task", "facts", "weights", "method", "rank", "trained", "score", "sd"});
  for (const std::string& architecture : architectures_in(results))
    for (const ScoreTable& table : tables_of(results, architecture))
      for (const auto& [row, runs] : table.rows) {
        const Cell& cell = runs.begin()->second.cell;
        std::string weights = weight_set(cell.targets);
        std::replace(weights.begin(), weights.end(), ',', '+');
        const Summary all = summary(runs);
        csv.row(architecture, table.task, table.facts, weights, cell.method, cell.rank,
                all.trainable, all.mean, all.sd);
      }
  return csv;
}

constexpr const char* measured[] = {"size",     "phi_first", "phi",    "cosine",
                                    "in_delta", "in_w",      "random", "noise"};

Csv directions_csv(const std::vector<CellResult>& results) {
  std::vector<std::string> head{"architecture", "task", "base_seed", "seed", "weight", "part"};
  head.insert(head.end(), std::begin(measured), std::end(measured));
  Csv csv(head);
  for (const std::string& architecture : architectures_in(results))
    for (const PartReading& reading : readings_of(results, architecture)) {
      const Cell& cell = reading.result->cell;
      std::vector<std::string> row{
          architecture,   cell.task,   std::to_string(cell.base_seed), std::to_string(cell.seed),
          reading.weight, reading.part};
      for (const char* what : measured) row.push_back(Csv::field(reading.at(what)));
      csv.add(row);
    }
  return csv;
}

}  // namespace

Report read(const Results& results, Lab&) {
  const std::vector<CellResult> grid = asked_for(results);
  const std::set<int> all_ranks = ranks_in(grid);
  const std::vector<int> ranks(all_ranks.begin(), all_ranks.end());
  Report report{"Does LoRA work for recurrent networks?"};
  report.remarks = {fmt::format(
      "A language model of {} layer of {} units. weight_ih (g H,H) reads the input and weight_hh (g "
      "H,H) the state; LoRA has one A for all g gates of a weight.",
      depth, grid.front().cell.width)};
  for (const std::string& architecture : architectures_in(grid))
    for (const ScoreTable& table : tables_of(grid, architecture))
      report.sections.push_back(score_section(table, all_ranks));
  report.sections.push_back(base_section(grid));
  for (const std::string& architecture : architectures_in(grid))
    for (const ScoreTable& table : tables_of(grid, architecture)) {
      std::vector<PartReading> readings = readings_of(grid, architecture);
      std::erase_if(readings, [&](const PartReading& reading) {
        return reading.result->cell.task != table.task;
      });
      if (!readings.empty() && ranks.size() > 1)
        report.sections.push_back(direction_section(table, readings, ranks));
    }
  report.notes = {
      "One learning rate serves all ranks of a task, architecture and weight set. All gates of a "
      "weight read through one A, so all that they read together is told of the weight."};
  report.data = scores_csv(grid);
  report.more_data["directions"] = directions_csv(grid);
  return report;
}

}  // namespace experiments::beyond::recurrent
