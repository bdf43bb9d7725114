#pragma once

#include <filesystem>
#include <memory>

#include "data/readers/reader.h"

// The reader of each format. All throw DataError where the file cannot be opened.

namespace data::readers {

std::unique_ptr<Reader> text_reader(const std::filesystem::path& file);
std::unique_ptr<Reader> jsonl_reader(const std::filesystem::path& file);
std::unique_ptr<Reader> csv_reader(const std::filesystem::path& file);
std::unique_ptr<Reader> tsv_reader(const std::filesystem::path& file);
std::unique_ptr<Reader> e2e_reader(const std::filesystem::path& file);
std::unique_ptr<Reader> e2e_csv_reader(const std::filesystem::path& file);
std::unique_ptr<Reader> wikisql_reader(const std::filesystem::path& file,
                                       const std::filesystem::path& tables);
std::unique_ptr<Reader> mnli_reader(const std::filesystem::path& file);
std::unique_ptr<Reader> mnli_jsonl_reader(const std::filesystem::path& file);

}  // namespace data::readers
