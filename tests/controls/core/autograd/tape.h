#include <vector>
#include "autograd/op.h"
#include "experiments/cell.h"
