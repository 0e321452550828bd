#include "tp_kernels.h"
#include "tp_requantize.h"

/** The sum over both inner loops. */
static int32_t sum_of(const tp_reduce_params *params, const int8_t *input) {
    const int32_t count = params->sums[1];
    const int32_t step = params->sum_strides[1];
    int32_t sum = -params->sums[0] * params->sums[1] * params->input_zero_point;
    for (int32_t i = 0; i < params->sums[0]; i++) {
        const int8_t *value = input + i * params->sum_strides[0];
        for (int32_t j = 0; j < count; j++) {
            sum += *value;
            value += step;
        }
    }
    return sum;
}

void tp_reduce_s8(const tp_reduce_params *params, const int8_t *input, int8_t *output) {
    for (int32_t i = 0; i < params->outputs[0]; i++) {
        const int8_t *first = input + i * params->output_strides[0];
        for (int32_t j = 0; j < params->outputs[1]; j++) {
            const int32_t sum = sum_of(params, first + j * params->output_strides[1]);
            const int32_t scaled = tp_multiply(sum, params->multiplier, params->shift) + params->output_zero_point;
            *output++ = (int8_t)tp_clamp(scaled, INT8_MIN, INT8_MAX);
        }
    }
}
