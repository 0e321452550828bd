/**
 * @file
 * h-packing: a halfword h = 256 * a + b holds the weights a and b of two output channels for one input, and
 * SMLAD(h, x) adds both products at once.
 *
 * For inputs x of 16 bits, S = sum(h * x) = 256 * A + B, where A = sum(a * x) and B = sum(b * x). The low bytes alone,
 * sign extended, give B, so A = (S - B) / 256. Exact modulo 2^32 as long as |A| < 2^23 and h is the int16 that it
 * should be: 256 * a + b leaves int16 only for a = -128 with b < 0. The generator proves both.
 */
#ifndef TP_H_GROUP_H
#define TP_H_GROUP_H

#include <stdint.h>

/** S of A and B, modulo 2^32. */
static inline int32_t tp_h_sum(int32_t high, int32_t low) { return (int32_t)((uint32_t)high * 256U + (uint32_t)low); }

/** 256 times A of S and B, and 256 times B; modulo 2^32, as tiles compute outputs of pixels that there are not. */
static inline int32_t tp_h_raised_high(int32_t sum, int32_t low) { return (int32_t)((uint32_t)sum - (uint32_t)low); }

static inline int32_t tp_h_raised_low(int32_t low) { return (int32_t)((uint32_t)low * 256U); }

/** Twice A of S and B. */
static inline int32_t tp_h_doubled_high(int32_t sum, int32_t low) { return tp_h_raised_high(sum, low) >> 7; }

#endif
