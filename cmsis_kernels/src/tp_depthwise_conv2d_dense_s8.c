#include "tp_kernels.h"
#include "tp_requantize.h"

/** accumulators[o] += pixel[o / multiplier] * weights[o] for every output channel o: what one tap of the window adds.
 */
static void add_tap(const tp_window_params *params, const int8_t *pixel, const int8_t *weights, int32_t *accumulators) {
    const int32_t channels = params->output_channels;
    const int32_t multiplier = channels / params->input_channels;
    if (multiplier == 1) {
        for (int32_t channel = 0; channel < channels; channel++) {
            accumulators[channel] += (int32_t)pixel[channel] * weights[channel];
        }
        return;
    }
    for (int32_t source = 0; source < params->input_channels; source++) {
        const int32_t value = *pixel++;
        for (int32_t i = 0; i < multiplier; i++) {
            *accumulators++ += value * *weights++;
        }
    }
}

/** What one tap adds where it lies beyond the input. */
static void add_padding(const tp_window_params *params, const int8_t *weights, int32_t *accumulators) {
    const int32_t value = params->input_zero_point;
    for (int32_t channel = 0; channel < params->output_channels; channel++) {
        accumulators[channel] += value * weights[channel];
    }
}

/** Adds the window whose top left corner is input pixel (top, left). */
static void add_window(const tp_window_params *params, const int8_t *input, const int8_t *weights, int32_t top,
                       int32_t left, int32_t *accumulators) {
    for (int32_t i = 0; i < params->window_height; i++) {
        const int32_t y = top + i * params->dilation_height;
        for (int32_t j = 0; j < params->window_width; j++) {
            const int32_t x = left + j * params->dilation_width;
            if (y >= 0 && y < params->input_height && x >= 0 && x < params->input_width) {
                add_tap(params, input + (y * params->input_width + x) * params->input_channels, weights, accumulators);
            } else {
                add_padding(params, weights, accumulators);
            }
            weights += params->output_channels;
        }
    }
}

void tp_depthwise_conv2d_dense_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                  const int8_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    int32_t *accumulators = (int32_t *)(void *)scratch; /* the generator aligns it */
    for (int32_t row = 0; row < params->output_height; row++) {
        const int32_t top = row * params->stride_height - params->pad_top;
        for (int32_t column = 0; column < params->output_width; column++) {
            const int32_t left = column * params->stride_width - params->pad_left;
            for (int32_t channel = 0; channel < params->output_channels; channel++) {
                accumulators[channel] = bias[channel];
            }
            add_window(params, input, weights, top, left, accumulators);
            for (int32_t channel = 0; channel < params->output_channels; channel++) {
                *output++ = tp_requantize(requant, channel, accumulators[channel]);
            }
        }
    }
}
