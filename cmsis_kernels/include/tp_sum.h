/**
 * @file
 * Sums and differences of two scales: what TFLM does to an input before, and to the sum after.
 */
#ifndef TP_SUM_H
#define TP_SUM_H

#include <stdint.h>

#include "tp_kernels.h"
#include "tp_requantize.h"

/** An input without its zero point, raised by 20 bits, on the common scale. */
static inline int32_t tp_common_scale(int32_t value, int32_t zero_point, int32_t multiplier, int32_t shift) {
    return tp_multiply((value - zero_point) * (INT32_C(1) << 20), multiplier, shift);
}

/** A sum on the common scale as an output. */
static inline int8_t tp_finish_sum(const tp_add_params *params, int32_t sum) {
    const int32_t scaled = tp_multiply(sum, params->output_multiplier, params->output_shift);
    return (int8_t)tp_clamp(scaled + params->output_zero_point, params->clamp_low, params->clamp_high);
}

#endif
