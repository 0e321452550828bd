/**
 * @file
 * Requantization of a row of outputs, whose sums of products wait in memory.
 */
#ifndef TP_REQUANTIZE_ROW_H
#define TP_REQUANTIZE_ROW_H

#include <stdint.h>

#include "tp_apart.h"
#include "tp_requantize.h"

/** The output of a channel with twice this sum of products; with its bias, if there are any. */
static inline int8_t tp_finish_right(tp_right_requant to, const int32_t *bias, const int32_t *sums, int32_t channel) {
    return (int8_t)tp_requantize_right(to, sums[channel] + (bias ? 2 * bias[channel] : 0));
}

static inline __attribute__((always_inline)) void tp_requantize_each(const tp_requant *requant, const int32_t *bias,
                                                                     const int32_t *sums, int32_t channels,
                                                                     int8_t *output) {
    if (requant->channel_step != 0) {
        for (int32_t channel = 0; channel < channels; channel++) {
            output[channel] = tp_finish_right(tp_right_requant_of(requant, channel), bias, sums, channel);
        }
        return;
    }
    const tp_right_requant to = tp_right_requant_of(requant, 0);
    int32_t channel = 0;
    for (; channel + 8 <= channels; channel += 8) {
        for (int32_t i = channel; i < channel + 8; i++) {
            output[i] = tp_finish_right(to, bias, sums, i);
        }
    }
    for (; channel < channels; channel++) {
        output[channel] = tp_finish_right(to, bias, sums, channel);
    }
}

/** One row of outputs from twice their sums of products. By itself, so that all its constants stay in registers. */
static TP_APART void tp_requantize_row(const tp_requant *requant, const int32_t *bias, const int32_t *sums,
                                       int32_t channels, int8_t *output) {
    tp_requantize_each(requant, bias, sums, channels, output);
}

/** The same from twice the accumulators, which have their biases. */
static TP_APART void tp_requantize_accumulators(const tp_requant *requant, const int32_t *doubled, int32_t channels,
                                                int8_t *output) {
    tp_requantize_each(requant, 0, doubled, channels, output);
}

#endif
