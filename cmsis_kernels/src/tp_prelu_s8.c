#include "tp_broadcast.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

static int8_t prelu(const tp_prelu_params *params, int32_t value, int32_t alpha) {
    const int32_t scaled = value >= 0 ? tp_multiply(value, params->positive_multiplier, params->positive_shift)
                                      : tp_multiply(value * alpha, params->negative_multiplier, params->negative_shift);
    return (int8_t)tp_clamp(scaled + params->output_zero_point, params->clamp_low, params->clamp_high);
}

void tp_prelu_s8(const tp_prelu_params *params, const tp_broadcast *shape, const int8_t *input, const int8_t *other,
                 int8_t *output) {
    const int32_t columns = shape->sizes[3];
    const int32_t input_step = shape->input_strides[3];
    const int32_t other_step = shape->other_strides[3];
    for (int32_t row = 0; row < tp_rows(shape); row++) {
        const int8_t *a = input + tp_row_start(shape, shape->input_strides, row);
        const int8_t *b = other + tp_row_start(shape, shape->other_strides, row);
        for (int32_t i = 0; i < columns; i++) {
            *output++ = prelu(params, *a - params->input_zero_point, *b - params->other_zero_point);
            a += input_step;
            b += other_step;
        }
    }
}
