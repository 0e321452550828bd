/**
 * @file
 * Outputs of a depthwise 3x3 convolution, one channel, four at a time: two side by side, and the two below them.
 *
 * Two input rows share a word: row y low, row y + 1 high. In memory the words of a column lie one below the other,
 * `pitch` of them, each beside those of three more channels. For a column of the window with weights w0, w1 and w2, and
 * words (x0, x1) and (x2, x3), an output is w0 * x0 + w1 * x1 + w2 * x2, and the one below it, at stride 1, w0 * x1 +
 * w1 * x2 + w2 * x3: of the six products SMLAD takes two at a time, so the words (w0, w1) and (w1, w2) are all that is
 * needed.
 *
 * Weights are 2^8 times theirs, and so are sums: 2^8 * |acc| < 2^31, which the generator proves. A column of weights is
 * one word, of bytes w1, w0, w2, w1 from the lowest on: one instruction makes either word of it (TP_ODD_BYTES).
 */
#ifndef TP_DEPTHWISE_TILES_H
#define TP_DEPTHWISE_TILES_H

#include <stdint.h>

#include "tp_pixels.h"

#define TP_ODD_BYTES 0xFF00FF00U

/** What the tiles of one channel need; the assembly knows where each member lies. */
typedef struct {
    int32_t bias; /**< 2^8 times it */
    int32_t multiplier, addend, exponent;
    int32_t right, below; /**< bytes from an output to the next one, and to the one in the next row */
    int32_t words;        /**< bytes of words that a column of tiles, one below the other, moves on */
    int32_t odd;          /**< `below` if one more row of outputs follows below the tiles, else 0 */
    int32_t words_gap;    /**< bytes from behind a column of tiles, and that row, to the next column */
    int32_t gap;          /**< the same for outputs */
    int32_t columns;      /**< of outputs */
} tp_depthwise_channel;

/**
 * All outputs of a strip. Lower ones are stored first, so that one row of tiles may be one output high (`below` is 0).
 * @param words   of the first column that the first window sees
 * @param weights three words, one for each column of the window
 */
typedef void tp_depthwise_tiles(const uint32_t *words, int8_t *output, const uint32_t *weights,
                                const tp_depthwise_channel *channel);

/* For each pitch: strides 1 and 2, requantized by tp_requantize_level and by tp_requantize_right; stored as int8, and
 * as int16. */
#define TP_DEPTHWISE_PITCHES(each) each(3) each(5) each(9) each(17)
#define TP_DEPTHWISE_DECLARE(pitch)                                                                                    \
    tp_depthwise_tiles tp_depthwise_level_ones_##pitch, tp_depthwise_level_twos_##pitch,                               \
        tp_depthwise_right_ones_##pitch, tp_depthwise_right_twos_##pitch, tp_depthwise_wide_level_ones_##pitch,        \
        tp_depthwise_wide_level_twos_##pitch, tp_depthwise_wide_right_ones_##pitch,                                    \
        tp_depthwise_wide_right_twos_##pitch;
TP_DEPTHWISE_PITCHES(TP_DEPTHWISE_DECLARE)

/** The function for these, compile-time constants. */
static inline __attribute__((always_inline)) tp_depthwise_tiles *
tp_depthwise_tiles_of(const int32_t pitch, const int32_t stride, const int32_t level, const int32_t wide) {
#define TP_DEPTHWISE_PITCH(value)                                                                                      \
    if (pitch == (value) && wide && stride == 1) {                                                                     \
        return level ? tp_depthwise_wide_level_ones_##value : tp_depthwise_wide_right_ones_##value;                    \
    }                                                                                                                  \
    if (pitch == (value) && wide) {                                                                                    \
        return level ? tp_depthwise_wide_level_twos_##value : tp_depthwise_wide_right_twos_##value;                    \
    }                                                                                                                  \
    if (pitch == (value) && stride == 1) {                                                                             \
        return level ? tp_depthwise_level_ones_##value : tp_depthwise_right_ones_##value;                              \
    }                                                                                                                  \
    if (pitch == (value)) {                                                                                            \
        return level ? tp_depthwise_level_twos_##value : tp_depthwise_right_twos_##value;                              \
    }
    TP_DEPTHWISE_PITCHES(TP_DEPTHWISE_PITCH)
#undef TP_DEPTHWISE_PITCH
    return 0;
}

#endif
