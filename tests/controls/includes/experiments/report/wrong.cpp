#include "experiments/harness/experiment.h"
#include "experiments/paper/table5.h"
