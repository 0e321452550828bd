/**
 * @file
 * What an SVDF layer computes whatever the width of its state: features of the input, and outputs of sums over time.
 */
#ifndef TP_SVDF_H
#define TP_SVDF_H

#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

/** A filter's feature of the input, within [low, high], without the zero point of the state. */
static inline int32_t tp_svdf_feature(const tp_svdf_params *params, int32_t filter, const int8_t *input,
                                      const int8_t *weights, int32_t low, int32_t high) {
    const int8_t *row = weights + filter * params->inputs;
    const int32_t sum = tp_dot_dense(params->feature_bias[filter], input, row, params->inputs);
    return tp_clamp(tp_multiply(sum, params->feature_multiplier, params->feature_shift), low, high);
}

static inline int8_t tp_svdf_output(const tp_svdf_params *params, uint32_t sum) {
    const int32_t scaled = tp_multiply((int32_t)sum, params->output_multiplier, params->output_shift);
    return (int8_t)tp_clamp(scaled + params->output_zero_point, INT8_MIN, INT8_MAX);
}

#endif
