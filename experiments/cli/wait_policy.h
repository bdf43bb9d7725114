#pragma once

#include "experiments/namespaces.h"

namespace experiments::cli {

/// Lets the threads of OpenMP that wait for others sleep, rather than spin on a core that another
/// program may need, unless OMP_WAIT_POLICY says what they do. For main, before anything else: the
/// program may begin again, with the same arguments, streams and process id.
void wait_passively(char** arguments);

}  // namespace experiments::cli
