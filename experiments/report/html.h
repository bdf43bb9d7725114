#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "experiments/namespaces.h"

/// The little HTML that the report needs. Functions take text and return HTML; only parameters
/// named `html`, or ending so, are HTML already.
namespace experiments::report {

/// & < > " ' as entities: safe as an element's content and in a quoted attribute.
std::string escaped(std::string_view text);

/// <tag attributes>html</tag> and a line end; `attributes` are HTML already.
std::string element(std::string_view tag, std::string_view html, std::string_view attributes = "");

/// <details> that hides `html` behind its summary.
std::string details(std::string_view summary, std::string_view html);

/// A table of rows that are HTML (<tr>), in a box that scrolls where the table is wider than the
/// page. On paper the head stands again on each page.
std::string table_of_rows(std::string_view head_html, std::string_view rows_html);

/// A table of texts. Rows may be shorter than the head. A column of numbers is set to the right.
std::string table_html(const std::vector<std::string>& head,
                       const std::vector<std::vector<std::string>>& rows);

/// The first line as the head; cells in double quotes may hold commas. Of a long file the first
/// `most_rows` rows, and a line that says how many there are.
std::string csv_html(std::string_view csv, std::size_t most_rows = 200);

/// A link that saves `bytes` under this file name. The bytes are in the link, so it needs no
/// network and no other file.
std::string download_link(const std::string& file_name, std::string_view mime_type,
                          std::string_view bytes);

}  // namespace experiments::report
