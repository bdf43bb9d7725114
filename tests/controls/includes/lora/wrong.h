#include <data/batch.h>
#include "nn/linear.h"
