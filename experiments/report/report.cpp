#include "experiments/report/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <string_view>

#include "experiments/evidence/verdicts.h"
#include "experiments/report/html.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::report {

namespace fs = std::filesystem;

/// Written by the build from experiments/report/ (cmake/embed_text.cmake).
std::string_view report_style();
std::string_view report_errata();

namespace {

std::string file_name(const fs::path& path) { return path.filename().string(); }

// A figure stands with the experiment whose name its own begins with.
bool shows(const Figure& figure, const std::string& stage) {
  return figure.name == stage || figure.name.starts_with(stage + "-");
}

std::vector<Drawing> drawings_of(const std::vector<Drawing>& drawings, const std::string& stage) {
  std::vector<Drawing> own;
  std::copy_if(drawings.begin(), drawings.end(), std::back_inserter(own),
               [&](const Drawing& drawing) { return shows(drawing.figure, stage); });
  return own;
}

// Those whose experiment has left nothing here.
std::vector<Drawing> other_drawings(const std::vector<Drawing>& drawings,
                                    const std::vector<Stage>& stages) {
  std::vector<Drawing> others;
  std::copy_if(
      drawings.begin(), drawings.end(), std::back_inserter(others), [&](const Drawing& drawing) {
        return std::none_of(stages.begin(), stages.end(),
                            [&](const Stage& stage) { return shows(drawing.figure, stage.name); });
      });
  return others;
}

std::string contents(const std::vector<Stage>& stages) {
  std::string links = "<a href=\"#top\">top</a> <a href=\"#verdicts\">verdicts</a> ";
  for (const Stage& stage : stages)
    links += fmt::format("<a href=\"#{0}\">{0}</a> ", escaped(stage.name));
  for (const char* section : {"formulas", "errata", "provenance"})
    links += fmt::format("<a href=\"#{0}\">{0}</a> ", section);
  return element("nav", links);
}

std::string page(const fs::path& out, const std::vector<Experiment>& experiments,
                 const std::vector<Stage>& stages, const std::string& warning,
                 const std::vector<Finding>& judged, const std::vector<Drawing>& drawings) {
  std::string body = element("h1", "LoRA’s evidence, on toy tasks", "id=\"top\"");
  if (!warning.empty())
    body += element("p", element("strong", escaped(warning)), "class=\"warning\"");
  body += element("p", escaped(summary_text(judged)), "class=\"summary\"");
  body += contents(stages) + verdicts_section(judged);
  body += element("h2", "Tables and figures", "id=\"tables\"");
  for (const Stage& stage : stages)
    body += stage_section(out, stage, drawings_of(drawings, stage.name));
  for (const Drawing& drawing : other_drawings(drawings, stages))
    body += figure_section(out, drawing);
  body += costs_section();
  body += element("section", report_errata(), "id=\"errata\" class=\"box\"");
  body += provenance_section(out, experiments, stages);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>lowrank: report</title>\n"
      "<style>\n{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      report_style(), body);
}

Report read_report(const fs::path& path) {
  const std::string text = nn::read_file(path);
  try {
    return report_from_json(text);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("{} is no report: {}", path.string(), error.what()));
  }
}

// Why a run.json is not of the folder it lies in, as in a copy of another; "" where it is.
std::string other_run(const fs::path& folder) {
  try {
    const nn::Json card = nn::parse_json_object(nn::read_file(folder / "run.json"));
    const nn::Json experiment = card.value("experiment", nn::Json());
    return experiment == file_name(folder)
               ? ""
               : fmt::format("its run.json is of {}", nn::shown(experiment));
  } catch (const nn::JsonError& error) {
    return fmt::format("its run.json {}", error.what());
  } catch (const nn::FileError& error) {
    return error.what();
  }
}

struct Contents {
  std::string other = {};  // why the folder holds something else than its name says; "" where not
  std::optional<Report> report = {};  // where there is one, of this name
};

Contents contents_of(const fs::path& folder) {
  if (is_there(folder / "run.json"))
    if (const std::string other = other_run(folder); !other.empty()) return {other};
  if (!is_there(folder / "report.json")) return {};
  Report report = read_report(folder / "report.json");
  for (const Finding& finding : report.findings)
    if (finding.command != "./run " + file_name(folder))
      return {fmt::format("its findings are of {}", nn::printable(finding.command))};
  return {"", std::move(report)};
}

// Of a sweep of the user's own: a folder with a report that is of none of the experiments.
std::optional<Report> own_sweep(const fs::path& folder) {
  if (!is_there(folder / "report.json") || !is_there(folder / "run.json")) return {};
  return contents_of(folder).report;
}

std::set<std::string> names_of(const std::vector<Experiment>& experiments) {
  std::set<std::string> names{"learning-rates"};
  for (const Experiment& experiment : experiments)
    names.insert({experiment.name, sweep_of(experiment)});
  return names;
}

std::vector<fs::path> folders_in(const fs::path& out) {
  std::error_code unreadable;  // what may not be looked into is no results of ours
  return entries_of(out, unreadable);
}

// The folders of finished cells, by name; experiments may share one.
std::vector<std::string> sweeps_in(const fs::path& out,
                                   const std::vector<Experiment>& experiments) {
  std::set<std::string> sweeps;
  for (const Experiment& experiment : experiments) {
    const std::string sweep = sweep_of(experiment);
    if (is_there(out / sweep / "cells.jsonl") && contents_of(out / sweep).other.empty())
      sweeps.insert(sweep);
  }
  return {sweeps.begin(), sweeps.end()};
}

}  // namespace

std::vector<Stage> stages_in(const fs::path& out, const std::vector<Experiment>& experiments) {
  std::vector<Stage> stages;
  for (const Experiment& experiment : experiments)
    if (auto report = contents_of(out / experiment.name).report)
      stages.push_back({experiment.name, std::move(*report)});
  const std::set<std::string> ours = names_of(experiments);
  for (const fs::path& folder : folders_in(out))
    if (!ours.contains(file_name(folder)))
      if (auto report = own_sweep(folder))
        stages.push_back({file_name(folder), std::move(*report)});
  return stages;
}

std::vector<std::string> left_out(const fs::path& out, const std::vector<Experiment>& experiments) {
  const std::set<std::string> ours = names_of(experiments);
  std::vector<std::string> lines;
  for (const fs::path& folder : folders_in(out)) {
    const bool is_ours = ours.contains(file_name(folder)),
               has_report = is_there(folder / "report.json");
    if (!has_report && !is_there(folder / "cells.jsonl")) continue;
    if (!is_ours && own_sweep(folder)) continue;
    std::string why = is_ours ? contents_of(folder).other : "no experiment has that name";
    if (why.empty() && !has_report && is_there(folder / "findings.json"))
      why = fmt::format("an earlier version wrote it; ./run {} reads its cells again",
                        file_name(folder));
    if (!why.empty()) lines.push_back(fmt::format("{} is left out: {}", folder.string(), why));
  }
  return lines;
}

std::string warning(const std::vector<Stage>& stages) {
  std::vector<std::string> smoke;
  for (const Stage& stage : stages)
    if (stage.report.warning == hardly_trained) smoke.push_back(stage.name);
  if (smoke.empty()) return "";
  if (smoke.size() == stages.size()) return hardly_trained;
  return fmt::format("{} So it is with {}.", hardly_trained, fmt::join(smoke, ", "));
}

std::vector<Finding> judged_findings(const std::vector<Stage>& stages) {
  std::vector<Finding> measured;
  for (const Stage& stage : stages)
    measured.insert(measured.end(), stage.report.findings.begin(), stage.report.findings.end());
  std::vector<Finding> findings = summarised(measured);
  judge(findings);
  return findings;
}

std::string summary_text(const std::vector<Finding>& judged) {
  long cells = 0, parts = 0;
  std::vector<std::string> everywhere, partly, nowhere, undecided, not_run;
  for (const Finding& finding : judged) {
    cells += finding.cells;
    parts += static_cast<long>(finding.parts.size());
    const auto tasks = finding.by_task();
    const auto on = [&](auto... outcomes) {
      return std::count_if(tasks.begin(), tasks.end(),
                           [&](const auto& task) { return ((task.second == outcomes) || ...); });
    };
    const auto held = on(Outcome::holds);
    const auto failed = on(Outcome::does_not_hold, Outcome::contradicted);
    (tasks.empty()                                       ? not_run
     : held == static_cast<std::ptrdiff_t>(tasks.size()) ? everywhere
     : held > 0                                          ? partly
     : failed > 0                                        ? nowhere
                                                         : undecided)
        .push_back(finding.id);
  }
  const auto names = [](const std::vector<std::string>& ids) {
    return ids.empty() ? "none" : fmt::format("{}", fmt::join(ids, ", "));
  };
  std::string text = fmt::format(
      "{} findings were put to the test in {} parts, which rest on {} trained runs. They hold on every task: "
      "{}; on some: {}; on none, and do not on one or more: {}; open everywhere: {}.",
      judged.size() - not_run.size(), parts, cells, names(everywhere), names(partly),
      names(nowhere), names(undecided));
  if (!not_run.empty()) text += fmt::format(" Not run: {}.", names(not_run));
  return text;
}

std::string write_report(const fs::path& out, const std::vector<Experiment>& experiments) {
  std::string text;
  for (const std::string& line : left_out(out, experiments)) text += line + "\n";
  const std::vector<Stage> stages = stages_in(out, experiments);
  if (stages.empty())
    throw std::runtime_error(
        fmt::format("{} has no results of an experiment; ./run paper makes them", out.string()));
  const std::vector<std::string> sweeps = sweeps_in(out, experiments);
  for (const std::string& sweep : sweeps)  // damage is said before anything is written
    read_cells(out / sweep / "cells.jsonl");
  const std::vector<Finding> judged = judged_findings(stages);
  const std::string first = warning(stages);
  if (!first.empty()) text += first + "\n";
  text += findings_summary(judged) + "\n";
  // Somebody else's results can be read all the same.
  if (::access(out.c_str(), W_OK) != 0 && (errno == EACCES || errno == EROFS))
    return text +
           fmt::format("{} cannot be written, so there is no report; copy the folder to have one\n",
                       out.string());
  nn::write_file_atomically(out / "verdicts.json", verdicts_json(judged, first));
  nn::write_file_atomically(out / "report.html", page(out, experiments, stages, first, judged,
                                                      draw_figures(out, sweeps)));
  return text + fmt::format("{}\n", (out / "report.html").string());
}

}  // namespace experiments::report
