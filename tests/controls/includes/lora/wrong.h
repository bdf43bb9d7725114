#include "nn/linear.h"
#include <data/batch.h>
