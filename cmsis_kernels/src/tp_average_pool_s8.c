#include "tp_dsp.h"
#include "tp_kernels.h"
#include "tp_pool.h"
#include "tp_requantize.h"

#define MOST_IN_HALFWORDS 257 /* values of 0 to 255, whose sum stays in 16 bits */

static int32_t total(const tp_window_params *params, const int8_t *input, tp_pool_window window) {
    int32_t sum = 0;
    for (int32_t y = window.top; y < window.bottom; y++) {
        for (int32_t x = window.left; x < window.right; x++) {
            sum += input[(y * params->input_width + x) * params->input_channels];
        }
    }
    return sum;
}

/** Those of four channels at a time, in halfwords: 128 is added to each value, so that none has a sign. */
static void four_totals(const tp_window_params *params, const int8_t *input, tp_pool_window window, int32_t *sums) {
    const int32_t channels = params->input_channels, rows = window.bottom - window.top;
    const int32_t columns = window.right - window.left, added = 128 * rows * columns;
    const int32_t runs = columns == params->input_width ? 1 : rows; /* whole rows follow each other */
    const int8_t *values = input + (window.top * params->input_width + window.left) * channels;
    uint32_t even = 0, odd = 0;
    for (int32_t i = 0; i < runs; i++, values += (params->input_width - columns) * channels) {
        const int8_t *const end = values + rows / runs * columns * channels;
        for (; values != end; values += channels) {
            const uint32_t four = tp_load_word(values) ^ 0x80808080U;
            even += four & 0x00FF00FFU;
            odd += four >> 8 & 0x00FF00FFU;
        }
    }
    sums[0] = (int32_t)(even & 0xFFFFU) - added;
    sums[1] = (int32_t)(odd & 0xFFFFU) - added;
    sums[2] = (int32_t)(even >> 16) - added;
    sums[3] = (int32_t)(odd >> 16) - added;
}

/** Ties away from zero. By itself: what calls it is unrolled. */
static __attribute__((noinline)) int32_t rounded_mean(int32_t sum, int32_t count) {
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

void tp_average_pool_s8(const tp_window_params *params, int8_t clamp_low, int8_t clamp_high, const int8_t *input,
                        int8_t *output) {
    for (int32_t row = 0; row < params->output_height; row++) {
        for (int32_t column = 0; column < params->output_width; column++) {
            const tp_pool_window window = tp_pool_window_at(params, row, column);
            const int32_t count = (window.bottom - window.top) * (window.right - window.left);
            const int32_t last = count <= MOST_IN_HALFWORDS ? params->input_channels - 4 : -1;
            int32_t step;
            for (int32_t channel = 0; channel < params->input_channels; channel += step) {
                int32_t sums[4];
                step = channel <= last ? 4 : 1;
                if (step == 4) {
                    four_totals(params, input + channel, window, sums);
                } else {
                    sums[0] = total(params, input + channel, window);
                }
                for (int32_t i = 0; i < step; i++) {
                    *output++ = (int8_t)tp_clamp(rounded_mean(sums[i], count), clamp_low, clamp_high);
                }
            }
        }
    }
}
