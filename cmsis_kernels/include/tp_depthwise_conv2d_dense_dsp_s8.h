/**
 * @file
 * Depthwise 3x3 for the DSP extension (tp_depthwise_tiles.h): four channels at a time, of a strip of output rows.
 */
#ifndef TP_DEPTHWISE_CONV2D_DENSE_DSP_S8_H
#define TP_DEPTHWISE_CONV2D_DENSE_DSP_S8_H

#include "tp_depthwise_strips.h"
#include "tp_depthwise_tiles.h"
#include "tp_types.h"

typedef struct {
    const uint32_t *words; /**< three for each channel */
} tp_depthwise_conv2d_dense_dsp_weights;

/**
 * Depthwise convolution, window 3x3, one output channel for each input channel, stride 1x1 or 2x2. The generator proves
 * for each output channel |bias| + 128 * sum(|weights|) < 2^23, and a shift in [-23, -1] or, if `level`, the words that
 * `requant` then has.
 * @param scratch four channels of a strip, aligned for uint32: for each, `pitch` words for every column that it sees
 * @param pitch   words of a column: 3, 5, 9 or 17; a strip has one output row less, and at stride 1 twice as many.
 *                This and what follows are compile-time constants
 * @param stride  1 or 2
 * @param level   whether requantization is at a common shift, TP_LEVEL_FRACTION
 */
static inline __attribute__((always_inline)) void
tp_depthwise_conv2d_dense_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                 const tp_depthwise_conv2d_dense_dsp_weights *weights, const int32_t *bias,
                                 int8_t *scratch, int8_t *output, const int32_t pitch, const int32_t stride,
                                 const int32_t level) {
    tp_depthwise_strips(params, requant, input, weights->words, bias, (uint32_t *)(void *)scratch, output, pitch, level,
                        0, tp_depthwise_tiles_of(pitch, stride, level, 0));
}

#endif
