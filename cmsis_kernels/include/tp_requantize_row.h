/**
 * @file
 * Requantization of a row of outputs, whose sums of products wait in memory.
 */
#ifndef TP_REQUANTIZE_ROW_H
#define TP_REQUANTIZE_ROW_H

#include <stdint.h>

#include "tp_apart.h"
#include "tp_requantize.h"

/** The output of a channel with twice this sum of products and this bias. */
static inline int8_t tp_finish_right(tp_right_requant to, int32_t sum, int32_t bias) {
    return (int8_t)tp_requantize_right(to, sum + 2 * bias);
}

/** One row of outputs from twice their sums of products. Not inline, so that all its constants stay in registers. */
static TP_APART void tp_requantize_row(const tp_requant *requant, const int32_t *bias, const int32_t *sums,
                                       int32_t channels, int8_t *output) {
    if (requant->channel_step != 0) {
        for (int32_t channel = 0; channel < channels; channel++) {
            output[channel] = tp_finish_right(tp_right_requant_of(requant, channel), sums[channel], bias[channel]);
        }
        return;
    }
    const tp_right_requant to = tp_right_requant_of(requant, 0);
    int32_t channel = 0;
    for (; channel + 4 <= channels; channel += 4) {
        for (int32_t i = channel; i < channel + 4; i++) {
            output[i] = tp_finish_right(to, sums[i], bias[i]);
        }
    }
    for (; channel < channels; channel++) {
        output[channel] = tp_finish_right(to, sums[channel], bias[channel]);
    }
}

#endif
