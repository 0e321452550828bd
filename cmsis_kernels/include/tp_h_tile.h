/**
 * @file
 * h-packed weights (tp_h_group.h) of four output channels at two pixels.
 */
#ifndef TP_H_TILE_H
#define TP_H_TILE_H

#include <stdint.h>

#include "tp_dsp.h"
#include "tp_h_group.h"
#include "tp_requantize.h"
#include "tp_tile_line.h"

/** Four output channels, and the output positions that tiles compute; assembly knows where each member lies. */
typedef struct {
    int32_t start[4];            /**< S of channels 0 and 1, of 2 and 3; B of channel 1, of 3 */
    tp_right_requant requant[4]; /**< unused where there is no such channel */
    int32_t count;               /**< of channels that are stored */
    int32_t distance;            /**< from one position's outputs to the next one's; 0: the pixels of a tile are one */
    int8_t *output;              /**< of the next tile */
    const int8_t *end;           /**< `output` behind the last tile */
    const uint32_t *inputs;      /**< of the next tile: int16 pairs */
    const uint32_t *weights;     /**< two words for each pair of inputs: channels 0 and 1, channels 2 and 3 */
    const uint32_t *first_end;   /**< behind the weights of the first segment */
    const uint32_t *last_end;    /**< behind those of the last one */
    int32_t segment_bytes;       /**< of weights */
    int32_t segment_gap;         /**< bytes from behind one segment's input to the next one's */
    uint32_t skipped;            /**< bytes of code of the first round's pairs that there are not */
} tp_h_line;

#define TP_H_PAIR_CODE 56U /* bytes */

/** Channels [channel, channel + 4) of `channels`. */
static inline void tp_h_load_channels(tp_h_line *line, const tp_requant *requant, const int32_t *bias, int32_t channel,
                                      int32_t channels) {
    const int32_t left = channels - channel;
    int32_t biases[4] = {0, 0, 0, 0};
    line->count = left < 4 ? left : 4;
    for (int32_t i = 0; i < line->count; i++) {
        biases[i] = bias[channel + i];
        line->requant[i] = tp_right_requant_of(requant, channel + i);
    }
    line->start[0] = tp_h_sum(biases[0], biases[1]);
    line->start[1] = tp_h_sum(biases[2], biases[3]);
    line->start[2] = biases[1];
    line->start[3] = biases[3];
}

/** Their weights, in `segments` of `pairs` pairs (at least 1). */
static inline void tp_h_load_weights(tp_h_line *line, const uint32_t *weights, int32_t pairs, int32_t segments) {
    line->weights = weights;
    line->first_end = weights + 2 * pairs;
    line->last_end = weights + 2 * pairs * segments;
    line->segment_bytes = 8 * pairs;
    line->skipped = (uint32_t)(-pairs & 7) * TP_H_PAIR_CODE;
}

/* One pair of inputs at both pixels: 14 instructions of 4 bytes, 15 cycles, 16 products. */
#define TP_H_PAIR                                                                                                      \
    "ldr.w %[z], [%[x], %[step]]\n\t"                                                                                  \
    "ldr.w %[y], [%[x]], #4\n\t"                                                                                       \
    "ldr.w %[p], [%[w], #4]\n\t"                                                                                       \
    "ldr.w %[t], [%[w]], #8\n\t"                                                                                       \
    "smlad %[s01], %[t], %[z], %[s01]\n\t"                                                                             \
    "smlad %[s00], %[t], %[y], %[s00]\n\t"                                                                             \
    "sxtb16 %[t], %[t]\n\t"                                                                                            \
    "smlad %[s11], %[p], %[z], %[s11]\n\t"                                                                             \
    "smlad %[s10], %[p], %[y], %[s10]\n\t"                                                                             \
    "sxtb16 %[p], %[p]\n\t"                                                                                            \
    "smlad %[l01], %[t], %[z], %[l01]\n\t"                                                                             \
    "smlad %[l00], %[t], %[y], %[l00]\n\t"                                                                             \
    "smlad %[l11], %[p], %[z], %[l11]\n\t"                                                                             \
    "smlad %[l10], %[p], %[y], %[l10]\n\t"

/* The next segment, if there is one, from 3 on; else back to the first. */
#define TP_H_NEXT_SEGMENT                                                                                              \
    "ldr %[t], [%[p], #92]\n\t"                                                                                        \
    "ldr %[z], [%[p], #96]\n\t"                                                                                        \
    "cmp %[y], %[t]\n\t"                                                                                               \
    "beq 4f\n\t"                                                                                                       \
    "ldr %[t], [%[p], #100]\n\t"                                                                                       \
    "add %[y], %[y], %[z]\n\t"                                                                                         \
    "ldr %[z], [%[p], #104]\n\t"                                                                                       \
    "str %[y], [sp, #4]\n\t"                                                                                           \
    "add %[x], %[x], %[t]\n\t"                                                                                         \
    "b 3b\n"                                                                                                           \
    "4:\n\t"                                                                                                           \
    "ldr %[y], [%[p], #88]\n\t"                                                                                        \
    "str %[y], [sp, #4]\n\t"

/* Outputs of two channels at both pixels, from their S and B; the requantizations at offset `at` of the line. */
#define TP_H_REQUANTIZE(s0, s1, l0, l1, at)                                                                            \
    "ldr %[w], [%[p], #" #at "]\n\t"                                                                                   \
    "ldr %[y], [%[p], #" #at " + 4]\n\t"                                                                               \
    "ldr %[z], [%[p], #" #at " + 8]\n\t"                                                                               \
    "sub " s0 ", " s0 ", " l0 "\n\t"                                                                                   \
    "sub " s1 ", " s1 ", " l1 "\n\t"                                                                                   \
    "asr " s0 ", " s0 ", #7\n\t"                                                                                       \
    "asr " s1 ", " s1 ", #7\n\t" TP_TILE_REQUANTIZE(s0)                                                                \
        TP_TILE_REQUANTIZE(s1) "ldr %[w], [%[p], #" #at " + 12]\n\t"                                                   \
                               "ldr %[y], [%[p], #" #at " + 16]\n\t"                                                   \
                               "ldr %[z], [%[p], #" #at " + 20]\n\t"                                                   \
                               "lsl " l0 ", " l0 ", #1\n\t"                                                            \
                               "lsl " l1 ", " l1 ", #1\n\t" TP_TILE_REQUANTIZE(l0) TP_TILE_REQUANTIZE(l1)

/* The second pixel first: where both are one, the first is right. Loops to 2 until the line ends; 6 is for fewer than
 * four channels. */
#define TP_H_STORE                                                                                                     \
    "ldr %[y], [%[p], #72]\n\t"                                                                                        \
    "ldr %[t], [%[p], #68]\n\t"                                                                                        \
    "ldr %[z], [%[p], #64]\n\t"                                                                                        \
    "ldr %[x], [%[p], #80]\n\t"                                                                                        \
    "add %[w], %[y], %[t]\n\t"                                                                                         \
    "strb %[s01], [%[w]]\n\t"                                                                                          \
    "strb %[s00], [%[y]]\n\t"                                                                                          \
    "cmp %[z], #4\n\t"                                                                                                 \
    "bne 6f\n\t"                                                                                                       \
    "strb %[l01], [%[w], #1]\n\t"                                                                                      \
    "strb %[s11], [%[w], #2]\n\t"                                                                                      \
    "strb %[l11], [%[w], #3]\n\t"                                                                                      \
    "strb %[l00], [%[y], #1]\n\t"                                                                                      \
    "strb %[s10], [%[y], #2]\n\t"                                                                                      \
    "strb %[l10], [%[y], #3]\n"                                                                                        \
    "5:\n\t"                                                                                                           \
    "ldr %[z], [%[p], #76]\n\t"                                                                                        \
    "addw %[x], %[x], %[step]\n\t"                                                                                     \
    "addw %[x], %[x], %[step]\n\t"                                                                                     \
    "add %[y], %[y], %[t], lsl #1\n\t"                                                                                 \
    "str %[x], [%[p], #80]\n\t"                                                                                        \
    "str %[y], [%[p], #72]\n\t"                                                                                        \
    "cmp %[y], %[z]\n\t"                                                                                               \
    "bne 2b\n\t"                                                                                                       \
    "b 7f\n"                                                                                                           \
    "6:\n\t"                                                                                                           \
    "cmp %[z], #2\n\t"                                                                                                 \
    "blt 5b\n\t"                                                                                                       \
    "strb %[l01], [%[w], #1]\n\t"                                                                                      \
    "strb %[l00], [%[y], #1]\n\t"                                                                                      \
    "beq 5b\n\t"                                                                                                       \
    "strb %[s11], [%[w], #2]\n\t"                                                                                      \
    "strb %[s10], [%[y], #2]\n\t"                                                                                      \
    "b 5b\n"                                                                                                           \
    "7:\n\t"

#if !TP_HAS_DSP
/** One tile; stored as by TP_H_STORE. */
static inline void tp_h_tile(const tp_h_line *line, const int32_t pixel_step) {
    for (int32_t pixel = 1; pixel >= 0; pixel--) {
        const uint32_t *x = line->inputs + pixel * pixel_step / 4, *end = line->first_end;
        int32_t sums[4] = {line->start[0], line->start[2], line->start[1], line->start[3]}; /* S and B, S and B */
        for (const uint32_t *w = line->weights; w != line->last_end; end += line->segment_bytes / 4) {
            for (; w != end; w += 2, x++) {
                for (int32_t i = 0; i < 2; i++) {
                    sums[2 * i] = tp_smlad(w[i], *x, sums[2 * i]);
                    sums[2 * i + 1] = tp_smlad(tp_sxtb16(w[i]), *x, sums[2 * i + 1]);
                }
            }
            x += line->segment_gap / 4;
        }
        for (int32_t i = 0; i < line->count; i++) {
            const int32_t low = sums[i | 1], doubled = i % 2 ? 2 * low : tp_h_doubled_high(sums[i], low);
            line->output[pixel * line->distance + i] = (int8_t)tp_requantize_right(line->requant[i], doubled);
        }
    }
}
#endif

/**
 * Runs the tiles of a line, at least one, and moves `inputs` and `output` on behind them.
 * @param pixel_step bytes from the first pixel's inputs to the second one's, a compile-time constant below 4096
 * @param segments   of inputs that lie apart, a compile-time constant
 * @param signs      0 where the output's zero point is -128, a compile-time constant
 */
static inline __attribute__((always_inline)) void tp_h_run_tiles(tp_h_line *line, const int32_t pixel_step,
                                                                 const int32_t segments, const int32_t signs) {
#if TP_HAS_DSP
    /* Eight pairs a round; the first round is entered where as many are left as make whole rounds of the rest. All
     * fourteen registers are taken, so the line's address and the end of the segment wait on the stack. */
    uint32_t s00, s01, s10, s11, l00, l01, l10, l11, w, x, y, z, t, p = (uint32_t)(uintptr_t)line;
    /* clang-format off */
    __asm__ volatile("ldr.w %[y], [%[p], #88]\n\t"
                     "str.w %[y], [sp, #-4]!\n\t"
                     "str.w %[p], [sp, #-4]!\n\t"
                     ".p2align 2\n"
                     "2:\n\t"
                     "ldr.w %[s00], [%[p]]\n\t"
                     "ldr.w %[s10], [%[p], #4]\n\t"
                     "ldr.w %[l00], [%[p], #8]\n\t"
                     "ldr.w %[l10], [%[p], #12]\n\t"
                     "ldr.w %[x], [%[p], #80]\n\t"
                     "ldr.w %[w], [%[p], #84]\n\t"
                     "ldr.w %[z], [%[p], #104]\n\t"
                     "mov.w %[s01], %[s00]\n\t"
                     "mov.w %[s11], %[s10]\n\t"
                     "mov.w %[l01], %[l00]\n\t"
                     "mov.w %[l11], %[l10]\n"
                     "3:\n\t"
                     "add pc, %[z]\n\t"
                     "nop\n"
                     "1:\n\t"
                     TP_TILE_ROUND(TP_H_PAIR)
                     "ldr.w %[y], [sp, #4]\n\t"
                     "cmp.w %[w], %[y]\n\t"
                     "bne.w 1b\n\t"
                     "ldr.w %[p], [sp]\n\t"
                     ".if %c[segments] > 1\n\t"
                     TP_H_NEXT_SEGMENT
                     ".endif\n\t"
                     TP_H_REQUANTIZE("%[s00]", "%[s01]", "%[l00]", "%[l01]", 16)
                     TP_H_REQUANTIZE("%[s10]", "%[s11]", "%[l10]", "%[l11]", 40)
                     TP_H_STORE
                     "add sp, #8"
                     : [s00] "=&r"(s00), [s01] "=&r"(s01), [s10] "=&r"(s10), [s11] "=&r"(s11), [l00] "=&r"(l00),
                       [l01] "=&r"(l01), [l10] "=&r"(l10), [l11] "=&r"(l11), [w] "=&r"(w), [x] "=&r"(x), [y] "=&r"(y),
                       [z] "=&r"(z), [t] "=&r"(t), [p] "+&r"(p)
                     : [step] "i"(pixel_step), [segments] "i"(segments), [signs] "i"(signs)
                     : "cc", "memory");
    /* clang-format on */
#else
    (void)segments;
    (void)signs;
    do {
        tp_h_tile(line, pixel_step);
        line->inputs += pixel_step / 2;
        line->output += 2 * line->distance;
    } while (line->output != line->end);
#endif
}

/** Runs `positions` positions, whose outputs lie `distance` bytes apart. An odd one is both pixels of a tile. */
static inline __attribute__((always_inline)) void tp_h_run_line(tp_h_line *line, int32_t positions, int32_t distance,
                                                                const int32_t pixel_step, const int32_t segments,
                                                                const int32_t signs) {
    for (int32_t tiles = positions > 1 ? positions / 2 : 1; positions > 0; positions -= 2 * tiles, tiles = 1) {
        line->distance = positions > 1 ? distance : 0;
        line->end = line->output + 2 * tiles * line->distance;
        tp_h_run_tiles(line, pixel_step, segments, signs);
    }
}

#endif
