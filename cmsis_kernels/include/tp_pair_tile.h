/**
 * @file
 * One output channel with a list of its non-zero weights, at four pixel pairs: eight outputs a tile.
 *
 * A pixel pair is the word x = (x0 + 128) + x1 * 2^24 (tp_pixel_pairs.h). A 64-bit sum of w * x over the weights w is
 * sum(w * (x0 + 128)) + sum(w * x1) * 2^24: SMLAL multiplies and adds for two outputs. Started at
 * (bias - 128 * sum(w)) + bias * 2^24 it ends at A0 + A1 * 2^24 with the accumulators A0 and A1 of both. The bits below
 * 24, sign extended, are A0 where -2^23 <= A0 < 2^23, and what is above them is A1 once A0 is taken away: the bits
 * above 24, and one more where A0 is negative, which borrowed it. Weights and biases are doubled, for
 * `tp_requantize_right`, so that the generator proves |accumulator| < 2^22. What the sum is on the way does not matter:
 * it is exact modulo 2^64.
 *
 * The biased low value keeps a word in 32 bits: x0 + x1 * 2^24 would not be one at x1 = -128 with x0 < 0.
 */
#ifndef TP_PAIR_TILE_H
#define TP_PAIR_TILE_H

#include <stdint.h>

#include "tp_dsp.h"
#include "tp_requantize.h"
#include "tp_tile_line.h"

/** What the tiles of one output channel need; the assembly knows where each member lies. */
typedef struct {
    const uint32_t *list; /**< entries weight << 24 | offset in bytes, none of them 0; behind the last one 0 */
    uint32_t low, high;   /**< what a sum starts at */
    int32_t skipped;      /**< bytes of the first round of eight entries that a list of no whole rounds skips */
    tp_right_requant requant;
    tp_tile_line line;
} tp_pair_channel;

/* One entry: 11 instructions of 4 bytes, 8 products. */
#define TP_PAIR_ENTRY_BYTES 44
#define TP_PAIR_ENTRY                                                                                                  \
    "uxtah %[y], %[x], %[t]\n\t"                                                                                       \
    "asr.w %[w], %[t], #23\n\t"                                                                                        \
    "ldr.w %[z], [%[y]]\n\t"                                                                                           \
    "ldr.w %[t], [%[y], %[step]]\n\t"                                                                                  \
    "smlal %[a0], %[b0], %[z], %[w]\n\t"                                                                               \
    "smlal %[a1], %[b1], %[t], %[w]\n\t"                                                                               \
    "ldr.w %[z], [%[y], %[step] * 2]\n\t"                                                                              \
    "ldr.w %[y], [%[y], %[step] * 3]\n\t"                                                                              \
    "ldr.w %[t], [%[p]], #4\n\t"                                                                                       \
    "smlal %[a2], %[b2], %[z], %[w]\n\t"                                                                               \
    "smlal %[a3], %[b3], %[y], %[w]\n\t"

/* The doubled accumulators A0 and A1 of a sum, in its two registers; t is free. */
#define TP_PAIR_ACCUMULATORS(low, high)                                                                                \
    "lsrs.w %[t], " low ", #24\n\t"                                                                                    \
    "adc.w " high ", %[t], " high ", lsl #8\n\t"                                                                       \
    "sbfx " low ", " low ", #0, #24\n\t"

/** A0 and A1 of a sum. */
static inline int32_t tp_pair_low(uint64_t sum) { return (int32_t)((uint32_t)sum << 8) >> 8; }

static inline int32_t tp_pair_high(uint64_t sum) {
    return (int32_t)(uint32_t)(sum >> 24) + (int32_t)((uint32_t)sum >> 23 & 1U);
}

/**
 * Runs tiles of four pairs as long as four are left, at least one, and moves on behind them. The outputs of a tile's
 * last pair are stored first: where pairs share a place, the first of them is right.
 * @param pairs the packed input of the first pair. Those of others lie `pixel_step` bytes apart, a compile-time
 *              constant below 1366
 * @param signs  0 where the output's zero point is -128, a compile-time constant
 */
static inline __attribute__((always_inline)) void tp_pair_run_tiles(tp_pair_channel *channel, const uint32_t **pairs,
                                                                    const int32_t pixel_step, const int32_t signs) {
#if TP_HAS_DSP
    /* Eight entries a round; the first one is entered where as many are left as make whole rounds of the rest. All
     * fourteen registers are taken, so the channel's address waits on the stack. */
    uint32_t a0, b0, a1, b1, a2, b2, a3, b3, w, y, z, t, p = (uint32_t)(uintptr_t)channel;
    /* clang-format off */
    __asm__ volatile("str.w %[p], [sp, #-4]!\n\t"
                     ".p2align 2\n"
                     "2:\n\t"
                     "ldr.w %[a0], [%[p], #4]\n\t"
                     "ldr.w %[b0], [%[p], #8]\n\t"
                     "ldr.w %[w], [%[p], #12]\n\t"
                     "ldr.w %[p], [%[p]]\n\t"
                     "mov.w %[a1], %[a0]\n\t"
                     "mov.w %[b1], %[b0]\n\t"
                     "mov.w %[a2], %[a0]\n\t"
                     "ldr.w %[t], [%[p]], #4\n\t"
                     "mov.w %[b2], %[b0]\n\t"
                     "mov.w %[a3], %[a0]\n\t"
                     "mov.w %[b3], %[b0]\n\t"
                     "add pc, %[w]\n\t"
                     "nop\n"
                     "1:\n\t"
                     TP_TILE_ROUND(TP_PAIR_ENTRY)
                     "cmp.w %[t], #0\n\t"
                     "bne.w 1b\n\t"
                     "ldr.w %[p], [sp]\n\t"
                     "ldr.w %[w], [%[p], #16]\n\t"
                     "ldr.w %[y], [%[p], #20]\n\t"
                     "ldr.w %[z], [%[p], #24]\n\t"
                     TP_PAIR_ACCUMULATORS("%[a0]", "%[b0]") TP_TILE_REQUANTIZE("%[a0]") TP_TILE_REQUANTIZE("%[b0]")
                     TP_PAIR_ACCUMULATORS("%[a1]", "%[b1]") TP_TILE_REQUANTIZE("%[a1]") TP_TILE_REQUANTIZE("%[b1]")
                     TP_PAIR_ACCUMULATORS("%[a2]", "%[b2]") TP_TILE_REQUANTIZE("%[a2]") TP_TILE_REQUANTIZE("%[b2]")
                     TP_PAIR_ACCUMULATORS("%[a3]", "%[b3]") TP_TILE_REQUANTIZE("%[a3]") TP_TILE_REQUANTIZE("%[b3]")
                     "addw %[x], %[x], %[step] * 2\n\t"
                     "addw %[x], %[x], %[step] * 2\n\t"
                     TP_TILE_STORE(28)
                     "add sp, #4"
                     : [a0] "=&r"(a0), [b0] "=&r"(b0), [a1] "=&r"(a1), [b1] "=&r"(b1), [a2] "=&r"(a2), [b2] "=&r"(b2),
                       [a3] "=&r"(a3), [b3] "=&r"(b3), [w] "=&r"(w), [y] "=&r"(y), [z] "=&r"(z), [t] "=&r"(t),
                       [p] "+&r"(p), [x] "+&r"(*pairs)
                     : [step] "i"(pixel_step), [signs] "i"(signs)
                     : "cc", "memory");
    /* clang-format on */
#else
    (void)signs;
    const uint64_t start = (uint64_t)channel->high << 32 | channel->low;
    do {
        uint64_t sums[4] = {start, start, start, start};
        int8_t first[4], second[4];
        for (const uint32_t *entry = channel->list; *entry; entry++) {
            const uint32_t *x = *pairs + (*entry & 0xFFFFU) / 4;
            const int64_t weight = 2 * ((int32_t)*entry >> 24);
            for (int32_t i = 0; i < 4; i++) {
                sums[i] += (uint64_t)(weight * (int32_t)x[i * pixel_step / 4]);
            }
        }
        for (int32_t i = 0; i < 4; i++) {
            first[i] = (int8_t)tp_requantize_right(channel->requant, tp_pair_low(sums[i]));
            second[i] = (int8_t)tp_requantize_right(channel->requant, tp_pair_high(sums[i]));
        }
        *pairs += pixel_step;
        tp_tile_store(&channel->line, first, second);
    } while (channel->line.left >= 4);
#endif
}

#endif
