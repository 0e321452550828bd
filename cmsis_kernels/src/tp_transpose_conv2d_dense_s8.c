#include "tp_kernels.h"
#include "tp_requantize.h"

/** The input row or column whose window puts its tap `tap` at `position` of the padded output, or -1. */
static int32_t source_of(int32_t position, int32_t tap, int32_t stride, int32_t size) {
    const int32_t distance = position - tap;
    if (distance < 0 || distance % stride != 0 || distance / stride >= size) {
        return -1;
    }
    return distance / stride;
}

/** acc + the products of one input pixel and the weights of one tap. */
static int32_t add_pixel(const tp_window_params *params, int32_t acc, const int8_t *pixel, const int8_t *weights) {
    for (int32_t i = 0; i < params->input_channels; i++) {
        acc += (pixel[i] - params->input_zero_point) * weights[i];
    }
    return acc;
}

/** The accumulator of the output at (row, column) of the padded output, of the channel that has these weights. */
static int32_t accumulate(const tp_window_params *params, const int8_t *input, const int8_t *weights, int32_t acc,
                          int32_t row, int32_t column) {
    for (int32_t i = 0; i < params->window_height; i++) {
        const int32_t y = source_of(row, i, params->stride_height, params->input_height);
        for (int32_t j = 0; j < params->window_width; j++) {
            const int32_t x = source_of(column, j, params->stride_width, params->input_width);
            if (y >= 0 && x >= 0) {
                acc = add_pixel(params, acc, input + (y * params->input_width + x) * params->input_channels, weights);
            }
            weights += params->input_channels;
        }
    }
    return acc;
}

void tp_transpose_conv2d_dense_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                  const int8_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    const int32_t per_channel = params->window_height * params->window_width * params->input_channels;
    (void)scratch;
    for (int32_t row = 0; row < params->output_height; row++) {
        for (int32_t column = 0; column < params->output_width; column++) {
            for (int32_t channel = 0; channel < params->output_channels; channel++) {
                const int32_t acc = accumulate(params, input, weights + channel * per_channel, bias[channel],
                                               row + params->pad_top, column + params->pad_left);
                *output++ = tp_requantize(requant, channel, acc);
            }
        }
    }
}
