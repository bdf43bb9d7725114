#include "experiments/cli/sweep_output.h"

#include <fmt/format.h>

#include "experiments/evidence/text.h"
#include "experiments/harness/output.h"
#include "experiments/report/figures.h"

namespace experiments::cli {

void run_and_print(const beyond::sweep::Sweep& sweep, const harness::Experiment& experiment,
                   harness::Lab& lab) {
  lab.progress.message(fmt::format("{} rows, {} seed{} each", sweep.rows.size(), lab.settings.seeds,
                                   lab.settings.seeds == 1 ? "" : "s"));
  const Report report = run(experiment, lab);
  print_out("{}", report_text(report, columns_of_output()));
  const std::filesystem::path folder = lab.settings.out / sweep.name;
  const std::string problem = draw_beside(sweep.name, beyond::sweep::figure_script(sweep), folder);
  lab.progress.message(fmt::format(
      "the table is in {0}.md, a line for each run in {0}.csv{1}", (folder / sweep.name).string(),
      problem.empty() ? fmt::format(", the figure in {}.svg", sweep.name)
                      : "; the figure is not drawn: " + problem));
}

}  // namespace experiments::cli
