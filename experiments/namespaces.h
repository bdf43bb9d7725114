#pragma once

/// The namespaces of the nine libraries, and what each may name without saying where it is from:
/// itself and what stands below. The includes go the same way (tests/include_direction.cmake). What
/// stands beside, as beyond does beside paper, is not found.
namespace experiments {

namespace training {}
namespace evidence {
using namespace training;
}
namespace harness {
using namespace evidence;
}
namespace finetune {
using namespace harness;
}
namespace paper {
using namespace harness;
}
namespace beyond {
using namespace harness;
}
namespace report {
using namespace harness;
}
namespace bench {
using namespace harness;
}
namespace cli {
using namespace paper;
using namespace beyond;
using namespace report;
using namespace bench;
using namespace finetune;
}  // namespace cli

}  // namespace experiments
