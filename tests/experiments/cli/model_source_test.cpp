#include "experiments/cli/model_source.h"

#include <doctest/doctest.h>

namespace model_source_test {

using namespace experiments::cli;

TEST_CASE("the configuration of a base survives as JSON, and nothing else is one") {
  BaseConfig config = base_config(7, 90);
  CHECK(config.warmup == 9);
  config.lr = 0.1;
  const std::string text = to_json(config);
  CHECK(to_json(base_config_from_json(text)) == to_json(config));
  CHECK(hash(base_config_from_json(text)) == hash(config));

  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string copy = text;
    const std::size_t at = copy.find(from);
    REQUIRE(at != std::string::npos);
    return copy.replace(at, from.size(), to);
  };
  for (const std::string& wrong :
       {changed("\"steps\":90", "\"steps\":\"90\""), changed("\"steps\":90", "\"steps\":90.5"),
        changed("\"steps\":90", "\"stops\":90"), changed("{", "{\"more\":1,"),
        changed("\"heads\":4", "\"heads\":5"), changed("\"steps\":90", "\"steps\":90,\"steps\":90"),
        std::string("[]"), std::string("{}"), std::string(), text.substr(0, 40)}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(base_config_from_json(wrong), std::invalid_argument);
  }
}

TEST_CASE("a task is known by its label, and a label that is none is refused") {
  SourcedModel sourced;
  sourced.labels_from = "an adapter";
  CHECK(!labelled_task(sourced));
  sourced.labels = {{"task", "reorder"}, {"facts", "ignored where there are none"}};
  CHECK(labelled_task(sourced)->task == data::tasks::reorder);
  sourced.labels = {{"task", "sqlgen"}, {"facts", "9"}};
  CHECK(labelled_task(sourced)->options.facts == 9);
  sourced.labels.erase("facts");
  CHECK(labelled_task(sourced)->options.facts == default_task_options().facts);

  for (const char* facts : {"", "1", "33", "9 ", "-9", "99999999999"}) {
    sourced.labels = {{"task", "sqlgen"}, {"facts", facts}};
    CAPTURE(facts);
    CHECK_THROWS_AS(labelled_task(sourced), std::invalid_argument);
  }
  sourced.labels = {{"task", "nli\n"}};
  CHECK_THROWS_WITH(labelled_task(sourced),
                    "an adapter: its metadata \"task\" is \"nli\\n\", which is no such thing");
}

}  // namespace model_source_test
