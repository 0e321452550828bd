/**
 * @file
 * Two output channels with a list of their non-zero 2x2 blocks, at four pixels: eight outputs a tile.
 *
 * A block holds the weights of two channels for two neighbouring inputs, h-packed (tp_h_group.h): the word is
 * 256 * a0 + b0 in its low halfword, 256 * a1 + b1 in its high one, and two SMLAD add eight products at two pixels.
 */
#ifndef TP_BLOCK_TILE_H
#define TP_BLOCK_TILE_H

#include <stdint.h>

#include "tp_dsp.h"
#include "tp_h_group.h"
#include "tp_requantize.h"
#include "tp_tile_line.h"

/* One entry: 16 instructions of 4 bytes, 16 products. */
#define TP_BLOCK_ENTRY                                                                                                 \
    "add.w %[x], %[x], %[t]\n\t"                                                                                       \
    "sxtb16 %[y], %[w]\n\t"                                                                                            \
    "ldr.w %[z], [%[x]]\n\t"                                                                                           \
    "ldr.w %[t], [%[x], %[step]]\n\t"                                                                                  \
    "smlad %[a0], %[w], %[z], %[a0]\n\t"                                                                               \
    "smlad %[b0], %[y], %[z], %[b0]\n\t"                                                                               \
    "smlad %[a1], %[w], %[t], %[a1]\n\t"                                                                               \
    "smlad %[b1], %[y], %[t], %[b1]\n\t"                                                                               \
    "ldr.w %[z], [%[x], %[step] * 2]\n\t"                                                                              \
    "ldr.w %[t], [%[x], %[step] * 3]\n\t"                                                                              \
    "smlad %[a2], %[w], %[z], %[a2]\n\t"                                                                               \
    "smlad %[b2], %[y], %[z], %[b2]\n\t"                                                                               \
    "smlad %[a3], %[w], %[t], %[a3]\n\t"                                                                               \
    "smlad %[b3], %[y], %[t], %[b3]\n\t"                                                                               \
    "ldr.w %[w], [%[p], #8]!\n\t"                                                                                      \
    "ldr.w %[t], [%[p], #4]\n\t"

/* The accumulators of S and B: raised where `level`, else doubled. */
#define TP_BLOCK_ACCUMULATORS(sum, low)                                                                                \
    "sub.w " sum ", " sum ", " low "\n\t"                                                                              \
    ".if %c[level]\n\t"                                                                                                \
    "lsl.w " low ", " low ", #8\n\t"                                                                                   \
    ".else\n\t"                                                                                                        \
    "asr.w " sum ", " sum ", #7\n\t"                                                                                   \
    "lsl.w " low ", " low ", #1\n\t"                                                                                   \
    ".endif\n\t"

/**
 * Runs tiles of four positions as long as four are left, at least one, and moves on behind them.
 * @param line   with its list (tp_tile_line.h): S and B of a tile's outputs at its beginning; entries of two words, a
 *               block and how many bytes its inputs lie behind those of the block before, or of the tile; 0 and the
 *               bytes to the next tile; the constants of the first channel, those of the second
 * @param inputs the packed input of the first position, int16 pairs. Those of others lie `pixel_step` bytes apart, a
 *               compile-time constant below 1366
 * @param level  a compile-time constant
 */
static inline __attribute__((always_inline)) void tp_block_run_tiles(tp_tile_line *line, const uint32_t **inputs,
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
                     "ldrh.w %[y], [%[p]]\n\t"
                     "ldr.w %[w], [%[p], #12]!\n\t"
                     "ldr.w %[t], [%[p], #4]\n\t"
                     "mov.w %[a1], %[a0]\n\t"
                     "mov.w %[b1], %[b0]\n\t"
                     "mov.w %[a2], %[a0]\n\t"
                     "mov.w %[b2], %[b0]\n\t"
                     "mov.w %[a3], %[a0]\n\t"
                     "mov.w %[b3], %[b0]\n\t"
                     "add pc, %[y]\n\t"
                     "nop\n"
                     "1:\n\t"
                     TP_TILE_ROUND(TP_BLOCK_ENTRY)
                     "cmp.w %[w], #0\n\t"
                     "bne.w 1b\n\t"
                     "add.w %[x], %[x], %[t]\n\t"
                     TP_LIST_CONSTANTS(8)
                     TP_BLOCK_ACCUMULATORS("%[a0]", "%[b0]")
                     TP_BLOCK_ACCUMULATORS("%[a1]", "%[b1]")
                     TP_BLOCK_ACCUMULATORS("%[a2]", "%[b2]")
                     TP_BLOCK_ACCUMULATORS("%[a3]", "%[b3]")
                     TP_LIST_REQUANTIZE("%[a0]")
                     TP_LIST_REQUANTIZE("%[a1]")
                     TP_LIST_REQUANTIZE("%[a2]")
                     TP_LIST_REQUANTIZE("%[a3]")
                     TP_LIST_CONSTANTS(8 + 4 * (3 - %c[level]))
                     TP_LIST_REQUANTIZE("%[b0]")
                     TP_LIST_REQUANTIZE("%[b1]")
                     TP_LIST_REQUANTIZE("%[b2]")
                     TP_LIST_REQUANTIZE("%[b3]")
                     "ldr.w %[p], [sp]\n\t"
                     TP_TILE_STORE
                     "add sp, #4"
                     : [a0] "=&r"(a0), [b0] "=&r"(b0), [a1] "=&r"(a1), [b1] "=&r"(b1), [a2] "=&r"(a2), [b2] "=&r"(b2),
                       [a3] "=&r"(a3), [b3] "=&r"(b3), [w] "=&r"(w), [y] "=&r"(y), [z] "=&r"(z), [t] "=&r"(t),
                       [p] "+&r"(p), [x] "+&r"(*inputs)
                     : [step] "i"(pixel_step), [level] "i"(level), [fraction] "i"(TP_LEVEL_FRACTION)
                     : "cc", "memory");
    /* clang-format on */
#else
    const int32_t sum = (int32_t)line->list[1], low = (int32_t)line->list[2];
    do {
        int32_t sums[4] = {sum, sum, sum, sum}, lows[4] = {low, low, low, low};
        int8_t first[4], second[4];
        const uint32_t *entry = line->list + 3;
        for (; entry[0]; entry += 2) {
            *inputs += (int32_t)entry[1] / 4;
            for (int32_t i = 0; i < 4; i++) {
                const uint32_t x = (*inputs)[i * pixel_step / 4];
                sums[i] = tp_smlad(entry[0], x, sums[i]);
                lows[i] = tp_smlad(tp_sxtb16(entry[0]), x, lows[i]);
            }
        }
        *inputs += (int32_t)entry[1] / 4;
        for (int32_t i = 0; i < 4; i++) {
            first[i] = tp_list_requantize(entry + 2, tp_h_raised_high(sums[i], lows[i]), level);
            second[i] = tp_list_requantize(entry + 5 - level, tp_h_raised_low(lows[i]), level);
        }
        tp_tile_store(line, first, second);
    } while (line->left >= 4);
#endif
}

#endif
