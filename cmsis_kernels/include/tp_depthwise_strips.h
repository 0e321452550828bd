/**
 * @file
 * A depthwise 3x3 convolution strip by strip: four channels of a strip are packed, and the tiles of each are run.
 */
#ifndef TP_DEPTHWISE_STRIPS_H
#define TP_DEPTHWISE_STRIPS_H

#include "tp_depthwise_tiles.h"
#include "tp_types.h"

/** What tp_depthwise_conv2d_dense_dsp_s8 does, or if `wide` its twin, with tiles of this pitch. */
void tp_depthwise_strips(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                         const uint32_t *weights, const int32_t *bias, uint32_t *packed, int8_t *output, int32_t pitch,
                         int32_t level, int32_t wide, tp_depthwise_tiles *tiles);

#endif
