#include "experiments/beyond/facts.h"
#include "experiments/harness/study.h"
