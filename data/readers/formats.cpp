#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "data/readers/forms.h"
#include "nn/files/json.h"

namespace data::readers {
namespace {

/// Of a format without tables.
template <std::unique_ptr<Reader> (*open)(const std::filesystem::path&)>
std::unique_ptr<Reader> alone(const std::filesystem::path& file, const std::filesystem::path&) {
  return open(file);
}

constexpr std::array<Format, 9> formats{{
    {"text", "plain text, to be modelled", alone<text_reader>},
    {"jsonl", "JSON lines: prompt and completion; text and label; text_a, text_b, label; text",
     alone<jsonl_reader>},
    {"csv", "the same names as columns of CSV", alone<csv_reader>},
    {"tsv", "the same names as columns between tabs", alone<tsv_reader>},
    {"e2e", "E2E for the code of the LoRA paper: key : value | key : value||reference",
     alone<e2e_reader>},
    {"e2e-csv", "E2E as it was released: CSV with mr and ref", alone<e2e_csv_reader>},
    {"wikisql", "WikiSQL: JSON lines of questions, the tables in a file beside", wikisql_reader,
     /*has_tables=*/true},
    {"mnli", "MultiNLI, SNLI or HANS between tabs, in the corpus's own form or GLUE's",
     alone<mnli_reader>},
    {"mnli-jsonl", "MultiNLI or SNLI as JSON lines", alone<mnli_jsonl_reader>},
}};

}  // namespace

std::span<const Format> all_formats() { return formats; }

std::string format_names() {
  std::string names;
  for (const Format& format : formats)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", format.name);
  return names;
}

const Format& parse_format(std::string_view name) {
  const auto found = std::find_if(formats.begin(), formats.end(),
                                  [&](const Format& format) { return format.name == name; });
  if (found == formats.end())
    throw DataError(fmt::format("no format has the name {}; there are {}", nn::printable(name),
                                format_names()));
  return *found;
}

std::unique_ptr<Reader> open_reader(const std::filesystem::path& file, std::string_view format,
                                    const std::filesystem::path& tables) {
  const Format& known = parse_format(format);
  if (!known.has_tables && !tables.empty())
    throw DataError(fmt::format("{}: the format {} has no tables", tables.string(), known.name));
  return known.open(file, tables);
}

}  // namespace data::readers
