#include <fmt/format.h>

#include <memory>

#include "experiments/cli/all_experiments.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/harness/output.h"
#include "experiments/report/figures.h"
#include "experiments/report/report.h"

namespace experiments::cli {

namespace {

int report(const std::filesystem::path& out) {
  if (!std::filesystem::is_directory(out))
    throw UsageError(fmt::format("--out '{}' is no folder with results", out.string()));
  require_gnuplot();
  print_out("{}", write_report(out, all_experiments()));
  return 0;
}

}  // namespace

Command report_command() {
  Command command("report", "verdicts and report.html from the results that are there");
  auto out = std::make_shared<std::filesystem::path>("results");
  command.option("--out", path_value(*out), "results folder");
  command.action([out](const Command&) { return report(*out); });
  return command;
}

}  // namespace experiments::cli
