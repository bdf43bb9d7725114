#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "data/readers/sql.h"

namespace data::readers {

/// Data that cannot be read; the message is one line, "FILE, line 7: ..." where there is a line.
struct DataError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class RecordKind {
  text,           ///< text to model: `text`
  completion,     ///< what to say after a prompt: `prompt`, `completion`
  labelled_text,  ///< a class of a text: `text`, `label`
  labelled_pair   ///< a class of two texts: `text`, `second_text`, `label`
};

/// What one line of a data set says. All records of a file are of one kind. The strings are UTF-8;
/// those that the kind has are not empty, but for a label that the file does not give.
struct Record {
  RecordKind kind = RecordKind::text;
  std::string text = {};
  std::string second_text = {};
  std::string label = {};   ///< a name, never a number; empty where the file has no labels
  std::string prompt = {};  ///< records with one prompt are references of each other
  std::string completion =
      {};                  ///< without a space in front, or what else is to part it from the prompt
  bool continues = false;  ///< this text goes on where that of the record before ended

  // Of WikiSQL.
  std::optional<Query> query = {};              ///< what `completion` says
  std::shared_ptr<const Columns> columns = {};  ///< the table's, for parse_sql

  std::size_t line = 0;  ///< in which it begins, from 1
};

/// Lines that became no record, by reason.
struct Skipped {
  std::string reason;          ///< for example: gold_label is "-"
  std::size_t count = 0;       ///< of records that were not made
  std::size_t first_line = 0;  ///< from 1
};

struct Counts {
  std::size_t lines = 0;    ///< of the file so far, its header too
  std::size_t records = 0;  ///< given so far
  std::vector<Skipped> skipped;
};

/// One line: `10 lines, 7 records; skipped: gold_label is "-" 2 (first in line 3)`.
std::string to_string(const Counts& counts);

/// All references of one prompt, in the order of the file.
struct References {
  std::string prompt;
  std::vector<std::string> texts;
};

/// The completions by their prompts, which come in the order in which they are first met: in E2E
/// each meaning representation has several. Throws std::invalid_argument for another kind.
std::vector<References> references(const std::vector<Record>& records);

}  // namespace data::readers
