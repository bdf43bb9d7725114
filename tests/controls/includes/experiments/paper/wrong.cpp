#include "experiments/beyond/facts.h"
#include "experiments/harness/settings.h"
