#include "tp_broadcast.h"
#include "tp_kernels.h"
#include "tp_sum.h"

void tp_add_s8(const tp_add_params *params, const tp_broadcast *shape, const int8_t *input, const int8_t *other,
               int8_t *output) {
    const int32_t columns = shape->sizes[3];
    const int32_t input_step = shape->input_strides[3];
    const int32_t other_step = shape->other_strides[3];
    for (int32_t row = 0; row < tp_rows(shape); row++) {
        const int8_t *a = input + tp_row_start(shape, shape->input_strides, row);
        const int8_t *b = other + tp_row_start(shape, shape->other_strides, row);
        for (int32_t i = 0; i < columns; i++) {
            const int32_t first =
                tp_common_scale(*a, params->input_zero_point, params->input_multiplier, params->input_shift);
            const int32_t second =
                tp_common_scale(*b, params->other_zero_point, params->other_multiplier, params->other_shift);
            *output++ = tp_finish_sum(params, first + second);
            a += input_step;
            b += other_step;
        }
    }
}
