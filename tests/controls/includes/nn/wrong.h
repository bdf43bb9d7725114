#include "autograd/tape.h"
#include "lora/lora_linear.h"
#include "nn/linear.h"
