/**
 * @file
 * Depthwise, any window, for the DSP extension (tp_depthwise_windows.h).
 */
#ifndef TP_DEPTHWISE_CONV2D_DENSE_DSP_ANY_S8_H
#define TP_DEPTHWISE_CONV2D_DENSE_DSP_ANY_S8_H

#include "tp_depthwise_windows.h"
#include "tp_types.h"

typedef struct {
    const int8_t *values; /**< each channel by itself, column by column: OWH */
    int32_t strip_rows;   /**< output rows of which what they see is packed at a time */
} tp_depthwise_conv2d_dense_dsp_any_weights;

/**
 * Depthwise convolution: any window, stride, dilation and multiplier. Of an input of one row, columns stand for rows,
 * so that two of them share a word. The generator proves for each output channel |bias| + 128 * sum(|weights|) < 2^29,
 * and a shift in [-23, -1].
 * @param scratch aligned for uint32: the words of a window that begins in the low half of a word, and, where strides
 *                down are odd, of one that begins in the high half; four channels of a strip
 * @param words   of a column of the window, a compile-time constant: ((H - 1) * dilation + 2 + stride % 2) / 2, at most
 * 8
 */
static inline __attribute__((always_inline)) void
tp_depthwise_conv2d_dense_dsp_any_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                     const tp_depthwise_conv2d_dense_dsp_any_weights *weights, const int32_t *bias,
                                     int8_t *scratch, int8_t *output, const int32_t words) {
    tp_depthwise_windows(params, requant, input, weights->values, weights->strip_rows, bias,
                         (uint32_t *)(void *)scratch, output, words, tp_depthwise_line_of(words));
}

#endif
