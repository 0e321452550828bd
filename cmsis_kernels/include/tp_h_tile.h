/**
 * @file
 * h-packed weights (tp_h_group.h) of four output channels at two pixels.
 */
#ifndef TP_H_TILE_H
#define TP_H_TILE_H

#include <stdint.h>

#include "tp_apart.h"
#include "tp_dsp.h"
#include "tp_h_group.h"
#include "tp_h_sums.h"
#include "tp_requantize.h"
#include "tp_tile_line.h"

/** Four output channels, and the output positions that tiles compute; assembly knows where each member lies. */
typedef struct {
    int32_t start[4]; /**< S of channels 0 and 1, of 2 and 3; B of channel 1, of 3 */
    union {           /**< unused where there is no such channel */
        tp_right_requant right[4];
        tp_level_requant level[4];
    } requant;
    int32_t count;             /**< of channels that are stored */
    int32_t distance;          /**< from one position's outputs to the next one's; 0: the pixels of a tile are one */
    int8_t *output;            /**< of the next tile */
    const int8_t *end;         /**< `output` behind the last tile */
    const uint32_t *inputs;    /**< of the next tile: int16 pairs */
    const uint32_t *weights;   /**< two words for each pair of inputs: channels 0 and 1, channels 2 and 3 */
    const uint32_t *first_end; /**< behind the weights of the first segment */
    const uint32_t *last_end;  /**< behind those of the last one */
    int32_t segment_gap;       /**< bytes from behind one segment's input to the next one's */
    int32_t advance;           /**< bytes from behind the last segment, or its gap, to the next tile's input */
    int32_t rows;              /**< at least 1; `end` is that of the first one */
    int32_t row_outputs;       /**< from one row's outputs to the next one's */
    int32_t row_gap;           /**< bytes from behind one row's inputs to the next one's */
} tp_h_line;

/**
 * What the tiles of a layer have in common: compile-time constants.
 *
 * `pixel_step` is bytes from the first pixel's inputs to the second one's, below 4096; `pairs` of inputs, at least 1,
 * are in each of the `segments` of input that lie apart. `fraction` is the common shift of requantizations, 0 where
 * they have none; `whole` that there are always four channels.
 */
typedef struct {
    int32_t pixel_step, pairs, segments, fraction, whole;
} tp_h_shape;

/** Whether the sums of a tile are computed without a loop: where all of its code stays within 1 KB. */
static inline int tp_h_is_straight(const tp_h_shape *shape) {
    const int32_t most = shape->fraction && shape->whole ? 16 : 10; /* the other ends of tiles take more */
    return shape->segments * shape->pairs <= most && shape->pixel_step < 4096 - 4 * 16;
}

/** The requantization of `channel`, the `i`th of a line; by itself, as it is large where it is unrolled. */
static TP_APART void tp_h_load_requant(tp_h_line *line, const tp_requant *requant, int32_t channel, int32_t i,
                                       int32_t fraction) {
    if (fraction) {
        line->requant.level[i] = tp_level_requant_of(requant, channel, fraction);
    } else {
        line->requant.right[i] = tp_right_requant_of(requant, channel);
    }
}

/** Channels [channel, channel + 4) of `channels`. */
static inline void tp_h_load_channels(tp_h_line *line, const tp_requant *requant, const int32_t *bias, int32_t channel,
                                      int32_t channels, int32_t fraction) {
    const int32_t left = channels - channel;
    int32_t biases[4] = {0, 0, 0, 0};
    line->count = left < 4 ? left : 4;
    for (int32_t i = 0; i < line->count; i++) {
        biases[i] = bias[channel + i];
        tp_h_load_requant(line, requant, channel + i, i, fraction);
    }
    line->start[0] = tp_h_sum(biases[0], biases[1]);
    line->start[1] = tp_h_sum(biases[2], biases[3]);
    line->start[2] = biases[1];
    line->start[3] = biases[3];
}

/* Outputs of two channels at both pixels, from their S and B; the requantizations lie at offset `at` of the line. */
#define TP_H_REQUANTIZE_RIGHT(s0, s1, l0, l1, at)                                                                      \
    "ldr.w %[w], [%[p], #" at "]\n"                                                                                    \
    "ldrd %[y], %[z], [%[p], #" at " + 4]\n"                                                                           \
    "sub.w " s0 ", " s0 ", " l0 "\n"                                                                                   \
    "sub.w " s1 ", " s1 ", " l1 "\n"                                                                                   \
    "asr.w " s0 ", " s0 ", #7\n"                                                                                       \
    "asr.w " s1 ", " s1 ", #7\n"                                                                                       \
    ".irp acc, " s0 ", " s1 "\n" TP_TILE_REQUANTIZE("\\acc") ".endr\n"                                                 \
                                                             "ldr.w %[w], [%[p], #" at " + 12]\n"                      \
                                                             "ldrd %[y], %[z], [%[p], #" at " + 16]\n"                 \
                                                             "lsl.w " l0 ", " l0 ", #1\n"                              \
                                                             "lsl.w " l1 ", " l1 ", #1\n"                              \
                                                             ".irp acc, " l0 ", " l1                                   \
                                                             "\n" TP_TILE_REQUANTIZE("\\acc") ".endr\n"

/* The same at a common shift: S - B is 256 times an accumulator already. */
#define TP_H_REQUANTIZE_LEVEL(s0, s1, l0, l1, at)                                                                      \
    "sub " s0 ", " s0 ", " l0 "\n"                                                                                     \
    "sub " s1 ", " s1 ", " l1 "\n"                                                                                     \
    "ldr %[w], [%[p], #" at "]\n"                                                                                      \
    "ldr %[y], [%[p], #" at " + 4]\n"                                                                                  \
    "ldr %[z], [%[p], #" at " + 8]\n"                                                                                  \
    "ldr %[t], [%[p], #" at " + 12]\n"                                                                                 \
    "lsl " l0 ", " l0 ", #8\n"                                                                                         \
    "lsl " l1 ", " l1 ", #8\n"                                                                                         \
    "smmla " s0 ", " s0 ", %[w], %[y]\n"                                                                               \
    "smmla " s1 ", " s1 ", %[w], %[y]\n"                                                                               \
    "smmla " l0 ", " l0 ", %[z], %[t]\n"                                                                               \
    "smmla " l1 ", " l1 ", %[z], %[t]\n"                                                                               \
    "ssat " s0 ", #8, " s0 ", asr %[fraction]\n"                                                                       \
    "ssat " s1 ", #8, " s1 ", asr %[fraction]\n"                                                                       \
    "ssat " l0 ", #8, " l0 ", asr %[fraction]\n"                                                                       \
    "ssat " l1 ", #8, " l1 ", asr %[fraction]\n"

/* The second pixel first: where both are one, the first is right. Leaves out the channels that there are not. Goes on
 * to the next tile, at 2, if there is one. */
#define TP_H_STORE                                                                                                     \
    "ldr %[y], [%[p], #72]\n"                                                                                          \
    "ldr %[t], [%[p], #68]\n"                                                                                          \
    "ldr %[z], [%[p], #76]\n"                                                                                          \
    "ldr %[w], [%[p], #100]\n"                                                                                         \
    "add %[x], %[x], %[w]\n"                                                                                           \
    "add %[w], %[y], %[t]\n"                                                                                           \
    "add %[t], %[y], %[t], lsl #1\n"                                                                                   \
    "strb %[s01], [%[w]]\n"                                                                                            \
    "strb %[s00], [%[y]]\n"                                                                                            \
    ".if !%c[whole]\n"                                                                                                 \
    "ldr %[s00], [%[p], #64]\n"                                                                                        \
    "cmp %[s00], #2\n"                                                                                                 \
    "blt.w 5f\n"                                                                                                       \
    ".endif\n"                                                                                                         \
    "strb %[l01], [%[w], #1]\n"                                                                                        \
    "strb %[l00], [%[y], #1]\n"                                                                                        \
    ".if !%c[whole]\n"                                                                                                 \
    "beq.w 5f\n"                                                                                                       \
    "cmp %[s00], #3\n"                                                                                                 \
    ".endif\n"                                                                                                         \
    "strb %[s11], [%[w], #2]\n"                                                                                        \
    "strb %[s10], [%[y], #2]\n"                                                                                        \
    ".if !%c[whole]\n"                                                                                                 \
    "beq.w 5f\n"                                                                                                       \
    ".endif\n"                                                                                                         \
    "strb %[l11], [%[w], #3]\n"                                                                                        \
    "strb %[l10], [%[y], #3]\n"                                                                                        \
    "5:\n"                                                                                                             \
    "str %[t], [%[p], #72]\n"                                                                                          \
    "cmp %[t], %[z]\n"                                                                                                 \
    "bne.w 2b\n"

#if !TP_HAS_DSP
/** One tile; stored as by TP_H_STORE. */
static inline void tp_h_tile(const tp_h_line *line, const tp_h_shape *shape) {
    for (int32_t pixel = 1; pixel >= 0; pixel--) {
        const uint32_t *x = line->inputs + pixel * shape->pixel_step / 4, *end = line->first_end;
        int32_t sums[4] = {line->start[0], line->start[2], line->start[1], line->start[3]}; /* S and B, S and B */
        for (const uint32_t *w = line->weights; w != line->last_end; end += 2 * shape->pairs) {
            for (; w != end; w += 2, x++) {
                for (int32_t i = 0; i < 2; i++) {
                    sums[2 * i] = tp_smlad(w[i], *x, sums[2 * i]);
                    sums[2 * i + 1] = tp_smlad(tp_sxtb16(w[i]), *x, sums[2 * i + 1]);
                }
            }
            x += line->segment_gap / 4;
        }
        for (int32_t i = 0; i < line->count; i++) {
            const int32_t low = sums[i | 1], raised = i % 2 ? tp_h_raised_low(low) : tp_h_raised_high(sums[i], low);
            line->output[pixel * line->distance + i] =
                (int8_t)(shape->fraction ? tp_requantize_level(line->requant.level[i], raised, shape->fraction)
                                         : tp_requantize_right(line->requant.right[i], raised >> 7));
        }
    }
}
#endif

/* clang-format off */
/* Requantizations of two channels each, the second ones' at offset `second` of the line. */
#define TP_H_TILES(sums, requantize, second)                                                                           \
    __asm__ volatile(                                                                                                  \
    "ldr.w %[x], [%[p], #80]\n"                                                                                        \
    "ldr.w %[y], [%[p], #88]\n"                                                                                        \
    "ldr.w %[z], [%[p], #92]\n"                                                                                        \
    "ldr.w %[t], [%[p], #96]\n"                                                                                        \
    "sub sp, #16\n"                                                                                                    \
    "str.w %[p], [sp]\n"                                                                                               \
    "str.w %[y], [sp, #4]\n"                                                                                           \
    "str.w %[z], [sp, #8]\n"                                                                                           \
    "str.w %[t], [sp, #12]\n"                                                                                          \
    ".p2align 2\n"                                                                                                     \
    "2:\n"                                                                                                             \
    "ldr.w %[w], [%[p], #84]\n"                                                                                        \
    "ldr.w %[s00], [%[p]]\n"                                                                                           \
    "ldr.w %[s10], [%[p], #4]\n"                                                                                       \
    "ldr.w %[l00], [%[p], #8]\n"                                                                                       \
    "ldr.w %[l10], [%[p], #12]\n"                                                                                      \
    sums                                                                                                               \
    "ldr.w %[p], [sp]\n"                                                                                               \
    requantize("%[s00]", "%[s01]", "%[l00]", "%[l01]", "16")                                                           \
    requantize("%[s10]", "%[s11]", "%[l10]", "%[l11]", second)                                                         \
    TP_H_STORE                                                                                                         \
    "ldr.w %[y], [%[p], #104]\n"                                                                                       \
    "subs.w %[y], %[y], #1\n"                                                                                          \
    "beq.w 6f\n"                                                                                                       \
    "str.w %[y], [%[p], #104]\n"                                                                                       \
    "ldr.w %[w], [%[p], #108]\n"                                                                                       \
    "ldr.w %[t], [%[p], #112]\n"                                                                                       \
    "add.w %[z], %[z], %[w]\n"                                                                                         \
    "add.w %[x], %[x], %[t]\n"                                                                                         \
    "str.w %[z], [%[p], #76]\n"                                                                                        \
    "b.w 2b\n"                                                                                                         \
    "6:\n"                                                                                                             \
    "str.w %[x], [%[p], #80]\n"                                                                                        \
    "add sp, #16"                                                                                                      \
    : [s00] "=&r"(s00), [s01] "=&r"(s01), [s10] "=&r"(s10), [s11] "=&r"(s11), [l00] "=&r"(l00),                        \
      [l01] "=&r"(l01), [l10] "=&r"(l10), [l11] "=&r"(l11), [w] "=&l"(w), [x] "=&l"(x), [y] "=&l"(y),                  \
      [z] "=&l"(z), [t] "=&l"(t), [p] "+&l"(p)                                                                         \
    : [step] "i"(shape.pixel_step), [pairs] "i"(shape.pairs), [segments] "i"(shape.segments),                          \
      [whole] "i"(shape.whole), [ahead] "i"(ahead), [rounds] "i"(rounds), [round] "i"(round),                          \
      [skipped] "i"(skipped), [segment_bytes] "i"(8 * shape.pairs), [fraction] "i"(shape.fraction)                     \
    : "cc", "memory")
/* clang-format on */

/** Runs the tiles of a line, at least one in each row, and moves `inputs` and `output` on behind them. */
static inline __attribute__((always_inline)) void tp_h_run_tiles(tp_h_line *line, const tp_h_shape shape) {
#if TP_HAS_DSP
    /* All fourteen registers are taken, so what is needed rarely waits on the stack. */
    const int32_t ahead = shape.segments == 1, left = shape.pairs - ahead;
    const int32_t rounds = 1 + (left - 1) / 12, round = (left + rounds - 1) / rounds, skipped = rounds * round - left;
    uint32_t s00, s01, s10, s11, l00, l01, l10, l11, w, x, y, z, t, p = (uint32_t)(uintptr_t)line;
    if (tp_h_is_straight(&shape) && shape.fraction) {
        TP_H_TILES(TP_H_STRAIGHT, TP_H_REQUANTIZE_LEVEL, "32");
    } else if (tp_h_is_straight(&shape)) {
        TP_H_TILES(TP_H_STRAIGHT, TP_H_REQUANTIZE_RIGHT, "40");
    } else if (shape.fraction) {
        TP_H_TILES(TP_H_ROUNDS, TP_H_REQUANTIZE_LEVEL, "32");
    } else {
        TP_H_TILES(TP_H_ROUNDS, TP_H_REQUANTIZE_RIGHT, "40");
    }
#else
    do {
        tp_h_tile(line, &shape);
        line->inputs += shape.pixel_step / 2;
        line->output += 2 * line->distance;
        if (line->output == line->end && --line->rows > 0) {
            line->end += line->row_outputs;
            line->inputs += line->row_gap / 4;
        }
    } while (line->output != line->end);
#endif
}

#endif
