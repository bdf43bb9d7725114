#include "autograd/scalar.h"
