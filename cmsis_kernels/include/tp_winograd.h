/**
 * @file
 * Winograd's F(4x4, 3x3) in integers, exact: 16 outputs of a 3x3 window from 36 products instead of 144.
 *
 * An output tile is Y = A^T ((24 G w G^T 24) * (B^T d B)) A / 576, the product in the middle taken element by element
 * and summed over the input channels. (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016,
 * section 4.3; the last row of G is scaled by 6 instead, and the last entry of A^T by 4 in return, so that weights stay
 * in 16 bits.) Everything from the sums on is taken modulo 2^32. As 576 = 9 * 64, multiplying by the inverse of 9
 * leaves 64 times the output modulo 2^32, and a shift gives it exactly where |output| < 2^25.
 */
#ifndef TP_WINOGRAD_H
#define TP_WINOGRAD_H

#include <stdint.h>

#include "tp_dsp.h"

#define TP_WINOGRAD_INVERSE_OF_9 0x38E38E39U

/** B^T times six pairs of halfwords: of |d| <= 128, at most 1280, and 12800 after the second time. */
static inline void tp_winograd_input(const uint32_t *d, int32_t step, uint32_t *v, int32_t v_step) {
    const uint32_t d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const uint32_t d42 = tp_ssub16(d4, d2), d31 = tp_twice16(tp_ssub16(d3, d1));
    const uint32_t even = tp_ssub16(d4, tp_twice16(tp_twice16(d2))), odd = tp_ssub16(d3, tp_twice16(tp_twice16(d1)));
    v[0] = tp_sadd16(tp_twice16(tp_twice16(tp_ssub16(d0, d2))), d42);
    v[v_step] = tp_sadd16(even, odd);
    v[2 * v_step] = tp_ssub16(even, odd);
    v[3 * v_step] = tp_sadd16(d42, d31);
    v[4 * v_step] = tp_ssub16(d42, d31);
    v[5 * v_step] = tp_ssub16(tp_ssub16(d5, d3), tp_twice16(d31));
}

/** A^T times six numbers, modulo 2^32. */
static inline void tp_winograd_output(const uint32_t *m, int32_t step, uint32_t *y) {
    const uint32_t m1 = m[step], m2 = m[2 * step], m3 = m[3 * step], m4 = m[4 * step];
    const uint32_t sum12 = m1 + m2, sum34 = m3 + m4, difference12 = m1 - m2, difference34 = m3 - m4;
    y[0] = m[0] + sum12 + sum34;
    y[1] = difference12 + 2 * difference34;
    y[2] = sum12 + 4 * sum34;
    y[3] = difference12 + 8 * difference34 + 4 * m[5 * step];
}

/* One pair of input channels: 14 instructions of 4 bytes, 16 cycles, 16 products. */
#define TP_WINOGRAD_PAIR                                                                                               \
    "ldr.w %[x1], [%[x], %[step]]\n\t"                                                                                 \
    "ldr.w %[x0], [%[x]], #4\n\t"                                                                                      \
    "ldr.w %[w1], [%[w], #4]\n\t"                                                                                      \
    "ldr.w %[w0], [%[w]], #16\n\t"                                                                                     \
    "smlad %[s00], %[w0], %[x0], %[s00]\n\t"                                                                           \
    "smlad %[s01], %[w0], %[x1], %[s01]\n\t"                                                                           \
    "smlad %[s10], %[w1], %[x0], %[s10]\n\t"                                                                           \
    "smlad %[s11], %[w1], %[x1], %[s11]\n\t"                                                                           \
    "ldr %[w0], [%[w], #-8]\n\t"                                                                                       \
    "ldr %[w1], [%[w], #-4]\n\t"                                                                                       \
    "smlad %[s20], %[w0], %[x0], %[s20]\n\t"                                                                           \
    "smlad %[s21], %[w0], %[x1], %[s21]\n\t"                                                                           \
    "smlad %[s30], %[w1], %[x0], %[s30]\n\t"                                                                           \
    "smlad %[s31], %[w1], %[x1], %[s31]\n\t"

/* Sums are zeroed and stored beside the loop, not by the compiler: clang would take both by way of the stack. */
#define TP_WINOGRAD_ZERO                                                                                               \
    "mov.w %[s00], #0\n\t"                                                                                             \
    "mov.w %[s10], #0\n\t"                                                                                             \
    "mov.w %[s20], #0\n\t"                                                                                             \
    "mov.w %[s30], #0\n\t"                                                                                             \
    "mov.w %[s01], #0\n\t"                                                                                             \
    "mov.w %[s11], #0\n\t"                                                                                             \
    "mov.w %[s21], #0\n\t"                                                                                             \
    "mov.w %[s31], #0\n\t"

#define TP_WINOGRAD_STORE                                                                                              \
    "str %[s00], [%[w0]], #32\n\t"                                                                                     \
    "str %[s10], [%[w0], #-28]\n\t"                                                                                    \
    "str %[s20], [%[w0], #-24]\n\t"                                                                                    \
    "str %[s30], [%[w0], #-20]\n\t"                                                                                    \
    "str %[s01], [%[w0], #-16]\n\t"                                                                                    \
    "str %[s11], [%[w0], #-12]\n\t"                                                                                    \
    "str %[s21], [%[w0], #-8]\n\t"                                                                                     \
    "str %[s31], [%[w0], #-4]"

/**
 * The sums over `pairs` (at least 1) times two input channels, of four output channels at two tiles; moves on behind
 * all three.
 * @param weights four words for each pair, one for each output channel
 * @param inputs  a word for each pair of the first tile; those of the second lie `tile_step` bytes further, a
 *                compile-time constant below 4096
 * @param sums    those of the first tile, by channel, then those of the second
 */
static inline __attribute__((always_inline)) void tp_winograd_multiply(const uint32_t **weights,
                                                                       const uint32_t **inputs, int32_t pairs,
                                                                       const int32_t tile_step, uint32_t **sums) {
    const uint32_t *const end = *weights + 4 * pairs;
#if TP_HAS_DSP
    /* Eight pairs a round, entered in the middle, as in tp_h_tile.h. */
    int32_t s00, s10, s20, s30, s01, s11, s21, s31;
    uint32_t x0 = (uint32_t)(uintptr_t)end, x1 = (uint32_t)(-pairs & 7) * 56U, w1;
    __asm__ volatile("strd %[x0], %[w0], [sp, #-8]!\n\t" TP_WINOGRAD_ZERO "add pc, %[x1]\n\t"
                     "nop\n"
                     "1:\n\t" TP_WINOGRAD_PAIR TP_WINOGRAD_PAIR TP_WINOGRAD_PAIR TP_WINOGRAD_PAIR TP_WINOGRAD_PAIR
                         TP_WINOGRAD_PAIR TP_WINOGRAD_PAIR TP_WINOGRAD_PAIR "ldr.w %[x0], [sp]\n\t"
                     "cmp.w %[w], %[x0]\n\t"
                     "bne.w 1b\n\t"
                     "ldr.w %[w0], [sp, #4]\n\t"
                     "add sp, #8\n\t" TP_WINOGRAD_STORE
                     : [s00] "=&r"(s00), [s10] "=&r"(s10), [s20] "=&r"(s20), [s30] "=&r"(s30), [s01] "=&r"(s01),
                       [s11] "=&r"(s11), [s21] "=&r"(s21), [s31] "=&r"(s31), [w] "+r"(*weights), [x] "+r"(*inputs),
                       [x0] "+&r"(x0), [x1] "+&r"(x1), [w0] "+&r"(*sums), [w1] "=&r"(w1)
                     : [step] "i"(tile_step)
                     : "cc", "memory");
#else
    for (int32_t i = 0; i < 8; i++) {
        (*sums)[i] = 0;
    }
    for (; *weights != end; *weights += 4, ++*inputs) {
        const uint32_t x0 = **inputs, x1 = *(const uint32_t *)(const void *)((const char *)*inputs + tile_step);
        for (int32_t i = 0; i < 4; i++) {
            (*sums)[i] = (uint32_t)tp_smlad((*weights)[i], x0, (int32_t)(*sums)[i]);
            (*sums)[4 + i] = (uint32_t)tp_smlad((*weights)[i], x1, (int32_t)(*sums)[4 + i]);
        }
    }
    *sums += 8;
#endif
}

#endif
