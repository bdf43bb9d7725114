#include "experiments/harness/results.h"
#include "experiments/training/cell.h"
