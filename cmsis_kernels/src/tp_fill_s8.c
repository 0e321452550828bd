#include <string.h>

#include "tp_kernels.h"

void tp_fill_s8(int8_t value, int32_t count, int8_t *output) { (void)memset(output, value, (size_t)count); }
