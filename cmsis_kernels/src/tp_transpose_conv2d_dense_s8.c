#include "tp_dsp.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

/** A row or column of the padded output: the first tap that some input puts there, and which input that is. Each
 * `stride` taps further it is the input before. */
typedef struct {
    int32_t tap, source;
} meeting;

static meeting meeting_at(int32_t position, int32_t stride) { return (meeting){position % stride, position / stride}; }

/** acc + the products of one input pixel and the weights of one tap. */
static int32_t add_pixel(const tp_window_params *params, int32_t acc, const int8_t *pixel, const int8_t *weights) {
    const int32_t channels = params->input_channels, zero_point = params->input_zero_point;
    int32_t i = 0;
#if TP_HAS_DSP
    const uint32_t zero = tp_pair(-zero_point, -zero_point);
    for (; i <= channels - 4; i += 4) {
        const uint32_t x = tp_load_word(pixel + i), w = tp_load_word(weights + i);
        acc = tp_smlad(tp_sxtab16(zero, x), tp_sxtb16(w), acc);
        acc = tp_smlad(tp_sxtab16_ror8(zero, x), tp_sxtb16_ror8(w), acc);
    }
#endif
    for (; i < channels; i++) {
        acc += (pixel[i] - zero_point) * weights[i];
    }
    return acc;
}

/** The accumulator of the output where `down` and `across` are, of the channel that has these weights. */
static int32_t accumulate(const tp_window_params *params, const int8_t *input, const int8_t *weights, int32_t acc,
                          meeting down, meeting across) {
    const int32_t channels = params->input_channels;
    for (; down.tap < params->window_height && down.source >= 0; down.tap += params->stride_height, down.source--) {
        meeting at = across;
        for (; at.tap < params->window_width && at.source >= 0; at.tap += params->stride_width, at.source--) {
            if (down.source < params->input_height && at.source < params->input_width) {
                acc = add_pixel(params, acc, input + (down.source * params->input_width + at.source) * channels,
                                weights + (down.tap * params->window_width + at.tap) * channels);
            }
        }
    }
    return acc;
}

void tp_transpose_conv2d_dense_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                  const int8_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    const int32_t per_channel = params->window_height * params->window_width * params->input_channels;
    (void)scratch;
    for (int32_t row = 0; row < params->output_height; row++) {
        const meeting down = meeting_at(row + params->pad_top, params->stride_height);
        for (int32_t column = 0; column < params->output_width; column++) {
            const meeting across = meeting_at(column + params->pad_left, params->stride_width);
            for (int32_t channel = 0; channel < params->output_channels; channel++) {
                const int8_t *of = weights + channel * per_channel;
                *output++ = tp_requantize(requant, channel, accumulate(params, input, of, bias[channel], down, across));
            }
        }
    }
}
