#pragma once

#include <string>

#include "data/pretraining.h"
#include "data/tasks.h"

namespace data {

/// What an example of the adaptation, or of pre-training, says, in plain English, in one line;
/// empty for a task that explains nothing.
std::string explain(const Task& task, const TaskOptions& options, const Example& example);
std::string explain(BaseTask task, const Example& example);

/// A page about a task for a terminal of 100 columns: what it asks, how the adaptation differs from
/// pre-training, its words, its sizes, and examples with their explanations.
std::string describe(const Task& task, const TaskOptions& options = {});

}  // namespace data
