#include "experiments/evidence/findings.h"
#include "experiments/paper/table6.h"
