#pragma once

#include <filesystem>

#include "experiments/evidence/findings.h"

/// Findings on disk: what each experiment found, and what all of them together come to.
namespace experiments {

/// OUT/<experiment>/findings.json: the contrasts with every D, as they were measured and not judged
/// yet. A D that is not finite does not count and is left out.
void write_findings(const std::filesystem::path& path, const std::vector<Finding>& findings);

/// Throws nn::FileError, or std::invalid_argument for a file that write_findings did not write.
std::vector<Finding> read_findings(const std::filesystem::path& path);
/// The same of the file's text.
std::vector<Finding> findings_from_json(std::string_view text);

/// F1 to F11 in this order, each with the parts that were measured, whichever experiments they come
/// from; one that nothing measured has no parts. Others follow by their id.
std::vector<Finding> whole_family(const std::vector<Finding>& measured);

/// OUT/verdicts.json: judged findings with their outcomes and their parts, each with effect,
/// intervals, p, pairs and seeds. An effect that was not measured is null. `warning`, where there
/// is one, says what the reader must know before them.
std::string verdicts_json(const std::vector<Finding>& judged, const std::string& warning = "");

}  // namespace experiments
