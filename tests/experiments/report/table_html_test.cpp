#include <doctest/doctest.h>

#include "experiments/report/html.h"

namespace table_html_test {

using namespace experiments::report;

TEST_CASE("a table has a head that can be repeated, and its numbers stand to the right") {
  const std::string html =
      table_html({"name", "n", "score", "seeds", "mixed"},
                 {{"q", "1,024", "62.0 ±5.1", "[1,2]", "3"}, {"v", "-", "1e-05", "[1]", "three"}});
  CHECK(html ==
        "<div class=\"wide\"><table><thead><tr><th>name</th><th class=\"n\">n</th>"
        "<th class=\"n\">score</th><th>seeds</th><th>mixed</th></tr>\n</thead>\n"
        "<tbody><tr><td>q</td><td class=\"n\">1,024</td><td class=\"n\">62.0 ±5.1</td>"
        "<td>[1,2]</td><td>3</td></tr>\n"
        "<tr><td>v</td><td class=\"n\">-</td><td class=\"n\">1e-05</td><td>[1]</td>"
        "<td>three</td></tr>\n</tbody>\n</table>\n</div>\n");
}

TEST_CASE("a column of dashes or of nothing has no numbers, and a row may be short or long") {
  CHECK(table_html({"a", "b"}, {{"-", ""}}).find("class=\"n\"") == std::string::npos);
  CHECK(table_html({"best"}, {{"62.0 ±5.1*"}}).find("class=\"n\"") != std::string::npos);
  CHECK(table_html({"best"}, {{"*"}}).find("class=\"n\"") == std::string::npos);
  CHECK(table_html({"a", "b"}, {{"1"}}).find("<td class=\"n\">1</td></tr>") != std::string::npos);
  CHECK(table_html({"a"}, {{"1", "2"}}).find("<td class=\"n\">1</td><td>2</td>") !=
        std::string::npos);
}

}  // namespace table_html_test
