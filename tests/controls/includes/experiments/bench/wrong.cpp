#include "experiments/harness/timing.h"
#include "experiments/paper/table6.h"
