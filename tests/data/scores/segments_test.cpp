#include "data/scores/segments.h"

#include <doctest/doctest.h>

#include <fstream>

#include "nn/files/file.h"
#include "refused.h"

namespace segments_test {

using namespace data::scores;
using scores_test::refused;
using References = std::vector<std::vector<std::string>>;

// A folder with files of texts, which is removed in the end.
struct Files {
  nn::TemporaryFolder folder;
  std::filesystem::path operator()(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name, std::ios::binary) << text;
    return folder / name;
  }
  std::string refusal(const std::string& text) const {
    const auto path = (*this)("refs", text);
    const std::string message = refused<ScoreError>([&] { read_references(path); });
    return message.substr(std::min(message.size(), folder.path().string().size() + 1));
  }
};

TEST_CASE("a blank line ends the references of a segment") {
  const Files files;
  CHECK(read_references(files("a", "x y\nz\n\nu\n")) == References{{"x y", "z"}, {"u"}});
  CHECK(read_references(files("b", "x y\r\n z \r\n\r\nu")) == References{{"x y", "z"}, {"u"}});
  CHECK(read_references(files("c", "x\n\u00A0\t\nu\n\n")) == References{{"x"}, {"u"}});
}

TEST_CASE("a file without blank lines has one reference for each segment") {
  const Files files;
  CHECK(read_references(files("a", "x\ny\nz\n")) == References{{"x"}, {"y"}, {"z"}});
  CHECK(read_references(files("b", "x\ny\nz\n\n")) == References{{"x"}, {"y"}, {"z"}});
}

TEST_CASE("an output may be empty") {
  const Files files;
  CHECK(read_outputs(files("a", "x y\n\n z\r\n")) == std::vector<std::string>{"x y", "", "z"});
}

TEST_CASE("outputs and references stand side by side, and their numbers are equal") {
  const Files files;
  const auto references = files("refs", "x\ny\n\nz\n");
  const std::vector<Segment> segments = read_segments(references, files("out", "o\np\n"));
  REQUIRE(segments.size() == 2);
  CHECK(segments[0].output == "o");
  CHECK(segments[0].references == std::vector<std::string>{"x", "y"});
  CHECK(segments[1].output == "p");
  CHECK(segments[1].references == std::vector<std::string>{"z"});
  const auto three = files("three", "o\np\nq\n");
  CHECK(refused<ScoreError>([&] { read_segments(references, three); }) ==
        references.string() + " has references of 2 segments and " + three.string() +
            " has 3 outputs");
}

TEST_CASE("files that say nothing are refused") {
  const Files files;
  CHECK(files.refusal("x\n\n\ny\n") == "refs, line 3: no references before a blank line");
  CHECK(files.refusal("\nx\n") == "refs, line 1: no references before a blank line");
  CHECK(files.refusal("x\n\n\n") == "refs, line 3: no references before a blank line");
  CHECK(files.refusal("") == "refs: is empty");
  const auto absent = files.folder / "absent";
  CHECK(refused<ScoreError>([&] { read_references(absent); }) ==
        absent.string() + ": cannot be read");
  CHECK(refused<ScoreError>([&] { read_outputs(files.folder.path()); }) ==
        files.folder.path().string() + ": cannot be read");
}

}  // namespace segments_test
