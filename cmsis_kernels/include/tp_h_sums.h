/**
 * @file
 * The sums of a tile of tp_h_tile.h, in assembly: S of its pixels 0 and 1 in s00 and s01 for channels 0 and 1, in s10
 * and s11 for channels 2 and 3; so B in l00 to l11. They begin as those of pixel 0. x inputs, w weights; y, z, t and p
 * are free. On the stack: where a round's weights end, at 4, and the last segment's, at 8; the gap between segments, at
 * 12.
 */
#ifndef TP_H_SUMS_H
#define TP_H_SUMS_H

#include "tp_tile_line.h"

/* Products of a pair of inputs, y and z, with weights t and p: with their loads 15 cycles for 16 of them. The second
 * pixel's sums begin as those that are given. */
#define TP_H_TILE_PRODUCTS_FROM(s01, s11, l01, l11)                                                                    \
    "smlad %[s01], %[t], %[z], " s01 "\n"                                                                              \
    "smlad %[s00], %[t], %[y], %[s00]\n"                                                                               \
    "sxtb16 %[t], %[t]\n"                                                                                              \
    "smlad %[s11], %[p], %[z], " s11 "\n"                                                                              \
    "smlad %[s10], %[p], %[y], %[s10]\n"                                                                               \
    "sxtb16 %[p], %[p]\n"                                                                                              \
    "smlad %[l01], %[t], %[z], " l01 "\n"                                                                              \
    "smlad %[l00], %[t], %[y], %[l00]\n"                                                                               \
    "smlad %[l11], %[p], %[z], " l11 "\n"                                                                              \
    "smlad %[l10], %[p], %[y], %[l10]\n"
#define TP_H_TILE_PRODUCTS TP_H_TILE_PRODUCTS_FROM("%[s01]", "%[s11]", "%[l01]", "%[l11]")
#define TP_H_FIRST_TILE_PRODUCTS TP_H_TILE_PRODUCTS_FROM("%[s00]", "%[s10]", "%[l00]", "%[l10]")

/* Sums of few pairs, without a loop: most loads are 16 bits wide, as all fits a cache of 1 KB. */
#define TP_H_LOAD_PAIR                                                                                                 \
    "ldr %[p], [%[w], #8 * .Ltp_pair + 4]\n"                                                                           \
    "ldr %[t], [%[w], #8 * .Ltp_pair]\n"                                                                               \
    "ldr %[z], [%[x], #4 * .Ltp_pair + %c[step]]\n"                                                                    \
    "ldr %[y], [%[x], #4 * .Ltp_pair]\n"
/* clang-format off */
#define TP_H_STRAIGHT                                                                                                  \
    ".set .Ltp_pair, 0\n"                                                                                              \
    TP_H_LOAD_PAIR TP_H_FIRST_TILE_PRODUCTS                                                                                 \
    ".rept %c[segments] * %c[pairs] - 1\n"                                                                             \
    ".set .Ltp_pair, .Ltp_pair + 1\n"                                                                                  \
    ".if .Ltp_pair %% %c[pairs] == 0\n"                                                                                \
    "ldr.w %[t], [sp, #12]\n"                                                                                          \
    "add.w %[x], %[x], %[t]\n"                                                                                         \
    ".endif\n"                                                                                                         \
    TP_H_LOAD_PAIR TP_H_TILE_PRODUCTS                                                                                       \
    ".endr\n"                                                                                                          \
    TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES              \
    TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES              \
    TP_TILE_16_LINES TP_TILE_16_LINES

/* Sums in rounds. What is too many pairs is skipped in the first round of a segment; where there is one segment, its first
 * pair comes ahead. */
#define TP_H_LOAD_NEXT                                                                                                 \
    "ldr.w %[p], [%[w], #4]\n"                                                                                         \
    "ldr.w %[t], [%[w]], #8\n"                                                                                         \
    "ldr.w %[z], [%[x], %[step]]\n"                                                                                    \
    "ldr.w %[y], [%[x]], #4\n"
#define TP_H_ROUNDS                                                                                                    \
    ".if %c[ahead]\n"                                                                                                  \
    TP_H_LOAD_NEXT TP_H_FIRST_TILE_PRODUCTS                                                                                 \
    ".else\n"                                                                                                          \
    "mov.w %[s01], %[s00]\n"                                                                                           \
    "mov.w %[s11], %[s10]\n"                                                                                           \
    "mov.w %[l01], %[l00]\n"                                                                                           \
    "mov.w %[l11], %[l10]\n"                                                                                           \
    ".endif\n"                                                                                                         \
    "4:\n"                                                                                                             \
    ".if %c[segments] > 1 && %c[rounds] > 1\n"                                                                         \
    "addw %[y], %[w], %[segment_bytes] & 4095\n"                                                                       \
    ".if %c[segment_bytes] > 4095\n"                                                                                   \
    "add.w %[y], %[y], %[segment_bytes] & ~4095\n"                                                                     \
    ".endif\n"                                                                                                         \
    "str.w %[y], [sp, #4]\n"                                                                                           \
    ".endif\n"                                                                                                         \
    ".if %c[skipped]\n"                                                                                                \
    "b.w 3f\n"                                                                                                         \
    ".endif\n"                                                                                                         \
    "1:\n"                                                                                                             \
    ".set .Ltp_pair, 0\n"                                                                                              \
    ".rept %c[round]\n"                                                                                                \
    ".if .Ltp_pair == %c[skipped]\n"                                                                                   \
    "3:\n"                                                                                                             \
    ".endif\n"                                                                                                         \
    ".set .Ltp_pair, .Ltp_pair + 1\n"                                                                                  \
    TP_H_LOAD_NEXT TP_H_TILE_PRODUCTS                                                                                       \
    ".endr\n"                                                                                                          \
    TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES              \
    TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES                                                \
    ".if %c[rounds] > 1\n"                                                                                             \
    "ldr.w %[y], [sp, #4]\n"                                                                                           \
    "cmp.w %[w], %[y]\n"                                                                                               \
    "bne.w 1b\n"                                                                                                       \
    ".endif\n"                                                                                                         \
    ".if %c[segments] > 1\n"                                                                                           \
    "ldr.w %[y], [sp, #8]\n"                                                                                           \
    "ldr.w %[z], [sp, #12]\n"                                                                                          \
    "cmp.w %[w], %[y]\n"                                                                                               \
    "add.w %[x], %[x], %[z]\n"                                                                                         \
    "bne.w 4b\n"                                                                                                       \
    ".endif\n"
/* clang-format on */

#endif
