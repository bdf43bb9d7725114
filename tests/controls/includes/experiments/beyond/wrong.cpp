#include "experiments/harness/study.h"
#include "experiments/report/report.h"
