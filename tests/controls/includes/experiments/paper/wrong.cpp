#include "experiments/harness/study.h"
#include "experiments/beyond/facts.h"
