#include "tp_kernels.h"
#include "tp_requantize.h"

/** The accumulator of one output channel at the window whose top left corner is input pixel (top, left). */
static int32_t accumulate(const tp_window_params *params, const int8_t *input, const int8_t *weights, int32_t acc,
                          int32_t top, int32_t left) {
    for (int32_t i = 0; i < params->window_height; i++) {
        const int32_t y = top + i * params->dilation_height;
        for (int32_t j = 0; j < params->window_width; j++) {
            const int32_t x = left + j * params->dilation_width;
            const int inside = y >= 0 && y < params->input_height && x >= 0 && x < params->input_width;
            const int32_t value =
                inside ? input[(y * params->input_width + x) * params->input_channels] : params->input_zero_point;
            acc += value * *weights;
            weights += params->output_channels;
        }
    }
    return acc;
}

void tp_depthwise_conv2d_dense_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                  const int8_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    (void)scratch;
    const int32_t multiplier = params->output_channels / params->input_channels;
    for (int32_t row = 0; row < params->output_height; row++) {
        const int32_t top = row * params->stride_height - params->pad_top;
        for (int32_t column = 0; column < params->output_width; column++) {
            const int32_t left = column * params->stride_width - params->pad_left;
            int32_t channel = 0;
            for (int32_t source = 0; source < params->input_channels; source++) {
                for (int32_t i = 0; i < multiplier; i++, channel++) {
                    const int32_t acc = accumulate(params, input + source, weights + channel, bias[channel], top, left);
                    *output++ = tp_requantize(requant, channel, acc);
                }
            }
        }
    }
}
