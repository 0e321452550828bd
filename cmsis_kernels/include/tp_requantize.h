/**
 * @file
 * Requantization, and the ONE rounding rule: gemmlowp's double rounding, as TensorFlow Lite for Microcontrollers has
 * it. Its twin in Python is tinyprune/arithmetic.py.
 */
#ifndef TP_REQUANTIZE_H
#define TP_REQUANTIZE_H

#include <stdint.h>

#include "tp_dsp.h"
#include "tp_types.h"

/**
 * round(a * b / 2^31), ties towards +infinity. a and b must not both be -2^31.
 *
 * gemmlowp adds 2^30 to a product that is not negative, 1 - 2^30 to one that is, and divides by 2^31 truncating. For a
 * negative sum that is a ceiling, and ceil((ab + 1 - 2^30) / 2^31) = floor((ab + 2^30) / 2^31): one shift for both
 * signs.
 */
static inline int32_t tp_rounding_doubling_high_multiply(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}

/**
 * round(value / 2^exponent), ties away from zero; exponent in [0, 31], value not -2^31.
 *
 * Away from zero is up for a negative value less one: floor((v + 2^(e-1)) / 2^e), which is floor((floor(v / 2^(e-1)) +
 * 1) / 2) and so cannot overflow.
 */
static inline int32_t tp_rounding_shift_right(int32_t value, int32_t exponent) {
    if (exponent == 0) {
        return value;
    }
    const int32_t lowered = value - (value < 0 ? 1 : 0);
    return ((lowered >> (exponent - 1)) + 1) >> 1;
}

/** round(acc * multiplier * 2^(shift - 31)); a left shift must not overflow. */
static inline int32_t tp_multiply(int32_t acc, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t raised = (int32_t)((uint32_t)acc << left);
    return tp_rounding_shift_right(tp_rounding_doubling_high_multiply(raised, multiplier), left - shift);
}

static inline int32_t tp_clamp(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

/** One accumulator of output channel `channel` as an int8 output. */
static inline int8_t tp_requantize(const tp_requant *requant, int32_t channel, int32_t acc) {
    const int32_t entry = channel * requant->channel_step;
    const int32_t scaled = tp_multiply(acc, requant->multiplier[entry], requant->shift[entry]);
    return (int8_t)tp_clamp(scaled + requant->zero_point, requant->clamp_low, requant->clamp_high);
}

/**
 * What `tp_requantize` gives where the shift is to the right, in five instructions. The generator proves |acc| < 2^29,
 * and shift in [-23, -1].
 *
 * SMMLAR(2 * acc, multiplier) = round(acc * multiplier / 2^31), ties towards +infinity: the first rounding. To that are
 * added half of what the second one divides by, less one where the value is negative (ties go away from zero), and the
 * zero point, raised by as much.
 */
typedef struct {
    int32_t multiplier;
    int32_t addend; /**< (2 * zero_point + 1) * 2^(exponent - 1) */
    int32_t exponent;
} tp_right_requant;

static inline tp_right_requant tp_right_requant_by(int32_t multiplier, int32_t shift, int32_t zero_point) {
    const int32_t addend = (int32_t)((uint32_t)(2 * zero_point + 1) << (-shift - 1));
    return (tp_right_requant){multiplier, addend, -shift};
}

static inline tp_right_requant tp_right_requant_of(const tp_requant *requant, int32_t channel) {
    const int32_t entry = channel * requant->channel_step;
    return tp_right_requant_by(requant->multiplier[entry], requant->shift[entry], requant->zero_point);
}

/** `doubled` is twice the accumulator. */
static inline int32_t tp_requantize_right(tp_right_requant to, int32_t doubled) {
    return tp_saturate(tp_smmlar(doubled, to.multiplier, to.addend - (int32_t)((uint32_t)doubled >> 31)) >>
                       to.exponent);
}

/**
 * Requantization at a common shift. Accumulators come raised, times a power of two, and the generator has found a
 * multiplier and an addend for each channel that give every output of it as TFLM does, or refused the layer
 * (tinyprune/kernels/level.py): the high word of their product counts outputs in units of 2^-fraction.
 */
#define TP_LEVEL_FRACTION 12 /* of most layers */

typedef struct {
    int32_t multiplier;
    int32_t addend; /**< the zero point and a half, in those units, and a little more */
} tp_level_requant;

/** `shift` of `requant` holds the little more. */
static inline tp_level_requant tp_level_requant_of(const tp_requant *requant, int32_t channel, int32_t fraction) {
    const int32_t entry = channel * requant->channel_step;
    const int32_t half = (2 * requant->zero_point + 1) * (1 << (fraction - 1));
    return (tp_level_requant){requant->multiplier[entry], half + requant->shift[entry]};
}

static inline int32_t tp_requantize_level(tp_level_requant to, int32_t raised, int32_t fraction) {
    return tp_saturate(tp_smmla(raised, to.multiplier, to.addend) >> fraction);
}

#endif
