#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "experiments/bench/bench_roofline.h"
#include "experiments/cli/bench_commands.h"
#include "experiments/harness/output.h"
#include "experiments/report/figures.h"
#include "nn/files/file.h"

namespace experiments::cli {

/// Written by the build from experiments/bench/roofline.gp (cmake/embed_text.cmake).
std::string_view roofline_script();

namespace {

struct BenchRooflineOptions {
  std::filesystem::path out;
  int threads = 1;
};

int run_bench_roofline(const BenchRooflineOptions& given) {
  require_gnuplot();
  const std::filesystem::path& folder = given.out;
  nn::check_writable(folder / "roofline.csv", 4096);
  const std::string csv = roofline_csv(measure_roofline(given.threads));
  nn::create_folders(folder);
  nn::write_file_atomically(folder / "roofline.csv", csv);
  const Drawing drawing = draw_figure("roofline", roofline_script(), folder);
  if (!drawing.problem.empty()) throw std::runtime_error(drawing.problem);
  print_out("{}\n{}\n", (folder / "roofline.csv").string(), (folder / "roofline.svg").string());
  return 0;
}

}  // namespace

Command bench_roofline_command() {
  auto given = std::make_shared<BenchRooflineOptions>();
  Command command("roofline", "draw the speed of kernels under the peak and the bandwidth");
  command.required("--out", path_value(given->out), "a folder for roofline.csv and roofline.svg");
  add_threads_option(command, given->threads);
  command.action([given](const Command&) { return run_bench_roofline(*given); });
  return command;
}

}  // namespace experiments::cli
