#include "experiments/beyond/transition.h"
#include "experiments/harness/settings.h"
