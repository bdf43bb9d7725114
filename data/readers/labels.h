#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "data/readers/record.h"

namespace data::readers {

/// The labels of the records, sorted by their bytes: the numbers of the classes do not depend on the
/// order of the lines. Throws DataError, with the file's name, where a record has no label, or all
/// have the same.
std::vector<std::string> label_names(const std::vector<Record>& records,
                                     const std::filesystem::path& file);

/// The place of the record's label among `labels`, in any order. Throws DataError "FILE, line N:
/// ..." where it is none of them, naming them.
std::size_t label_id(const Record& record, const std::vector<std::string>& labels,
                     const std::filesystem::path& file);

/// label_id of every record, for a file that is to have the labels of the training data.
std::vector<std::size_t> label_ids(const std::vector<Record>& records,
                                   const std::vector<std::string>& labels,
                                   const std::filesystem::path& file);

}  // namespace data::readers
