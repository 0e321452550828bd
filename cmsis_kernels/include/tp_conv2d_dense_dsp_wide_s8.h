/**
 * @file
 * Dense 1x1 convolution with h-packed weights whose input is stored as int16: nothing is packed.
 */
#ifndef TP_CONV2D_DENSE_DSP_WIDE_S8_H
#define TP_CONV2D_DENSE_DSP_WIDE_S8_H

#include "tp_conv2d_dense_dsp_s8.h"

/**
 * As tp_conv2d_dense_dsp_s8, for a window of 1x1 with stride 1 and no padding; `strip_rows` are all rows.
 * @param input   int16, aligned to 4: an even number of values a pixel; as many pixels can be read as make whole tiles
 * @param scratch the words of four channels, if buffered, aligned to 4
 */
static inline __attribute__((always_inline)) void
tp_conv2d_dense_dsp_wide_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                            const tp_conv2d_dense_dsp_weights *weights, const int32_t *bias, int8_t *scratch,
                            int8_t *output, const int32_t pixel_step, const int32_t pairs, const int32_t segments,
                            const int32_t fraction, const int32_t whole) {
    tp_h_run_lines(params, requant, input, weights, bias, scratch, output,
                   (tp_h_shape){pixel_step, pairs, segments, fraction, whole}, 1);
}

#endif
