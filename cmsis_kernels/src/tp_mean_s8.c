#include "tp_kernels.h"
#include "tp_requantize.h"

void tp_mean_s8(const tp_mean_params *params, const int8_t *input, int8_t *output) {
    for (int32_t channel = 0; channel < params->channels; channel++) {
        int32_t sum = -params->pixels * params->input_zero_point;
        for (int32_t pixel = 0; pixel < params->pixels; pixel++) {
            sum += input[pixel * params->channels + channel];
        }
        const int32_t mean = tp_multiply(sum, params->multiplier, params->shift) + params->output_zero_point;
        output[channel] = (int8_t)tp_clamp(mean, INT8_MIN, INT8_MAX);
    }
}
