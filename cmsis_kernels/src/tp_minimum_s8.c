#include "tp_broadcast.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

void tp_minimum_s8(int8_t clamp_low, int8_t clamp_high, const tp_broadcast *shape, const int8_t *input,
                   const int8_t *other, int8_t *output) {
    const int32_t columns = shape->sizes[3];
    const int32_t input_step = shape->input_strides[3];
    const int32_t other_step = shape->other_strides[3];
    for (int32_t row = 0; row < tp_rows(shape); row++) {
        const int8_t *a = input + tp_row_start(shape, shape->input_strides, row);
        const int8_t *b = other + tp_row_start(shape, shape->other_strides, row);
        for (int32_t i = 0; i < columns; i++) {
            *output++ = (int8_t)tp_clamp(*a < *b ? *a : *b, clamp_low, clamp_high);
            a += input_step;
            b += other_step;
        }
    }
}
