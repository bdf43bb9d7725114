#include "nn/models/weights.h"
