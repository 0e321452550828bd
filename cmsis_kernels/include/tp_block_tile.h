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

/** What the tiles of two output channels need; the assembly knows where each member lies. */
typedef struct {
    const uint32_t *list; /**< entries of two words: a block, and how many bytes its inputs lie behind those of the
                               block before, or of the tile; at last 0, and the bytes to the next tile */
    int32_t sum, low;     /**< S and B of a tile's outputs, at its beginning */
    int32_t skipped;      /**< bytes of the first round of eight entries that a list of no whole rounds skips */
    tp_right_requant requant[2];
    tp_tile_line line;
} tp_block_channels;

/* One entry: 16 instructions of 4 bytes, 16 products. */
#define TP_BLOCK_ENTRY_BYTES 64
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
    "ldr.w %[w], [%[p]], #8\n\t"                                                                                       \
    "ldr %[t], [%[p], #-4]\n\t"

/* Twice the accumulators of S and B. */
#define TP_BLOCK_ACCUMULATORS(sum, low)                                                                                \
    "sub.w " sum ", " sum ", " low "\n\t"                                                                              \
    "asr.w " sum ", " sum ", #7\n\t"                                                                                   \
    "lsl.w " low ", " low ", #1\n\t"

/**
 * Runs tiles of four positions as long as four are left, at least one, and moves on behind them.
 * @param inputs the packed input of the first position, int16 pairs. Those of others lie `pixel_step` bytes apart, a
 *               compile-time constant below 1366
 * @param signs  0 where the output's zero point is -128, a compile-time constant
 */
static inline __attribute__((always_inline)) void tp_block_run_tiles(tp_block_channels *channels,
                                                                     const uint32_t **inputs, const int32_t pixel_step,
                                                                     const int32_t signs) {
#if TP_HAS_DSP
    /* Eight entries a round; the first one is entered where as many are left as make whole rounds of the rest. All
     * fourteen registers are taken, so the address of the channels waits on the stack. */
    uint32_t a0, b0, a1, b1, a2, b2, a3, b3, w, y, z, t, p = (uint32_t)(uintptr_t)channels;
    /* clang-format off */
    __asm__ volatile("str.w %[p], [sp, #-4]!\n\t"
                     ".p2align 2\n"
                     "2:\n\t"
                     "ldr.w %[a0], [%[p], #4]\n\t"
                     "ldr.w %[b0], [%[p], #8]\n\t"
                     "ldr.w %[y], [%[p], #12]\n\t"
                     "ldr.w %[p], [%[p]]\n\t"
                     "mov.w %[a1], %[a0]\n\t"
                     "mov.w %[b1], %[b0]\n\t"
                     "mov.w %[a2], %[a0]\n\t"
                     "ldr.w %[w], [%[p]], #8\n\t"
                     "ldr %[t], [%[p], #-4]\n\t"
                     "mov.w %[b2], %[b0]\n\t"
                     "mov.w %[a3], %[a0]\n\t"
                     "mov.w %[b3], %[b0]\n\t"
                     "add pc, %[y]\n\t"
                     "nop\n"
                     "1:\n\t"
                     TP_TILE_ROUND(TP_BLOCK_ENTRY)
                     "cmp.w %[w], #0\n\t"
                     "bne.w 1b\n\t"
                     "ldr.w %[p], [sp]\n\t"
                     "add.w %[x], %[x], %[t]\n\t"
                     "ldr.w %[w], [%[p], #16]\n\t"
                     "ldr.w %[y], [%[p], #20]\n\t"
                     "ldr.w %[z], [%[p], #24]\n\t"
                     TP_BLOCK_ACCUMULATORS("%[a0]", "%[b0]")
                     TP_BLOCK_ACCUMULATORS("%[a1]", "%[b1]")
                     TP_BLOCK_ACCUMULATORS("%[a2]", "%[b2]")
                     TP_BLOCK_ACCUMULATORS("%[a3]", "%[b3]")
                     TP_TILE_REQUANTIZE("%[a0]")
                     TP_TILE_REQUANTIZE("%[a1]")
                     TP_TILE_REQUANTIZE("%[a2]")
                     TP_TILE_REQUANTIZE("%[a3]")
                     "ldr.w %[w], [%[p], #28]\n\t"
                     "ldr.w %[y], [%[p], #32]\n\t"
                     "ldr.w %[z], [%[p], #36]\n\t"
                     TP_TILE_REQUANTIZE("%[b0]")
                     TP_TILE_REQUANTIZE("%[b1]")
                     TP_TILE_REQUANTIZE("%[b2]")
                     TP_TILE_REQUANTIZE("%[b3]")
                     TP_TILE_STORE(40)
                     "add sp, #4"
                     : [a0] "=&r"(a0), [b0] "=&r"(b0), [a1] "=&r"(a1), [b1] "=&r"(b1), [a2] "=&r"(a2), [b2] "=&r"(b2),
                       [a3] "=&r"(a3), [b3] "=&r"(b3), [w] "=&r"(w), [y] "=&r"(y), [z] "=&r"(z), [t] "=&r"(t),
                       [p] "+&r"(p), [x] "+&r"(*inputs)
                     : [step] "i"(pixel_step), [signs] "i"(signs)
                     : "cc", "memory");
    /* clang-format on */
#else
    (void)signs;
    do {
        int32_t sums[4] = {channels->sum, channels->sum, channels->sum, channels->sum};
        int32_t lows[4] = {channels->low, channels->low, channels->low, channels->low};
        int8_t first[4], second[4];
        const uint32_t *entry = channels->list;
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
            first[i] = (int8_t)tp_requantize_right(channels->requant[0], tp_h_doubled_high(sums[i], lows[i]));
            second[i] = (int8_t)tp_requantize_right(channels->requant[1], 2 * lows[i]);
        }
        tp_tile_store(&channels->line, first, second);
    } while (channels->line.left >= 4);
#endif
}

#endif
