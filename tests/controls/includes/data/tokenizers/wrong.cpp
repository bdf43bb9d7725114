#include "nn/files/file.h"
#include "nn/model.h"
