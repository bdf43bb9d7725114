#pragma once

#include "experiments/cli/command_line.h"
#include "experiments/cli/pretrained.h"

/// Options that several commands have beside --model.
namespace experiments::cli {

/// --data and --format.
void add_data_options(Command& command, DataFile& data, const std::string& what);
/// A format of data::readers.
Value format_value(std::string& format);
/// Throws UsageError unless both were given.
void require_data(const Command& command);

/// How a causal model goes on with a prompt: --beams, --length-penalty, --no-repeat-ngram, --no-cache.
void add_search_options(Command& command, PretrainedGenerate& given);
extern const std::vector<std::string> search_options;  ///< their names

}  // namespace experiments::cli
