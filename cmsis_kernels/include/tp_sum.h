/**
 * @file
 * Sums and differences of two scales: what TFLM does to an input before, and to the sum after.
 */
#ifndef TP_SUM_H
#define TP_SUM_H

#include <stdint.h>

#include "tp_broadcast.h"
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

/** input + sign * other, requantized; sign is 1 or -1, and a constant once this is inlined. */
static inline void tp_sum_rows(const tp_add_params *params, const tp_broadcast *shape, const int8_t *input,
                               const int8_t *other, int32_t sign, int8_t *output) {
    const int32_t columns = shape->sizes[3];
    const int32_t input_step = shape->input_strides[3];
    const int32_t other_step = shape->other_strides[3];
    for (int32_t row = 0; row < tp_rows(shape); row++) {
        const int8_t *a = input + tp_row_start(shape, shape->input_strides, row);
        const int8_t *b = other + tp_row_start(shape, shape->other_strides, row);
        for (int32_t i = 0; i < columns; i++) {
            const int32_t first =
                tp_common_scale(*a, params->input_zero_point, params->input_multiplier, params->input_shift);
            const int32_t second =
                tp_common_scale(*b, params->other_zero_point, params->other_multiplier, params->other_shift);
            *output++ = tp_finish_sum(params, first + sign * second);
            a += input_step;
            b += other_step;
        }
    }
}

#endif
