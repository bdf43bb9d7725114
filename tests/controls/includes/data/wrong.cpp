#include "autograd/random.h"
#include "autograd/tape.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
