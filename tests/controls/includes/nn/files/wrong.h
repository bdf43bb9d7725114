#include "lora/lora_linear.h"
