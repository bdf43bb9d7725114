#include "lora/analysis/low_rank.h"
