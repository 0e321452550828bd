/**
 * @file
 * Depthwise 3x3 for the DSP extension whose outputs are stored as int16.
 */
#ifndef TP_DEPTHWISE_CONV2D_DENSE_DSP_WIDE_S8_H
#define TP_DEPTHWISE_CONV2D_DENSE_DSP_WIDE_S8_H

#include "tp_depthwise_conv2d_dense_dsp_s8.h"

/**
 * As tp_depthwise_conv2d_dense_dsp_s8, for outputs that are not clamped.
 * @param output int16, aligned to 4: an even number of values a pixel, where channels are odd an unwritten last one
 */
static inline __attribute__((always_inline)) void
tp_depthwise_conv2d_dense_dsp_wide_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                      const tp_depthwise_conv2d_dense_dsp_weights *weights, const int32_t *bias,
                                      int8_t *scratch, int8_t *output, const int32_t pitch, const int32_t stride,
                                      const int32_t level) {
    tp_depthwise_strips(params, requant, input, weights->words, bias, (uint32_t *)(void *)scratch, output, pitch, level,
                        1, tp_depthwise_tiles_of(pitch, stride, level, 1));
}

#endif
