#include "data/batch.h"
#include "experiments/evidence/findings.h"
