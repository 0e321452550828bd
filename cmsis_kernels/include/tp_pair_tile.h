/**
 * @file
 * One output channel with a list of its non-zero weights, at four pixel pairs: eight outputs a tile.
 *
 * A pixel pair is the word x = (x0 + 128) + x1 * 2^24 (tp_pixel_pairs.h). A 64-bit sum of w * x over the weights w is
 * sum(w * (x0 + 128)) + sum(w * x1) * 2^24: SMLAL multiplies and adds for two outputs. Started at
 * (bias - 128 * sum(w)) + bias * 2^24 it ends at A0 + A1 * 2^24 with the accumulators A0 and A1 of both. Weights come
 * times 2^8, and so does the start: then the low word of the sum is A0 * 2^8, as the generator proves |A0| < 2^23, and
 * the high word is A1, less one where A0 is negative. What the sum is on the way does not matter: it is exact modulo
 * 2^64.
 *
 * The biased low value keeps a word in 32 bits: x0 + x1 * 2^24 would not be one at x1 = -128 with x0 < 0.
 */
#ifndef TP_PAIR_TILE_H
#define TP_PAIR_TILE_H

#include <stdint.h>

#include "tp_dsp.h"
#include "tp_requantize.h"
#include "tp_tile_line.h"

/* One entry: 11 instructions of 4 bytes, 8 products. */
#define TP_PAIR_ENTRY_BYTES 44
#define TP_PAIR_ENTRY                                                                                                  \
    "uxtah %[y], %[x], %[t]\n\t"                                                                                       \
    "asr.w %[w], %[t], #16\n\t"                                                                                        \
    "ldr.w %[z], [%[y]]\n\t"                                                                                           \
    "ldr.w %[t], [%[y], %[step]]\n\t"                                                                                  \
    "smlal %[a0], %[b0], %[z], %[w]\n\t"                                                                               \
    "smlal %[a1], %[b1], %[t], %[w]\n\t"                                                                               \
    "ldr.w %[z], [%[y], %[step] * 2]\n\t"                                                                              \
    "ldr.w %[y], [%[y], %[step] * 3]\n\t"                                                                              \
    "ldr.w %[t], [%[p], #4]!\n\t"                                                                                      \
    "smlal %[a2], %[b2], %[z], %[w]\n\t"                                                                               \
    "smlal %[a3], %[b3], %[y], %[w]\n\t"

/* The accumulators A0 and A1 of a sum, in its two registers: raised where `level`, else doubled. */
#define TP_PAIR_ACCUMULATORS(low, high)                                                                                \
    "add.w " high ", " high ", " low ", lsr #31\n\t"                                                                   \
    ".if %c[level]\n\t"                                                                                                \
    "lsl.w " high ", " high ", #8\n\t"                                                                                 \
    ".else\n\t"                                                                                                        \
    "lsl.w " high ", " high ", #1\n\t"                                                                                 \
    "asr.w " low ", " low ", #7\n\t"                                                                                   \
    ".endif\n\t"

/** A0 and A1 of a sum, raised. */
static inline int32_t tp_pair_low(uint64_t sum) { return (int32_t)(uint32_t)sum; }

static inline int32_t tp_pair_high(uint64_t sum) {
    return (int32_t)(((uint32_t)(sum >> 32) + ((uint32_t)sum >> 31)) << 8);
}

/**
 * Runs tiles of four pairs as long as four are left, at least one, and moves on behind them. The outputs of a tile's
 * last pair are stored first: where pairs share a place, the first of them is right.
 * @param line  with its list (tp_tile_line.h): the start of the sums, low word first; entries weight << 24 | offset in
 *              bytes; 0
 * @param pairs the packed input of the first pair. Those of others lie `pixel_step` bytes apart, a compile-time
 *              constant below 1366
 * @param level a compile-time constant
 */
static inline __attribute__((always_inline)) void tp_pair_run_tiles(tp_tile_line *line, const uint32_t **pairs,
                                                                    const int32_t pixel_step, const int32_t level) {
#if TP_HAS_DSP
    /* Eight entries a round; the first one is entered where as many are left as make whole rounds of the rest. All
     * fourteen registers are taken, so the line's address waits on the stack. */
    uint32_t a0, b0, a1, b1, a2, b2, a3, b3, w, y, z, t, p = (uint32_t)(uintptr_t)line;
    /* clang-format off */
    __asm__ volatile("str.w %[p], [sp, #-4]!\n\t"
                     ".p2align 2\n"
                     "2:\n\t"
                     "ldr.w %[p], [%[p]]\n\t"
                     "ldr.w %[a0], [%[p], #4]\n\t"
                     "ldr.w %[b0], [%[p], #8]\n\t"
                     "ldrh.w %[w], [%[p]]\n\t"
                     "ldr.w %[t], [%[p], #12]!\n\t"
                     "mov.w %[a1], %[a0]\n\t"
                     "mov.w %[b1], %[b0]\n\t"
                     "mov.w %[a2], %[a0]\n\t"
                     "mov.w %[b2], %[b0]\n\t"
                     "mov.w %[a3], %[a0]\n\t"
                     "mov.w %[b3], %[b0]\n\t"
                     "add pc, %[w]\n\t"
                     "nop\n"
                     "1:\n\t"
                     TP_TILE_ROUND(TP_PAIR_ENTRY)
                     "cmp.w %[t], #0\n\t"
                     "bne.w 1b\n\t"
                     TP_LIST_CONSTANTS(4)
                     TP_PAIR_ACCUMULATORS("%[a0]", "%[b0]") TP_LIST_REQUANTIZE("%[a0]") TP_LIST_REQUANTIZE("%[b0]")
                     TP_PAIR_ACCUMULATORS("%[a1]", "%[b1]") TP_LIST_REQUANTIZE("%[a1]") TP_LIST_REQUANTIZE("%[b1]")
                     TP_PAIR_ACCUMULATORS("%[a2]", "%[b2]") TP_LIST_REQUANTIZE("%[a2]") TP_LIST_REQUANTIZE("%[b2]")
                     TP_PAIR_ACCUMULATORS("%[a3]", "%[b3]") TP_LIST_REQUANTIZE("%[a3]") TP_LIST_REQUANTIZE("%[b3]")
                     "ldr.w %[p], [sp]\n\t"
                     "addw %[x], %[x], %[step] * 2\n\t"
                     "addw %[x], %[x], %[step] * 2\n\t"
                     TP_TILE_STORE
                     "add sp, #4"
                     : [a0] "=&r"(a0), [b0] "=&r"(b0), [a1] "=&r"(a1), [b1] "=&r"(b1), [a2] "=&r"(a2), [b2] "=&r"(b2),
                       [a3] "=&r"(a3), [b3] "=&r"(b3), [w] "=&r"(w), [y] "=&r"(y), [z] "=&r"(z), [t] "=&r"(t),
                       [p] "+&r"(p), [x] "+&r"(*pairs)
                     : [step] "i"(pixel_step), [level] "i"(level), [fraction] "i"(TP_LEVEL_FRACTION)
                     : "cc", "memory");
    /* clang-format on */
#else
    const uint64_t start = (uint64_t)line->list[2] << 32 | line->list[1];
    do {
        uint64_t sums[4] = {start, start, start, start};
        int8_t first[4], second[4];
        const uint32_t *entry = line->list + 3;
        for (; *entry; entry++) {
            const uint32_t *x = *pairs + (*entry & 0xFFFFU) / 4;
            const int64_t weight = (int32_t)*entry >> 16;
            for (int32_t i = 0; i < 4; i++) {
                sums[i] += (uint64_t)(weight * (int32_t)x[i * pixel_step / 4]);
            }
        }
        for (int32_t i = 0; i < 4; i++) {
            first[i] = tp_list_requantize(entry + 1, tp_pair_low(sums[i]), level);
            second[i] = tp_list_requantize(entry + 1, tp_pair_high(sums[i]), level);
        }
        *pairs += pixel_step;
        tp_tile_store(line, first, second);
    } while (line->left >= 4);
#endif
}

#endif
