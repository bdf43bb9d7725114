#include <data/batch.h>
