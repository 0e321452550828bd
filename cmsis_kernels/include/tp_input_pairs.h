/**
 * @file
 * Pairs of inputs for N:M weights: of a run of inputs, one word for each two that may meet non-zeros together. A code
 * picks the word, and one SMLAD multiplies it with both weights.
 *
 * 2:4: a run has 4 inputs, and the words are inputs 0 and 1, 0 and 2, 0 and 3, 1 and 2, 1 and 3, 2 and 3.
 * 1:4: a run has 8 inputs, two groups, and word a + 4 * b holds inputs a and 4 + b.
 */
#ifndef TP_INPUT_PAIRS_H
#define TP_INPUT_PAIRS_H

#include <stdint.h>

#include "tp_dsp.h"

/** The low halfword of the one, the high halfword of the other. */
static inline uint32_t tp_mixed(uint32_t low, uint32_t high) { return (low & 0xFFFFU) | (high & 0xFFFF0000U); }

/** Six words of the four inputs at `input`. */
static inline uint32_t *tp_pairs_of_group(const int8_t *input, uint32_t *pairs) {
    const uint32_t bytes = tp_load_word(input), even = tp_sxtb16(bytes), odd = tp_sxtb16_ror8(bytes);
    *pairs++ = tp_pkhbt(even, odd);
    *pairs++ = even;
    *pairs++ = tp_mixed(even, odd);
    *pairs++ = tp_mixed(odd, even);
    *pairs++ = odd;
    *pairs++ = tp_pkhtb(odd, even);
    return pairs;
}

/** Inputs 0 to 3, of which `even` and `odd` hold 0 and 2, 1 and 3, each with the high halfword of `other`. */
static inline uint32_t *tp_pairs_with(uint32_t even, uint32_t odd, uint32_t other, uint32_t *pairs) {
    *pairs++ = tp_mixed(even, other);
    *pairs++ = tp_mixed(odd, other);
    *pairs++ = tp_pkhtb(other, even);
    *pairs++ = tp_pkhtb(other, odd);
    return pairs;
}

/** Sixteen words of the eight inputs at `input`. */
static inline uint32_t *tp_pairs_of_two_groups(const int8_t *input, uint32_t *pairs) {
    const uint32_t first = tp_load_word(input), second = tp_load_word(input + 4);
    const uint32_t even = tp_sxtb16(first), odd = tp_sxtb16_ror8(first);
    const uint32_t others = tp_sxtb16(second), odd_others = tp_sxtb16_ror8(second);
    pairs = tp_pairs_with(even, odd, others << 16, pairs);
    pairs = tp_pairs_with(even, odd, odd_others << 16, pairs);
    pairs = tp_pairs_with(even, odd, others, pairs);
    return tp_pairs_with(even, odd, odd_others, pairs);
}

static inline __attribute__((always_inline)) uint32_t *tp_pairs_of_run(const int8_t *input, uint32_t *pairs,
                                                                       const int32_t kept) {
    return kept == 1 ? tp_pairs_of_two_groups(input, pairs) : tp_pairs_of_group(input, pairs);
}

/**
 * The words of all runs of `count` inputs, a last one of which is filled up with zeros.
 * @param kept 1 or 2 of 4, a compile-time constant
 */
static inline __attribute__((always_inline)) void tp_input_pairs(const int8_t *input, int32_t count, uint32_t *pairs,
                                                                 const int32_t kept) {
    const int32_t run = kept == 1 ? 8 : 4;
    int8_t last[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    for (; count >= run; count -= run, input += run) {
        pairs = tp_pairs_of_run(input, pairs, kept);
    }
    for (int32_t i = 0; i < count; i++) {
        last[i] = input[i];
    }
    if (count > 0) {
        tp_pairs_of_run(last, pairs, kept);
    }
}

#endif
