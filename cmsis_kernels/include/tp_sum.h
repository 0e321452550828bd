/**
 * @file
 * Sums and differences of two scales: what TFLM does to an input before, and to the sum after.
 */
#ifndef TP_SUM_H
#define TP_SUM_H

#include <stdint.h>

#include "tp_broadcast.h"
#include "tp_clamp.h"
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

/**
 * `tp_common_scale` for a shift in [-31, 0], in four instructions: as `tp_requantize_right`. Twice a difference, raised
 * by 20 bits, is below 2^29.
 */
typedef struct {
    int32_t zero; /**< the zero point, raised by 21 bits */
    int32_t multiplier;
    int32_t half; /**< of what the shift divides by */
    int32_t exponent;
    uint32_t rounds; /**< 1, or 0 where nothing is shifted, and so nothing rounded a second time */
} tp_right_scale;

static inline tp_right_scale tp_right_scale_of(int32_t zero_point, int32_t multiplier, int32_t shift) {
    const int32_t half = shift < 0 ? (int32_t)(UINT32_C(1) << (-shift - 1)) : 0;
    return (tp_right_scale){zero_point * (INT32_C(1) << 21), multiplier, half, -shift, shift < 0};
}

/** Whether a multiplier is 1/2: that of the input with the larger scale. */
static inline int tp_is_half(int32_t multiplier, int32_t shift) { return multiplier == 1 << 30 && shift == 0; }

static inline int32_t tp_scale_right(tp_right_scale to, int32_t value) {
    const int32_t doubled = value * (INT32_C(1) << 21) - to.zero;
    const int32_t lowered = (int32_t)((uint32_t)doubled >> 31 & to.rounds);
    return tp_smmlar(doubled, to.multiplier, to.half - lowered) >> to.exponent;
}

/** A row of input + sign * other, for shifts to the right alone. */
static inline void tp_sum_row_right(const tp_add_params *params, int32_t columns, const int8_t *a, int32_t input_step,
                                    const int8_t *b, int32_t other_step, int32_t sign, int8_t *output) {
    const tp_right_scale first =
        tp_right_scale_of(params->input_zero_point, params->input_multiplier, params->input_shift);
    const tp_right_scale second =
        tp_right_scale_of(params->other_zero_point, params->other_multiplier, params->other_shift);
    const tp_requant requant = {&params->output_multiplier, &params->output_shift, params->output_zero_point,
                                params->clamp_low,          params->clamp_high,    0};
    const tp_right_requant to = tp_right_requant_of(&requant, 0);
    for (int32_t i = 0; i < columns; i++, a += input_step, b += other_step) {
        const int32_t sum = tp_scale_right(first, *a) + sign * tp_scale_right(second, *b);
        output[i] = (int8_t)tp_requantize_right(to, 2 * sum);
    }
    tp_clamp_all(&requant, columns, output);
}

/**
 * The same where one input, `exact`, has the larger scale: that is on the common scale once it is halved, so it need
 * not be rounded. The shift of the other one, `to`, is below 0. Consecutive values alone.
 * @param exact_sign, rounded_sign 1 or -1, compile-time constants
 */
static inline __attribute__((always_inline)) void tp_sum_row_exact(const tp_add_params *params, int32_t columns,
                                                                   const int8_t *exact, int32_t exact_zero_point,
                                                                   const int32_t exact_sign, const int8_t *rounded,
                                                                   tp_right_scale to, const int32_t rounded_sign,
                                                                   int8_t *output) {
    const tp_requant requant = {&params->output_multiplier, &params->output_shift, params->output_zero_point,
                                params->clamp_low,          params->clamp_high,    0};
    const tp_right_requant finish = tp_right_requant_of(&requant, 0);
    const int32_t zero = exact_zero_point * (INT32_C(1) << 20);
    const int8_t *const end = exact + columns;
    while (exact != end) {
        const int32_t doubled = *rounded++ * (INT32_C(1) << 21) - to.zero;
        const int32_t addend = to.half - (int32_t)((uint32_t)doubled >> 31);
        const int32_t other = tp_smmlar(doubled, to.multiplier, addend) >> to.exponent;
        const int32_t one = *exact++ * (INT32_C(1) << 20) - zero;
        *output++ = (int8_t)tp_requantize_right(finish, exact_sign * one + rounded_sign * 2 * other);
    }
    tp_clamp_all(&requant, columns, output - columns);
}

/** The same, for any shifts. */
static inline void tp_sum_row(const tp_add_params *params, int32_t columns, const int8_t *a, int32_t input_step,
                              const int8_t *b, int32_t other_step, int32_t sign, int8_t *output) {
    for (int32_t i = 0; i < columns; i++, a += input_step, b += other_step) {
        const int32_t first =
            tp_common_scale(*a, params->input_zero_point, params->input_multiplier, params->input_shift);
        const int32_t second =
            tp_common_scale(*b, params->other_zero_point, params->other_multiplier, params->other_shift);
        output[i] = tp_finish_sum(params, first + sign * second);
    }
}

/** input + sign * other, requantized; sign is 1 or -1, and a constant once this is inlined. */
static inline void tp_sum_rows(const tp_add_params *params, const tp_broadcast *shape, const int8_t *input,
                               const int8_t *other, int32_t sign, int8_t *output) {
    const int right = params->input_shift <= 0 && params->other_shift <= 0 && params->output_shift <= -1 &&
                      params->output_shift >= -23;
    const int32_t columns = shape->sizes[3];
    const int consecutive = shape->input_strides[3] == 1 && shape->other_strides[3] == 1;
    const int first_exact = right && consecutive && tp_is_half(params->input_multiplier, params->input_shift);
    const int second_exact = right && consecutive && tp_is_half(params->other_multiplier, params->other_shift);
    for (int32_t row = 0; row < tp_rows(shape); row++, output += columns) {
        const int8_t *a = input + tp_row_start(shape, shape->input_strides, row);
        const int8_t *b = other + tp_row_start(shape, shape->other_strides, row);
        if (first_exact && params->other_shift < 0) {
            const tp_right_scale to =
                tp_right_scale_of(params->other_zero_point, params->other_multiplier, params->other_shift);
            tp_sum_row_exact(params, columns, a, params->input_zero_point, 1, b, to, sign, output);
        } else if (second_exact && params->input_shift < 0) {
            const tp_right_scale to =
                tp_right_scale_of(params->input_zero_point, params->input_multiplier, params->input_shift);
            tp_sum_row_exact(params, columns, b, params->other_zero_point, sign, a, to, 1, output);
        } else if (right) {
            tp_sum_row_right(params, columns, a, shape->input_strides[3], b, shape->other_strides[3], sign, output);
        } else {
            tp_sum_row(params, columns, a, shape->input_strides[3], b, shape->other_strides[3], sign, output);
        }
    }
}

#endif
