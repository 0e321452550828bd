/**
 * @file
 * A depthwise convolution of any window, strip by strip: four channels of a strip are packed (tp_pixels.h), and the
 * outputs of each are computed line by line (tp_depthwise_line.h).
 */
#ifndef TP_DEPTHWISE_WINDOWS_H
#define TP_DEPTHWISE_WINDOWS_H

#include "tp_depthwise_line.h"
#include "tp_types.h"

/** What tp_depthwise_conv2d_dense_dsp_any_s8 does, with lines for windows of `words` in a column. */
void tp_depthwise_windows(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                          const int8_t *weights, int32_t strip_rows, const int32_t *bias, uint32_t *scratch,
                          int8_t *output, int32_t words, tp_depthwise_run_line *run_line);

#endif
