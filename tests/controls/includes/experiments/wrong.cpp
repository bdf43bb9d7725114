#include "lora/lora_linear.h"
#include "sweep.h"
