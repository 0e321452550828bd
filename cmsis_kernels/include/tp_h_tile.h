/**
 * @file
 * h-packed weights (tp_h_group.h) of four output channels at two pixels.
 */
#ifndef TP_H_TILE_H
#define TP_H_TILE_H

#include <stdint.h>

#include "tp_dsp.h"

/** Four output channels (0, 1 in the first halfwords, 2, 3 in the second) at two pixels: S and B of each. */
typedef struct {
    int32_t sum00, sum01, sum10, sum11; /**< sumPX: pair P of channels, pixel X */
    int32_t low00, low01, low10, low11;
} tp_h_tile;

/* One pair of inputs at both pixels: 14 instructions of 4 bytes, 15 cycles, 16 products. */
#define TP_H_PAIR                                                                                                      \
    "ldr.w %[x1], [%[x], %[step]]\n\t"                                                                                 \
    "ldr.w %[x0], [%[x]], #4\n\t"                                                                                      \
    "ldr.w %[h1], [%[w], #4]\n\t"                                                                                      \
    "ldr.w %[h0], [%[w]], #8\n\t"                                                                                      \
    "smlad %[s01], %[h0], %[x1], %[s01]\n\t"                                                                           \
    "smlad %[s00], %[h0], %[x0], %[s00]\n\t"                                                                           \
    "sxtb16 %[h0], %[h0]\n\t"                                                                                          \
    "smlad %[s11], %[h1], %[x1], %[s11]\n\t"                                                                           \
    "smlad %[s10], %[h1], %[x0], %[s10]\n\t"                                                                           \
    "sxtb16 %[h1], %[h1]\n\t"                                                                                          \
    "smlad %[l01], %[h0], %[x1], %[l01]\n\t"                                                                           \
    "smlad %[l00], %[h0], %[x0], %[l00]\n\t"                                                                           \
    "smlad %[l11], %[h1], %[x1], %[l11]\n\t"                                                                           \
    "smlad %[l10], %[h1], %[x0], %[l10]\n\t"

/**
 * Adds `pairs` (at least 1) times two inputs, neighbours in memory, of both pixels, and moves on behind them.
 * @param weights two words for each pair of inputs: channels 0 and 1, channels 2 and 3
 * @param inputs  int16 pairs of the first pixel, aligned to 4; those of the second lie `pixel_step` bytes further, a
 *                compile-time constant below 4096
 */
static inline __attribute__((always_inline)) void tp_h_tile_add(tp_h_tile *tile, const uint32_t **weights,
                                                                const uint32_t **inputs, int32_t pairs,
                                                                const int32_t pixel_step) {
    const uint32_t *const end = *weights + 2 * pairs;
#if TP_HAS_DSP
    /* Eight pairs a round; the first round is entered where as many are left as make whole rounds of the rest. All
     * fourteen registers are taken, so the end waits on the stack. */
    uint32_t x0 = (uint32_t)(uintptr_t)end, x1 = (uint32_t)(-pairs & 7) * 56U, h0, h1;
    __asm__ volatile(
        "str.w %[x0], [sp, #-4]!\n\t"
        "add pc, %[x1]\n\t"
        "nop\n"
        "1:\n\t" TP_H_PAIR TP_H_PAIR TP_H_PAIR TP_H_PAIR TP_H_PAIR TP_H_PAIR TP_H_PAIR TP_H_PAIR "ldr.w %[x0], [sp]\n\t"
        "cmp.w %[w], %[x0]\n\t"
        "bne.w 1b\n\t"
        "add sp, #4"
        : [s00] "+r"(tile->sum00), [s01] "+r"(tile->sum01), [s10] "+r"(tile->sum10), [s11] "+r"(tile->sum11),
          [l00] "+r"(tile->low00), [l01] "+r"(tile->low01), [l10] "+r"(tile->low10), [l11] "+r"(tile->low11),
          [w] "+r"(*weights), [x] "+r"(*inputs), [x0] "+&r"(x0), [x1] "+&r"(x1), [h0] "=&r"(h0), [h1] "=&r"(h1)
        : [step] "i"(pixel_step)
        : "cc", "memory");
#else
    while (*weights != end) {
        const uint32_t *second = (const uint32_t *)(const void *)((const char *)*inputs + pixel_step);
        const uint32_t x0 = *(*inputs)++, x1 = *second, h0 = *(*weights)++, h1 = *(*weights)++;
        const uint32_t b0 = tp_sxtb16(h0), b1 = tp_sxtb16(h1);
        tile->sum00 = tp_smlad(h0, x0, tile->sum00);
        tile->sum01 = tp_smlad(h0, x1, tile->sum01);
        tile->sum10 = tp_smlad(h1, x0, tile->sum10);
        tile->sum11 = tp_smlad(h1, x1, tile->sum11);
        tile->low00 = tp_smlad(b0, x0, tile->low00);
        tile->low01 = tp_smlad(b0, x1, tile->low01);
        tile->low10 = tp_smlad(b1, x0, tile->low10);
        tile->low11 = tp_smlad(b1, x1, tile->low11);
    }
#endif
}

#endif
