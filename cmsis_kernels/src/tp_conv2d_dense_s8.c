#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_patch.h"
#include "tp_requantize.h"

void tp_conv2d_dense_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                        const int8_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    const int32_t count = params->window_height * params->window_width * params->input_channels;
    for (int32_t row = 0; row < params->output_height; row++) {
        for (int32_t column = 0; column < params->output_width; column++) {
            const int8_t *patch = tp_patch(params, input, row, column, scratch);
            const int8_t *channel_weights = weights;
            for (int32_t channel = 0; channel < params->output_channels; channel++) {
                const int32_t acc = tp_dot_dense(bias[channel], patch, channel_weights, count);
                *output++ = tp_requantize(requant, channel, acc);
                channel_weights += count;
            }
        }
    }
}
