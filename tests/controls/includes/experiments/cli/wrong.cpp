#include "experiments/paper/table6.h"
#include "sweep.h"
