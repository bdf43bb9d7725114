#include "experiments/report/report.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "experiments/cli/all_experiments.h"
#include "experiments/evidence/verdicts.h"
#include "experiments/harness/experiment.h"
#include "experiments/report/figures.h"
#include "experiments/report/html.h"
#include "nn/files/file.h"
#include "tests/experiments/fake_cells.h"
#include "tests/experiments/fake_findings.h"
#include "tests/nn/temporary_folder.h"

namespace report_test {

using namespace experiments::report;
using fake::has;

namespace {

// With what HTML would take for its own.
Finding finding(const std::string& id, double effect, int pairs = 6) {
  return fake::finding(id, effect, pairs, "what <the> paper \"says\" & more");
}

void write_report_json(const std::filesystem::path& folder, const Finding& found) {
  Report report{"A <title>"};
  report.findings = {found};
  fake::write(folder / "report.json", report_json(report));
}

std::vector<std::string> names_in(const std::filesystem::path& out) {
  std::vector<std::string> names;
  for (const Stage& stage : stages_in(out, experiments::cli::all_experiments()))
    names.push_back(stage.name);
  return names;
}

}  // namespace

TEST_CASE("what stands for itself in a text is escaped in HTML") {
  CHECK(escaped("a<b>&\"c\"'") == "a&lt;b&gt;&amp;&quot;c&quot;&#39;");
  CHECK(has(table_html({"<h>"}, {{"<script>"}}), "<td>&lt;script&gt;</td>"));
  CHECK(has(csv_html("a,b\n\"1,2\",<i>\n"), ">1,2</td><td>&lt;i&gt;</td>"));
  CHECK(has(details("<s>", ""), "<summary>&lt;s&gt;</summary>"));
  // A download's bytes come back, whatever they are.
  CHECK(has(download_link("a.csv", "text/csv", "a,\"b\"\n"), "utf-8,a,%22b%22%0A\""));
}

TEST_CASE("a long CSV is shortened and says so") {
  std::string csv = "x\n";
  for (int i = 0; i < 10; ++i) csv += std::to_string(i) + "\n";
  CHECK(has(csv_html(csv, 4), "4 of 10 rows"));
  CHECK_FALSE(has(csv_html(csv, 10), "rows"));
}

TEST_CASE("the family is F1 to F11, measured or not") {
  const std::vector<Finding> family =
      summarised({finding("F9", 1), finding("F9", 2), finding("F2", 3), finding("X1", 1)});
  REQUIRE(family.size() == 12);
  for (int i = 1; i <= 11; ++i)
    CHECK(family[static_cast<std::size_t>(i - 1)].id == fmt::format("F{}", i));
  CHECK(family[8].parts.size() == 2);
  CHECK(family[8].cells == 24);
  CHECK(family[0].parts.empty());
  CHECK(family[0].summary() == "not run");
  CHECK(family[11].id == "X1");
}

TEST_CASE("verdicts.json says the outcome, and null where nothing was measured") {
  std::vector<Finding> family =
      summarised({finding("F1", 3), finding("F2", -3), finding("F3", 3, 1)});
  judge(family);
  const auto verdicts = nlohmann::json::parse(verdicts_json(family));
  const auto& findings = verdicts.at("findings");
  REQUIRE(findings.size() == 11);
  CHECK(findings[0].at("summary") == "holds on 1 of 1");
  CHECK(findings[0].at("tasks")[0].at("outcome") == "holds here");
  CHECK(findings[0].at("parts")[0].at("test") == "t-test");
  CHECK(findings[0].at("parts")[0].at("tests_in_the_family") == 1);
  CHECK(findings[0].at("parts")[0].at("effect").get<double>() == doctest::Approx(3.35));
  CHECK(findings[0].at("parts")[0].at("repeated_over") == "base seed, seed");
  CHECK(findings[0].at("parts")[0].at("repetitions").size() == 6);
  CHECK(findings[1].at("summary") == "does not hold on 1 of 1");
  CHECK(findings[2].at("summary") == "open on 1 of 1");
  CHECK(findings[2].at("parts")[0].at("p").is_null());
  CHECK(findings[2].at("parts")[0].at("effect").is_null());
  CHECK(findings[4].at("summary") == "not run");
}

TEST_CASE("every figure says what it is") {
  const std::vector<Figure> figures = all_figures();
  CHECK(figures.size() >= 8);
  for (const Figure& figure : figures) {
    CHECK_FALSE(figure.title.empty());
    CHECK(has(figure.script, "set output '" + figure.name + ".svg'"));
  }
  CHECK_THROWS_AS(figure_from_script("x", "# title: no data\n# caption: c\n"),
                  std::invalid_argument);
  const Figure figure = figure_from_script("x",
                                           "# title: T\n# data: a.csv ../b/c.csv\n"
                                           "# caption: one\n# caption: two\nplot x\n");
  CHECK(figure.data == std::vector<std::string>{"a.csv", "../b/c.csv"});
  CHECK(figure.caption == "one two");
}

TEST_CASE("an SVG stands in a page: no XML head, its own ids, its title") {
  const Figure figure{"name", "A < B", "", {}, ""};
  const std::string svg = inline_svg(
      "<?xml version=\"1.0\"?>\n<svg>\n<title>Gnuplot</title><g id=\"g1\"/><use "
      "xlink:href='#g1' fill='url(#p)'/></svg>",
      figure);
  CHECK(svg.starts_with("<svg"));
  CHECK(has(svg, "id=\"name-g1\""));
  CHECK(has(svg, "href='#name-g1'"));
  CHECK(has(svg, "url(#name-p)"));
  CHECK(has(svg, "<title>A &lt; B</title>"));
  CHECK_THROWS_AS(inline_svg("no drawing", figure), std::invalid_argument);
}

TEST_CASE("a sweep's summary has mean and sd of every kind of cell") {
  const TemporaryFolder folder;
  std::string lines;
  for (const int seed : {1, 2}) {
    CellResult result = fake::result(fake::cell("nli", {"v", "q"}, 4, static_cast<unsigned>(seed)));
    result.value = seed == 1 ? 0.5 : 0.7;
    result.more["train_nll"] = 1;
    lines += to_json(result).dump() + "\n";
  }
  CellResult alone = fake::result(fake::cell("nli", {"v", "q"}, 8, 1));
  alone.value = 0.25;
  lines += to_json(alone).dump() + "\n" + "{\"torn";
  fake::write(folder / "cells.jsonl", lines);
  const std::string csv = cells_summary_csv(folder / "cells.jsonl");
  CHECK(csv.starts_with(
      "task,method,size,targets,rank,alpha,scaling,init,dropout,optimizer,base,width,facts,lr,"
      "steps,examples,n,metric,trainable,nll_mean,nll_sd,train_nll_mean,train_nll_sd,value_mean,"
      "value_sd,blocks,init_seed,data_seed,depth,base_steps,lr_ratio,labels,rounding,"
      "architecture\n"));
  CHECK(has(csv, "nli,lora,0,q+v,4,"));
  CHECK(has(csv, ",2,exact_match,1024,"));
  CHECK(has(csv, ",1,0,60,14.14213562373"));
  CHECK(
      has(csv, ",,,25,,-,0,0,2,0,1,true,usual,decoder\n"));  // no train_nll, and one run has no sd
}

TEST_CASE("the costs by formula have GPT-3's figures, readable without scripts") {
  const std::string html = costs_section();
  CHECK(has(html, "<td>18.87 M</td><td>37.7 MB</td><td>351 GB</td>"));
}

TEST_CASE("a stage that shares a sweep has that sweep's provenance") {
  const TemporaryFolder folder;
  for (const char* name : {"figure3", "adapters"}) std::filesystem::create_directory(folder / name);
  Finding figure3 = finding("F3", 3);
  figure3.command = "./run figure3";
  write_report_json(folder / "figure3", figure3);
  fake::write(folder / "adapters" / "run.json",
              R"({"hash": "0123abcd", "extent": {"seeds": [1, 2]},
                  "runs": [{"commit": "c0ffee", "compiler": "GNU", "flags": "-O3", "cpu": "a cpu"}]})");
  CellResult adapter = fake::result(fake::cell("nli", {"q"}, 4, 1));
  CellResult other = fake::result(fake::cell("nli", {"q"}, 4, 2));
  adapter.experiment = "adapters", other.experiment = "table5";
  fake::write(folder / "adapters" / "cells.jsonl",
              to_json(adapter).dump() + "\n" + to_json(other).dump() + "\n");
  const std::string html =
      provenance_section(folder.path(), experiments::cli::all_experiments(),
                         stages_in(folder.path(), experiments::cli::all_experiments()));
  CHECK(has(html,
            "<td>figure3</td><td>adapters</td><td>0123abcd</td><td></td><td>[1,2]</td>"
            "<td>2, of them 1 by table5</td>"));
  CHECK(has(html, "c0ffee"));
  CHECK(sweep_of(experiments::cli::all_experiments(), "figure2") == "table15");
  CHECK(sweep_of(experiments::cli::all_experiments(), "table5") == "table5");
  CHECK(sweep_of(experiments::cli::all_experiments(), "another") == "another");
}

TEST_CASE("a folder is read where its name, its card and its findings are of one experiment") {
  const TemporaryFolder folder;
  Finding table5 = finding("F1", 3);
  table5.command = "./run table5";
  for (const char* name : {"table5", "table6", "table5.bak", "notes"})
    std::filesystem::create_directory(folder / name);
  write_report_json(folder / "table5", table5);
  write_report_json(folder / "table5.bak", table5);
  fake::write(folder / "notes" / "text.md", "mine");
  CHECK(names_in(folder.path()) == std::vector<std::string>{"table5"});
  CHECK(judged_findings(stages_in(folder.path(), experiments::cli::all_experiments()))[0]
            .parts.size() == 1);
  CHECK(left_out(folder.path(), experiments::cli::all_experiments()) ==
        std::vector<std::string>{(folder / "table5.bak").string() +
                                 " is left out: no experiment has that name"});
  // A copy under the name of another experiment.
  write_report_json(folder / "table6", table5);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"table5"});
  CHECK(left_out(folder.path(), experiments::cli::all_experiments()).back() ==
        (folder / "table6").string() + " is left out: its findings are of \"./run table5\"");
  fake::write(folder / "table5" / "run.json", R"({"experiment": "table6"})");
  CHECK(stages_in(folder.path(), experiments::cli::all_experiments()).empty());
  fake::write(folder / "table5" / "run.json", R"({"experiment": "table5"})");
  CHECK(names_in(folder.path()) == std::vector<std::string>{"table5"});
}

TEST_CASE("a report needs results") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(write_report(folder.path(), experiments::cli::all_experiments()),
                    doctest::Contains("has no results"));
}

TEST_CASE("verdicts in HTML are escaped") {
  std::vector<Finding> family = summarised({finding("F1", 3)});
  judge(family);
  const std::string html = verdicts_section(family);
  CHECK(has(html, "what &lt;the&gt; paper"));
  CHECK_FALSE(has(html, "<the>"));
  CHECK(has(html, "<td class=\"outcome holds\">✓ holds here</td>"));
  CHECK(has(html, "<td>holds here, +3.4 points [+3.2, +3.5]</td>"));
}

TEST_CASE("the lines of a figure's data rise in r, as numbers") {
  const TemporaryFolder folder;
  std::string lines;
  for (const int rank : {16, 2, 1, 8})
    lines += to_json(fake::result(fake::cell("nli", {"q"}, rank, 1))).dump() + "\n";
  fake::write(folder / "cells.jsonl", lines);
  const std::string csv = cells_summary_csv(folder / "cells.jsonl");
  std::size_t before = 0;
  for (const int rank : {1, 2, 8, 16}) {
    const std::size_t at = csv.find(fmt::format("nli,lora,0,q,{},", rank));
    REQUIRE(at != std::string::npos);
    CHECK(at > before);
    before = at;
  }
}

TEST_CASE("a stage's section is drawn from its report, escaped, many tables folded") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "table5");
  fake::write(folder / "table5" / "table5.csv", "a,b\n1,<2>\n");
  Report report{"A <title>"};
  report.remarks = {"x < y"};
  for (int i = 0; i < 8; ++i)
    report.sections.push_back({fmt::format("table {}", i), {}, {{"<h>"}, {"1"}}});
  Finding own = finding("(a)", 3);
  own.in_summary = false;
  report.findings = {own};
  const std::string html = stage_section(folder.path(), {"table5", report}, {});
  CHECK(has(html, "<h3>A &lt;title&gt;</h3>"));
  CHECK(has(html, "<p>x &lt; y</p>"));
  CHECK(has(html, "<summary>2 more tables</summary>"));
  CHECK(has(html, "(a) a is larger"));
  CHECK(has(html, "&lt;2&gt;"));
  CHECK_FALSE(has(html, "<2>"));
}

TEST_CASE("the first screen says what came out") {
  std::vector<Finding> family = summarised({finding("F1", 3), finding("F2", -3)});
  judge(family);
  const std::string text = summary_text(family);
  CHECK(has(text, "2 findings were put to the test in 2 parts, which rest on 24 trained runs."));
  CHECK(has(text,
            "They hold on every task: F1; on some: none; on none, and do not on one or more: F2; "
            "open everywhere: none."));
  CHECK(has(text, "Not run: F3, F4"));
}

TEST_CASE("results of an earlier version are named, with what to do") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "table5");
  fake::write(folder / "table5" / "cells.jsonl", "");
  fake::write(folder / "table5" / "findings.json", "[]");
  CHECK(
      left_out(folder.path(), experiments::cli::all_experiments()) ==
      std::vector<std::string>{(folder / "table5").string() +
                               " is left out: an earlier version wrote it; ./run table5 reads its "
                               "cells again"});
}

}  // namespace report_test
