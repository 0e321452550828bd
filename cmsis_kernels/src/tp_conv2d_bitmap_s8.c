#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_patch.h"
#include "tp_requantize.h"

void tp_conv2d_bitmap_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                         const tp_bitmap_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    const int32_t bytes = (params->window_height * params->window_width * params->input_channels + 7) / 8;
    for (int32_t position = 0; position < params->output_height * params->output_width; position++) {
        const int32_t y = position / params->output_width, x = position % params->output_width;
        const int8_t *patch = tp_patch(params, input, y, x, scratch);
        const int8_t *values = weights->values;
        for (int32_t channel = 0; channel < params->output_channels; channel++) {
            const uint8_t *bits = weights->bits + channel * bytes;
            const int32_t acc = tp_dot_bitmap(bias[channel], patch, &values, bits, bytes);
            *output++ = tp_requantize(requant, channel, acc);
        }
    }
}
