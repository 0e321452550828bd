#include "tp_kernels.h"
#include "tp_pool.h"
#include "tp_requantize.h"

static int32_t total(const tp_window_params *params, const int8_t *input, tp_pool_window window) {
    int32_t sum = 0;
    for (int32_t y = window.top; y < window.bottom; y++) {
        for (int32_t x = window.left; x < window.right; x++) {
            sum += input[(y * params->input_width + x) * params->input_channels];
        }
    }
    return sum;
}

void tp_average_pool_s8(const tp_window_params *params, int8_t clamp_low, int8_t clamp_high, const int8_t *input,
                        int8_t *output) {
    for (int32_t row = 0; row < params->output_height; row++) {
        for (int32_t column = 0; column < params->output_width; column++) {
            const tp_pool_window window = tp_pool_window_at(params, row, column);
            const int32_t count = (window.bottom - window.top) * (window.right - window.left);
            for (int32_t channel = 0; channel < params->input_channels; channel++) {
                const int32_t sum = total(params, input + channel, window);
                const int32_t mean = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
                *output++ = (int8_t)tp_clamp(mean, clamp_low, clamp_high);
            }
        }
    }
}
