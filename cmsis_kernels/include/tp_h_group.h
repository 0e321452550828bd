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

#include "tp_dsp.h"
#include "tp_requantize.h"

/** Four output channels: their biases and requantization. Those beyond `count` are never stored. */
typedef struct {
    int32_t bias[4];
    tp_right_requant requant[4];
    int32_t count;
} tp_h_group;

static inline tp_h_group tp_h_load_group(const tp_requant *requant, const int32_t *bias, int32_t channel,
                                         int32_t channels) {
    tp_h_group group = {{0, 0, 0, 0}, {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}}, channels - channel};
    for (int32_t i = 0; i < 4 && i < group.count; i++) {
        group.bias[i] = bias[channel + i];
        group.requant[i] = tp_right_requant_of(requant, channel + i);
    }
    return group;
}

/** S of A and B, modulo 2^32. */
static inline int32_t tp_h_sum(int32_t high, int32_t low) { return (int32_t)((uint32_t)high * 256U + (uint32_t)low); }

/** Twice A of S and B. */
static inline int32_t tp_h_doubled_high(int32_t sum, int32_t low) {
    return (int32_t)((uint32_t)sum - (uint32_t)low) >> 7;
}

#endif
