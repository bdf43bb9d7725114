#include "autograd/random.h"
#include "autograd/tape.h"
