#include "nn/files/file.h"
