#include <vector>

#include "autograd/tensor.h"
#include "nn/linear.h"
