/**
 * @file
 * Outputs of a depthwise convolution of any window, one channel, four at a time.
 *
 * Words have two input rows of one channel, row y low, row y + 1 high, beside those of three more channels. So do the
 * words of a window, column by column, with zeros where it has no row: a product of two words (SMLAD) is two of an
 * output's products. Four outputs whose windows begin in the same half of a word share the loads of weights.
 */
#ifndef TP_DEPTHWISE_LINE_H
#define TP_DEPTHWISE_LINE_H

#include "tp_pixels.h"
#include "tp_requantize.h"

/** Outputs that lie `output_step` bytes apart; the words that they begin at, `step` bytes. */
typedef struct {
    const uint32_t *words;
    const uint32_t *weights, *weights_end;
    int8_t *output;
    int32_t count, step, output_step;
    int32_t gap; /**< bytes from behind a column of the window to the next one, in `words` */
    int32_t bias;
    tp_right_requant requant; /**< |acc| < 2^29 */
} tp_depthwise_line;

typedef void tp_depthwise_run_line(const tp_depthwise_line *line);

/* For windows of so many words in a column. */
#define TP_DEPTHWISE_WORDS(each) each(1) each(2) each(3) each(4) each(5) each(6) each(7) each(8)
#define TP_DEPTHWISE_DECLARE_LINE(words) tp_depthwise_run_line tp_depthwise_line_##words;
TP_DEPTHWISE_WORDS(TP_DEPTHWISE_DECLARE_LINE)

/** The function for windows of `words` in a column, a compile-time constant. */
static inline __attribute__((always_inline)) tp_depthwise_run_line *tp_depthwise_line_of(const int32_t words) {
#define TP_DEPTHWISE_LINE_OF(value)                                                                                    \
    if (words == (value)) {                                                                                            \
        return tp_depthwise_line_##value;                                                                              \
    }
    TP_DEPTHWISE_WORDS(TP_DEPTHWISE_LINE_OF)
#undef TP_DEPTHWISE_LINE_OF
    return 0;
}

#endif
