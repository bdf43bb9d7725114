#pragma once

#include <filesystem>
#include <optional>

#include "data/tokenizers/tokenizer.h"
#include "experiments/namespaces.h"

/// What `tokenize` and `bench tokenize` do. There are two definitions: tokenize.cpp, and
/// models_missing.cpp for a build without LOWRANK_MODELS, where each says how to get them.
namespace experiments::cli {

struct TokenizeOptions {
  std::filesystem::path tokenizer;  ///< a folder
  data::tokenizers::PieceForm form = data::tokenizers::PieceForm::as_configured;
  data::tokenizers::Special special = data::tokenizers::Special::with;
  std::optional<data::tokenizers::Special> decoded_special;  ///< nothing: as the library
  bool json = false;
};

/// Standard input to standard output, of which nothing is printed before all of it is right.
int run_tokenize(const TokenizeOptions& given);

struct BenchTokenizeOptions {
  std::filesystem::path tokenizer, text;
  int rounds = 5;
  bool json = false;
};

int run_bench_tokenize(const BenchTokenizeOptions& given);

}  // namespace experiments::cli
