/**
 * @file
 * h-packed weights (tp_h_group.h) of four output channels times one vector.
 */
#ifndef TP_H_COLUMN_H
#define TP_H_COLUMN_H

#include <stdint.h>

#include "tp_dsp.h"
#include "tp_h_group.h"
#include "tp_tile_line.h"

/** S and B of channels 0 and 1, of channels 2 and 3. */
typedef struct {
    int32_t sum0, sum1, low0, low1;
} tp_h_column;

/* The products of two pairs of inputs x0 and x1 with weights h0, h1 and h2, h3: 12 instructions of 4 bytes. */
#define TP_H_PRODUCTS                                                                                                  \
    "smlad %[s0], %[h0], %[x0], %[s0]\n\t"                                                                             \
    "smlad %[s1], %[h1], %[x0], %[s1]\n\t"                                                                             \
    "sxtb16 %[h0], %[h0]\n\t"                                                                                          \
    "sxtb16 %[h1], %[h1]\n\t"                                                                                          \
    "smlad %[s0], %[h2], %[x1], %[s0]\n\t"                                                                             \
    "smlad %[s1], %[h3], %[x1], %[s1]\n\t"                                                                             \
    "sxtb16 %[h2], %[h2]\n\t"                                                                                          \
    "sxtb16 %[h3], %[h3]\n\t"                                                                                          \
    "smlad %[l0], %[h0], %[x0], %[l0]\n\t"                                                                             \
    "smlad %[l1], %[h1], %[x0], %[l1]\n\t"                                                                             \
    "smlad %[l0], %[h2], %[x1], %[l0]\n\t"                                                                             \
    "smlad %[l1], %[h3], %[x1], %[l1]\n\t"

/* Four inputs: 18 instructions of 4 bytes, 19 cycles, 16 products. */
#define TP_H_QUAD                                                                                                      \
    "ldr.w %[x1], [%[x], #4]\n\t"                                                                                      \
    "ldr.w %[x0], [%[x]], #8\n\t"                                                                                      \
    "ldr.w %[h1], [%[w], #4]\n\t"                                                                                      \
    "ldr.w %[h2], [%[w], #8]\n\t"                                                                                      \
    "ldr.w %[h3], [%[w], #12]\n\t"                                                                                     \
    "ldr.w %[h0], [%[w]], #16\n\t" TP_H_PRODUCTS

/** Plus the products of two words of inputs with four of weights: of channels 0 and 1, 2 and 3, 0 and 1, 2 and 3. */
static inline tp_h_column tp_h_add_products(tp_h_column column, const uint32_t *weights, const uint32_t x[2]) {
    for (int32_t i = 0; i < 2; i++) {
        column.sum0 = tp_smlad(weights[2 * i], x[i], column.sum0);
        column.sum1 = tp_smlad(weights[2 * i + 1], x[i], column.sum1);
        column.low0 = tp_smlad(tp_sxtb16(weights[2 * i]), x[i], column.low0);
        column.low1 = tp_smlad(tp_sxtb16(weights[2 * i + 1]), x[i], column.low1);
    }
    return column;
}

/**
 * Plus `quads` (at least 1) times four inputs, inputs 0 and 2 in a word and inputs 1 and 3.
 * @param weights four words for each four inputs: inputs 0 and 2 of channels 0 and 1, of channels 2 and 3; inputs 1 and
 *                3; moves on behind them
 */
static inline tp_h_column tp_h_column_add(tp_h_column column, const uint32_t **weights, const uint32_t *inputs,
                                          int32_t quads) {
    const uint32_t *const end = *weights + 4 * quads;
#if TP_HAS_DSP
    /* Eight quads a round; the first round is entered where as many are left as make whole rounds of the rest. */
    uint32_t x0 = (uint32_t)(-quads & 7) * 72U, x1, h0, h1, h2, h3;
    __asm__ volatile(".p2align 2\n\t"
                     "add pc, %[x0]\n\t"
                     "nop\n"
                     "1:\n\t"
                     ".rept 2\n\t" TP_H_QUAD TP_H_QUAD TP_H_QUAD TP_H_QUAD
                     ".endr\n\t" TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES
                     "cmp.w %[w], %[end]\n\t"
                     "bne.w 1b"
                     : [s0] "+r"(column.sum0), [s1] "+r"(column.sum1), [l0] "+r"(column.low0), [l1] "+r"(column.low1),
                       [w] "+r"(*weights), [x] "+r"(inputs), [x0] "+&r"(x0), [x1] "=&r"(x1), [h0] "=&r"(h0),
                       [h1] "=&r"(h1), [h2] "=&r"(h2), [h3] "=&r"(h3)
                     : [end] "r"(end)
                     : "cc", "memory");
#else
    for (; *weights != end; *weights += 4, inputs += 2) {
        column = tp_h_add_products(column, *weights, inputs);
    }
#endif
    return column;
}

/** Stores twice the sums of the four channels. */
static inline void tp_h_double_column(tp_h_column column, int32_t *sums) {
    sums[0] = tp_h_doubled_high(column.sum0, column.low0);
    sums[1] = 2 * column.low0;
    sums[2] = tp_h_doubled_high(column.sum1, column.low1);
    sums[3] = 2 * column.low1;
}

#endif
