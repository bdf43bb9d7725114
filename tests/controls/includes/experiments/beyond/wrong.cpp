#include "experiments/harness/settings.h"
#include "experiments/report/report.h"
