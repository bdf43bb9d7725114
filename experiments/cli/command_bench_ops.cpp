#include <memory>

#include "experiments/bench/bench_ops.h"
#include "experiments/cli/bench_commands.h"

namespace experiments::cli {

namespace {

Value filter_value(std::vector<std::string>& names) {
  return {"TEXT", [&names](const std::string& option, const std::string& text) {
            try {
              names = matching_benchmarks(text);
            } catch (const std::invalid_argument& error) {
              throw UsageError(option + " " + error.what());
            }
          }};
}

}  // namespace

Command bench_ops_command() {
  auto bench = std::make_shared<OpsBench>();
  bench->names = op_benchmarks();
  Command command("ops", "time every operation forward and backward (Google Benchmark)");
  command.option("--filter", filter_value(bench->names),
                 "a regular expression, as gelu/small or backward");
  command.option("--min-time", positive(bench->min_time), "seconds for each, at least");
  add_threads_option(command, bench->threads);
  command.flag("--json", bench->json, "Google Benchmark's JSON");
  command.action([bench](const Command&) {
    time_ops(*bench);
    return 0;
  });
  return command;
}

}  // namespace experiments::cli
