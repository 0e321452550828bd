/**
 * @file
 * Dense convolution on two pixels and four output channels at a time, with h-packed weights (tp_h_group.h).
 */
#ifndef TP_CONV2D_DENSE_DSP_S8_H
#define TP_CONV2D_DENSE_DSP_S8_H

#include "tp_h_tile.h"
#include "tp_pack16.h"
#include "tp_requantize.h"
#include "tp_types.h"

/**
 * For each four output channels, each segment and each two inputs of it, two words: channels 0 and 1, channels 2 and 3;
 * in a word the first input is low. Channels that there are not have zeros.
 */
typedef struct {
    const uint32_t *halves;

    uint16_t pairs;      /**< of inputs, in each segment */
    uint16_t width;      /**< of a strip, in pixels; 0: patches */
    uint16_t strip_rows; /**< output rows for which input is packed at a time */
    uint8_t buffered;    /**< whether the words of four channels are copied into scratch before they are used */
} tp_conv2d_dense_dsp_weights;

/**
 * Convolution, dense h-packed weights.
 *
 * The generator proves for each output channel |bias| + 128 * sum(|weights|) < 2^23, a shift in [-23, -1], and that no
 * weight of -128 stands beside a negative one in a halfword.
 * @param scratch    the words of four channels, if buffered; the strip or the patches, and one pixel more; aligned to 4
 * @param pixel_step bytes from one output position's packed input to the next one's: below 4096, a compile-time
 *                   constant
 * @param rectified  whether the zero point of the output is -128, a compile-time constant
 * @param segments   runs of input that one output reads: 1 (patches), or one for each row of the window (strips); a
 *                   compile-time constant
 */
static inline __attribute__((always_inline)) void
tp_conv2d_dense_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                       const tp_conv2d_dense_dsp_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output,
                       const int32_t pixel_step, const int rectified, const int32_t segments) {
    const int32_t pairs = tp_not_unrolled(weights->pairs);
    const int32_t channels = params->output_channels, group_words = 2 * pairs * segments;
    uint32_t *const buffer = (uint32_t *)(void *)scratch, *const packed =
                                                              buffer + (weights->buffered ? group_words : 0);
    const int32_t pixel = pixel_step / 2 / params->stride_width, row_words = weights->width * pixel / 2;
    tp_h_line line = {.segment_gap = 4 * (params->dilation_height * row_words - pairs)};
    for (int32_t row = 0; row < params->output_height; row += weights->strip_rows) {
        const int32_t left = params->output_height - row;
        const int32_t rows = left < weights->strip_rows ? left : weights->strip_rows;
        const int32_t runs = weights->width ? rows : 1;
        if (weights->width) {
            tp_pack_strip(params, input, row, rows, weights->width, pixel, (int16_t *)(void *)packed);
        } else {
            tp_pack_patches(params, input, row, rows, 2 * pairs, (int16_t *)(void *)packed);
        }
        const uint32_t *halves = weights->halves;
        for (int32_t channel = 0; channel < channels; channel += 4, halves += group_words) {
            const uint32_t *const w = weights->buffered ? tp_copy_words(halves, group_words, buffer) : halves;
            tp_h_load_channels(&line, requant, bias, channel, channels);
            tp_h_load_weights(&line, w, pairs, segments);
            for (int32_t i = 0; i < runs; i++) {
                line.inputs = packed + i * params->stride_height * row_words;
                line.output = output + (row + i) * params->output_width * channels + channel;
                tp_h_run_line(&line, rows * params->output_width / runs, channels, pixel_step, segments, !rectified);
            }
        }
    }
    tp_clamp_all(requant, params->output_height * params->output_width * channels, output);
}

#endif
