#include "tp_dsp.h"
#include "tp_kernels.h"
#include "tp_pool.h"
#include "tp_requantize.h"

static int32_t maximum(const tp_window_params *params, const int8_t *input, tp_pool_window window) {
    int32_t largest = INT8_MIN;
    for (int32_t y = window.top; y < window.bottom; y++) {
        for (int32_t x = window.left; x < window.right; x++) {
            const int32_t value = input[(y * params->input_width + x) * params->input_channels];
            largest = value > largest ? value : largest;
        }
    }
    return largest;
}

#if TP_HAS_DSP
/** Four channels at a time; how many channels that were. */
static int32_t pool_fours(const tp_window_params *params, int8_t clamp_low, int8_t clamp_high, const int8_t *input,
                          tp_pool_window window, int8_t *output) {
    const uint32_t low = 0x01010101U * (uint8_t)clamp_low, high = 0x01010101U * (uint8_t)clamp_high;
    const int32_t channels = params->input_channels, row_bytes = params->input_width * channels;
    const int8_t *first = input + window.top * row_bytes + window.left * channels;
    int32_t channel = 0;
    for (; channel <= channels - 4; channel += 4, first += 4) {
        uint32_t largest = low;
        const int8_t *row = first;
        for (int32_t y = window.bottom - window.top; y > 0; y--, row += row_bytes) {
            const int8_t *pixel = row;
            for (int32_t x = window.right - window.left; x > 0; x--, pixel += channels) {
                largest = tp_larger8(tp_load_word(pixel), largest);
            }
        }
        largest = tp_smaller8(largest, high);
        __builtin_memcpy(output + channel, &largest, 4);
    }
    return channel;
}
#endif

void tp_max_pool_s8(const tp_window_params *params, int8_t clamp_low, int8_t clamp_high, const int8_t *input,
                    int8_t *output) {
    for (int32_t row = 0; row < params->output_height; row++) {
        for (int32_t column = 0; column < params->output_width; column++) {
            const tp_pool_window window = tp_pool_window_at(params, row, column);
            int32_t channel = 0;
#if TP_HAS_DSP
            channel = pool_fours(params, clamp_low, clamp_high, input, window, output);
#endif
            for (; channel < params->input_channels; channel++) {
                const int32_t value = maximum(params, input + channel, window);
                output[channel] = (int8_t)tp_clamp(value, clamp_low, clamp_high);
            }
            output += params->input_channels;
        }
    }
}
