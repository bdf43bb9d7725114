#include "lora/inject.h"
