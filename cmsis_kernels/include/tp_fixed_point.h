/**
 * @file
 * Exponential and reciprocal in gemmlowp fixed point. Qa.b is an int32 with a integer and b fractional bits, a + b
 * = 31.
 */
#ifndef TP_FIXED_POINT_H
#define TP_FIXED_POINT_H

#include <stdint.h>

#include "tp_apart.h"
#include "tp_dsp.h"
#include "tp_requantize.h"

#define TP_Q0_31_ONE INT32_MAX

/** value * 2^bits, saturated to int32; bits in [0, 31]. */
static inline int32_t tp_saturating_shift_left(int32_t value, int32_t bits) {
    const int32_t most = INT32_MAX >> bits;
    return value > most ? INT32_MAX : value < -most - 1 ? INT32_MIN : (int32_t)((uint32_t)value << bits);
}

/** Of two values in Q0.31. By itself: there are many of them. */
static TP_APART int32_t tp_fixed_multiply(int32_t a, int32_t b) { return tp_rounding_doubling_high_multiply(a, b); }

/** exp(a) for a in [-1/4, 0): a Taylor expansion around -1/8; Q0.31. */
static inline int32_t tp_exp_of_fraction(int32_t a) {
    const int32_t exp_of_minus_eighth = 1895147668;
    const int32_t one_third = 715827883;
    const int32_t x = a + (INT32_C(1) << 28);
    const int32_t x2 = tp_fixed_multiply(x, x);
    const int32_t x3 = tp_fixed_multiply(x2, x);
    const int32_t x4 = tp_fixed_multiply(x2, x2);
    const int32_t cubic = tp_rounding_shift_right(x4, 2) + x3;
    const int32_t tail = tp_rounding_shift_right(tp_fixed_multiply(cubic, one_third) + x2, 1);
    return exp_of_minus_eighth + tp_fixed_multiply(exp_of_minus_eighth, x + tail);
}

/** exp(a) in Q0.31 for a <= 0 in Q5.26: a polynomial for the last quarter, one factor for each bit above it. */
static inline int32_t tp_exp_of_negative(int32_t a) {
    /* exp(-2^(i - 2)) in Q0.31, for bit 24 + i */
    static const int32_t exp_of_bit[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter = INT32_C(1) << 24;
    if (a == 0) {
        return TP_Q0_31_ONE;
    }
    const int32_t fraction = (a & (quarter - 1)) - quarter;
    const int32_t remainder = fraction - a;
    int32_t result = tp_exp_of_fraction(fraction * 32);
    for (int32_t i = 0; i < 7; i++) {
        if (remainder & (quarter << i)) {
            result = tp_fixed_multiply(result, exp_of_bit[i]);
        }
    }
    return result;
}

/** 1 / (1 + a) in Q0.31 for a in [0, 1) in Q0.31: three Newton-Raphson steps in Q2.29 from 48/17 - 32/17 * (1 + a) / 2.
 */
static inline int32_t tp_one_over_one_plus(int32_t a) {
    const int32_t half_denominator = (int32_t)(((int64_t)a + TP_Q0_31_ONE + 1) / 2);
    const int32_t three = tp_not_unrolled(3);
    int32_t x = 1515870810 + tp_fixed_multiply(half_denominator, -1010580540);
    for (int32_t i = 0; i < three; i++) {
        const int32_t error = (INT32_C(1) << 29) - tp_fixed_multiply(half_denominator, x);
        x += tp_saturating_shift_left(tp_fixed_multiply(x, error), 2);
    }
    return tp_saturating_shift_left(x, 1);
}

/** The number of zero bits above the highest one of a positive value. */
static inline int32_t tp_leading_zeros(uint32_t value) {
    int32_t count = 0;
    while (!(value & (UINT32_C(1) << 31))) {
        value <<= 1;
        count++;
    }
    return count;
}

#endif
