#include "experiments/training/cell.h"
#include "experiments/harness/results.h"
