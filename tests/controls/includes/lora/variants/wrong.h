#include "lora/files/adapter.h"
