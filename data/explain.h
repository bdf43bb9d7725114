#pragma once

#include <string>

#include "data/example.h"
#include "data/reorder.h"
#include "data/sqlgen.h"

/// What an example of a kind says, in plain English, in one line.
namespace data {

std::string explain_sqlgen(const Example& example, const AliasTable& table);
std::string explain_nli(const Example& example);
std::string explain_isa(const Example& example);
std::string explain_reorder(const Example& example, const TypeOrder& order);

}  // namespace data
