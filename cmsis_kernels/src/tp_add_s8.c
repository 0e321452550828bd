#include "tp_kernels.h"
#include "tp_requantize.h"

enum { LEFT_SHIFT = 20 };

void tp_add_s8(const tp_add_params *params, const int8_t *input, const int8_t *other, int32_t count, int8_t *output) {
    for (int32_t i = 0; i < count; i++) {
        const int32_t a = (input[i] - params->input_zero_point) * (INT32_C(1) << LEFT_SHIFT);
        const int32_t b = (other[i] - params->other_zero_point) * (INT32_C(1) << LEFT_SHIFT);
        const int32_t sum = tp_multiply(a, params->input_multiplier, params->input_shift) +
                            tp_multiply(b, params->other_multiplier, params->other_shift);
        const int32_t scaled = tp_multiply(sum, params->output_multiplier, params->output_shift);
        output[i] = (int8_t)tp_clamp(scaled + params->output_zero_point, params->clamp_low, params->clamp_high);
    }
}
