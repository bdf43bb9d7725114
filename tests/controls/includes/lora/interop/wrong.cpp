#include "lora/methods/method.h"
