#include "experiments/report/figures.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "nn/files/file.h"
#include "tests/experiments/fake_cells.h"
#include "tests/nn/temporary_folder.h"

namespace figures_test {

using namespace experiments::report;

namespace {

namespace fs = std::filesystem;

bool gnuplot_is_here() {
  try {
    require_gnuplot();
    return true;
  } catch (const std::runtime_error&) {
    MESSAGE("gnuplot is not here: no figure is drawn");
    return false;
  }
}

// A results folder, whose figures are drawn from data that a test writes.
struct Results {
  TemporaryFolder out;

  void write(const std::string& file, const std::string& text) {
    nn::create_folders((out / file).parent_path());
    fake::write(out / file, text);
  }
  void write_cells(const std::string& sweep, const std::vector<CellResult>& results) {
    std::string lines;
    for (const CellResult& result : results) lines += to_json(result).dump() + "\n";
    write("cells.jsonl", lines);
    write("figures/" + sweep + "_cells.csv", cells_summary_csv(out / "cells.jsonl"));
  }
  std::string draw(const std::string& name) {
    for (const Figure& figure : all_figures())
      if (figure.name == name) {
        const Drawing drawing = draw_figure(name, figure.script, out / "figures");
        CHECK(drawing.problem == "");
        return drawing.svg;
      }
    return "";
  }
};

// What is written in it, number by number and word by word.
bool says(const std::string& svg, const std::string& text) {
  return svg.find(">" + text + "<") != std::string::npos;
}

CellResult scored(Cell cell, long trainable = 512) {
  CellResult result = fake::result(cell);
  result.trainable = trainable;
  result.more["validation_nll"] = 0.5;
  return result;
}

// Where there is a point; gnuplot draws one that has a deviation twice.
std::set<std::pair<double, double>> points(const std::string& svg) {
  std::set<std::pair<double, double>> all;
  const std::string start = "transform='translate(";
  for (std::size_t at = 0; (at = svg.find(start, at)) != std::string::npos;) {
    at += start.size();
    const std::size_t comma = svg.find(',', at);
    all.emplace(std::stod(svg.substr(at)), std::stod(svg.substr(comma + 1)));
  }
  return all;
}

}  // namespace

TEST_CASE("a figure over r has the ranks and the tasks that were run, and no others") {
  if (!gnuplot_is_here()) return;
  Results results;
  std::vector<CellResult> cells;
  for (const int rank : {1, 3}) cells.push_back(scored(fake::cell("nli", {"q"}, rank, 1)));
  for (const char* name : {"table6", "table18"}) {
    results.write_cells(name, cells);
    const std::string svg = results.draw(name);
    for (const char* text : {"nli", "1", "3"}) CHECK(says(svg, text));
    for (const char* text : {"sqlgen", "reorder", "2", "8", "16"}) CHECK_FALSE(says(svg, text));
  }
  cells.push_back(scored(fake::cell("reorder", {"q"}, 8, 1)));
  results.write_cells("table6", cells);
  const std::string svg = results.draw("table6");
  for (const char* text : {"nli", "reorder", "8", "all four"}) CHECK(says(svg, text));
}

TEST_CASE("the legend of forgetting has the ranks that were run") {
  if (!gnuplot_is_here()) return;
  Results results;
  results.write("forgetting/forgetting.csv",
                "task,method,rank,score,forgetting_others\n"
                "nli,frozen,0,0.3,0\nnli,full,0,0.9,2\nnli,lora,1,0.7,0.1\nnli,lora,16,0.8,0.2\n");
  const std::string svg = results.draw("forgetting");
  for (const char* text : {"nli", "LoRA r = 1", "LoRA r = 16"}) CHECK(says(svg, text));
  for (const char* text : {"reorder", "LoRA r = 2", "LoRA r = 64"}) CHECK_FALSE(says(svg, text));
}

TEST_CASE(
    "against the size of the step stand the tasks that were run, for the rate and for alpha") {
  if (!gnuplot_is_here()) return;
  Results results;
  std::string csv = "task,axis,lr,alpha,matrix,quantity,n,mean,low,high\n";
  for (const char* quantity : {"score", "score_more", "top", "relative", "factor", "position"})
    for (const char* step : {"lr,0.0025,8", "lr,0.04,8", "alpha,0.04,0.5", "alpha,0.04,8"})
      csv += fmt::format("nli,{},all,{},8,0.4,0.3,0.5\n", step, quantity);
  csv += "nli,lr,0.04,8,q,top,8,0.9,0.8,1\n";
  results.write("step-size/step-size.csv", csv);
  const std::string svg = results.draw("step-size");
  for (const char* text : {"nli", "learning rate", "α", "log-position"}) CHECK(says(svg, text));
  for (const char* text : {"sqlgen", "reorder"}) CHECK_FALSE(says(svg, text));
}

TEST_CASE("heat maps show every task and name it") {
  if (!gnuplot_is_here()) return;
  Results results;
  std::string csv = "task,matrix,what,side,i,j,phi,corrected\n";
  for (const char* task : {"nli", "reorder"})
    for (const char* matrix : {"q", "v"})
      for (const char* what : {"start,A", "r8-r16,A", "r8-r16,BA-right"})
        for (const char* place : {"1,1", "1,2", "2,1", "2,2"})
          csv += fmt::format("{},blocks.1.attn.{},{},{},0.5,0.4\n", task, matrix, what, place);
  results.write("figure3/figure3.csv", csv);
  const std::string svg = results.draw("figure3");
  for (const char* text : {"nli", "reorder"}) CHECK(says(svg, text));
  CHECK_FALSE(says(svg, "sqlgen"));
}

TEST_CASE("alpha against the learning rate: the axes have what was run, and the task is named") {
  if (!gnuplot_is_here()) return;
  Results results;
  std::vector<CellResult> cells;
  for (const char* optimizer : {"adamw", "sgd"})
    for (const double alpha : {2.0, 8.0})
      for (const double lr : {0.02, 0.08}) {
        Cell cell = fake::cell("nli", {"q", "v"}, 4, 1);
        cell.optimizer = optimizer, cell.alpha = alpha;
        cell.lr = optimizer == std::string("sgd") ? 10 * lr : lr;
        cells.push_back(scored(cell));
      }
  results.write_cells("adam-alpha", cells);
  const std::string svg = results.draw("adam-alpha");
  for (const char* text : {"Adam, nli", "SGD, nli", "2", "8", "0.02", "0.08", "0.2", "0.8"})
    CHECK(says(svg, text));
  for (const char* text : {"0.1", "1", "10"}) CHECK_FALSE(says(svg, text));
}

TEST_CASE("methods of one size and one score do not lie on each other in figure 2") {
  if (!gnuplot_is_here()) return;
  Results results;
  std::vector<CellResult> cells{scored(fake::cell("nli", {"q", "v"}, 1, 1)),
                                scored(fake::cell("nli", {"v"}, 2, 1))};
  for (const char* method : {"prefix-embedding", "prefix-layer"}) {
    Cell cell = fake::cell("nli", {}, 0, 1);
    cell.method = method, cell.size = 8;
    cells.push_back(scored(cell));
  }
  cells.push_back(scored(fake::cell("nli", {"q", "k", "v", "o"}, 1, 1), 520));
  for (CellResult& cell : cells) cell.value = 0.5;
  results.write_cells("table15", cells);
  const auto drawn = points(results.draw("figure2"));
  const std::size_t methods = 10;  // a point for each in the legend
  CHECK(drawn.size() == cells.size() + methods);
  double nearest = 1e9;
  for (const auto& [x, y] : drawn)
    for (const auto& [u, v] : drawn)
      if (x != u || y != v) nearest = std::min(nearest, std::hypot(x - u, y - v));
  CHECK(nearest > 7);  // points of the page; a marker is as wide
}

}  // namespace figures_test
