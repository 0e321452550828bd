#include "tp_kernels.h"

void tp_copy_s8(const int8_t *input, int32_t count, int8_t *output) {
    for (int32_t i = 0; i < count; i++) {
        output[i] = input[i];
    }
}
