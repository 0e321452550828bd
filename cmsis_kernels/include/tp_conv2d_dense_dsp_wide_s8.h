/**
 * @file
 * Dense 1x1 convolution whose input is stored as int16: that of tp_conv2d_dense_dsp_s8.h without packing.
 */
#ifndef TP_CONV2D_DENSE_DSP_WIDE_S8_H
#define TP_CONV2D_DENSE_DSP_WIDE_S8_H

#include "tp_conv2d_dense_dsp_s8.h"

/**
 * Convolution, window 1x1, stride 1, no padding, dense h-packed weights; proofs as for tp_conv2d_dense_dsp_s8.
 * @param input      int16, aligned to 4: an even number of values a pixel; a multiple of four pixels can be read
 * @param scratch    the words of four channels, if buffered, aligned to 4
 * @param pixel_step bytes from one pixel to the next: below 4096, a compile-time constant
 * @param rectified  whether the zero point of the output is -128, a compile-time constant
 */
static inline __attribute__((always_inline)) void
tp_conv2d_dense_dsp_wide_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                            const tp_conv2d_dense_dsp_weights *weights, const int32_t *bias, int8_t *scratch,
                            int8_t *output, const int32_t pixel_step, const int rectified) {
    const int32_t pairs = tp_not_unrolled(weights->pairs), group_words = 2 * pairs;
    const int32_t channels = params->output_channels, positions = params->output_height * params->output_width;
    const uint32_t *halves = weights->halves;
    tp_h_line line = {.segment_gap = 0};
    for (int32_t channel = 0; channel < channels; channel += 4, halves += group_words) {
        uint32_t *const buffer = (uint32_t *)(void *)scratch;
        const uint32_t *const w = weights->buffered ? tp_copy_words(halves, group_words, buffer) : halves;
        tp_h_load_channels(&line, requant, bias, channel, channels);
        tp_h_load_weights(&line, w, pairs, 1);
        line.inputs = (const uint32_t *)(const void *)input;
        line.output = output + channel;
        tp_h_run_line(&line, positions, channels, pixel_step, 1, !rectified);
    }
    tp_clamp_all(requant, positions * channels, output);
}

#endif
