/**
 * @file
 * Requantization of a row of outputs, whose sums of products wait in memory.
 */
#ifndef TP_REQUANTIZE_ROW_H
#define TP_REQUANTIZE_ROW_H

#include <stdint.h>

#include "tp_apart.h"
#include "tp_requantize.h"

/** The output of a channel with twice this sum of products; with its bias, if `biased`, a compile-time constant. */
static inline __attribute__((always_inline)) int8_t tp_finish_right(tp_right_requant to, const int32_t *bias,
                                                                    const int32_t *sums, int32_t channel,
                                                                    const int32_t biased) {
    return (int8_t)tp_requantize_right(to, sums[channel] + (biased ? 2 * bias[channel] : 0));
}

/** Four at a time, where they have one multiplier. */
static inline __attribute__((always_inline)) void tp_requantize_each(const tp_requant *requant, const int32_t *bias,
                                                                     const int32_t *sums, int32_t channels,
                                                                     int8_t *output, const int32_t biased) {
    if (requant->channel_step != 0) {
        for (int32_t channel = 0; channel < channels; channel++) {
            output[channel] = tp_finish_right(tp_right_requant_of(requant, channel), bias, sums, channel, biased);
        }
        return;
    }
    const tp_right_requant to = tp_right_requant_of(requant, 0);
    for (; channels >= 4; channels -= 4, bias += 4, sums += 4, output += 4) {
        for (int32_t i = 0; i < 4; i++) {
            output[i] = tp_finish_right(to, bias, sums, i, biased);
        }
    }
    for (int32_t i = 0; i < channels; i++) {
        output[i] = tp_finish_right(to, bias, sums, i, biased);
    }
}

/** One row of outputs from twice their sums of products. By itself, so that all its constants stay in registers. */
static TP_APART void tp_requantize_row(const tp_requant *requant, const int32_t *bias, const int32_t *sums,
                                       int32_t channels, int8_t *output) {
    tp_requantize_each(requant, bias, sums, channels, output, 1);
}

/** The same from twice the accumulators, which have their biases: none are read. */
static TP_APART void tp_requantize_accumulators(const tp_requant *requant, const int32_t *doubled, int32_t channels,
                                                int8_t *output) {
    tp_requantize_each(requant, doubled, doubled, channels, output, 0);
}

#endif
