#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/namespaces.h"

/// The figures of the report. Each is a gnuplot script beside its experiment that says in its first
/// lines what it draws and from which files:
///
///   # title: Score against the number of trained parameters
///   # data: table15_cells.csv ../known-rank/known-rank.csv
///   # caption: What there is to see.
///   # caption: It may go on.
///
/// Scripts are compiled into the program and written to OUT/figures, where their data lie or are
/// reached from; `gnuplot x.gp` in that folder draws x.svg again after an edit.
namespace experiments::report {

struct Figure {
  std::string name, title, caption;
  std::vector<std::string> data;  ///< paths from OUT/figures
  std::string script;
};

/// Reads the script's first lines. Throws std::invalid_argument for a script that lacks one.
Figure figure_from_script(const std::string& name, const std::string& script);

/// All of the report, in the order of their files.
std::vector<Figure> all_figures();

/// Throws std::runtime_error that names the package where gnuplot cannot be run: asked before any
/// long work, so that a report does not come without its figures at the end of a night.
void require_gnuplot();

struct Drawing {
  Figure figure;
  std::string svg;      ///< to stand in an HTML page; empty where it could not be drawn
  std::string problem;  ///< then: the data that are not there, or what gnuplot said
};

/// Writes the tables of these sweeps and every script whose data are there, draws it and leaves
/// <name>.svg beside it.
std::vector<Drawing> draw_figures(const std::filesystem::path& out,
                                  const std::vector<std::string>& sweeps);

/// Writes one script into the folder of its data, draws it and leaves <name>.svg there. For a
/// figure that is not of the report.
Drawing draw_figure(const std::string& name, std::string_view script,
                    const std::filesystem::path& folder);

/// The same, as far as there is gnuplot. Returns why there is no picture, or "".
std::string draw_beside(const std::string& name, const std::string& script,
                        const std::filesystem::path& folder);

/// The same from data in a folder of its own, with the picture alone written to `svg`: for what is
/// drawn beside a result and is less than it. Returns why there is no picture, or "".
std::string draw_aside(const std::string& name, std::string_view script, const std::string& data,
                       const std::string& csv, const std::filesystem::path& svg);

/// gnuplot's SVG without its XML head, with ids that begin with the figure's name: several SVGs in
/// one page must not share them. The title is what a screen reader says.
std::string inline_svg(const std::string& svg, const Figure& figure);

/// A finished sweep as a table for a figure, one line per kind of cell with mean and sd over its
/// repetitions: the fields of Cell without the seeds (its matrices as
/// "q+v", or "-"), n, trainable, then <measurement>_mean and
/// <measurement>_sd of value (in points), nll and every measurement of CellResult::more. An sd of a
/// single run is empty.
std::string cells_summary_csv(const std::filesystem::path& cells_jsonl);

}  // namespace experiments::report
