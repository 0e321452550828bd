/**
 * @file
 * What tiles of eight outputs share: the list of weights that they read, and where their outputs go, to four neighbours
 * in a line of output positions, two outputs each.
 *
 * A list holds all that a tile needs, as the generator prepared it: a head of three words, the entries, an end, and the
 * constants of the requantization, which are at hand where the entries end. The low half of the first word says how
 * many bytes of code of the first round of eight entries are skipped, as the list has no whole rounds; the high half
 * how many words the list has. Then comes what a tile's sums begin with.
 *
 * Accumulators come raised, times 2^8. With the compile-time constant `level` they are requantized at a common shift
 * (tp_requantize_level), and a list ends with multiplier and addend; else as tp_requantize_right has it, and the
 * exponent is the third.
 */
#ifndef TP_TILE_LINE_H
#define TP_TILE_LINE_H

#include <stdint.h>

#include "tp_requantize.h"

/** A line that tiles are run on; assembly knows where each member lies. */
typedef struct {
    const uint32_t *list;
    int8_t *output;     /**< the first output of the first position that is still to do */
    int32_t distance;   /**< from a position's first output to its second one */
    int32_t offsets[3]; /**< from the first position's outputs to those of the other three */
    int32_t left;       /**< positions that are still to do */
} tp_tile_line;

/** The list behind this one. */
static inline const uint32_t *tp_next_list(const uint32_t *list) { return list + (*list >> 16); }

/**
 * For a tile of fewer than four positions: what is computed beyond them goes where the last one's outputs go after it.
 * For the others again those of neighbours.
 */
static inline void tp_aim_tile(tp_tile_line *line, int32_t channels) {
    line->offsets[0] = line->left > 1 ? channels : 0;
    line->offsets[1] = line->left > 2 ? 2 * channels : line->offsets[0];
    line->offsets[2] = line->left > 3 ? 3 * channels : line->offsets[1];
}

/* Eight times an entry. gcc takes each line of assembly for an instruction when it places constants and branches: empty
 * ones stand for those, at most 7 * 16, that .rept adds. */
#define TP_TILE_16_LINES "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
#define TP_TILE_ROUND(entry)                                                                                           \
    ".rept 8\n\t" entry ".endr\n\t" TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES                \
        TP_TILE_16_LINES TP_TILE_16_LINES TP_TILE_16_LINES

/* A doubled accumulator's output, in its register: tp_requantize_right with the multiplier in w, the addend in y and
 * the exponent in z; t is free. */
#define TP_TILE_REQUANTIZE(acc)                                                                                        \
    "add.w %[t], %[y], " acc ", asr #31\n\t"                                                                           \
    "smmlar " acc ", " acc ", %[w], %[t]\n\t"                                                                          \
    "asr.w " acc ", " acc ", %[z]\n\t"                                                                                 \
    "ssat " acc ", #8, " acc "\n\t"

/* The constants of a requantization, `at` bytes behind p: the multiplier to w, the addend to y, the exponent to z. */
#define TP_LIST_CONSTANTS(at)                                                                                          \
    "ldr.w %[w], [%[p], #" #at "]\n\t"                                                                                 \
    "ldr.w %[y], [%[p], #" #at " + 4]\n\t"                                                                             \
    ".ifeq %c[level]\n\t"                                                                                              \
    "ldr.w %[z], [%[p], #" #at " + 8]\n\t"                                                                             \
    ".endif\n\t"

/* By them the output of an accumulator, in its register: raised where `level`, else doubled; t is free. */
#define TP_LIST_REQUANTIZE(acc)                                                                                        \
    ".if %c[level]\n\t"                                                                                                \
    "smmla " acc ", " acc ", %[w], %[y]\n\t"                                                                           \
    "ssat " acc ", #8, " acc ", asr #%c[fraction]\n\t"                                                                 \
    ".else\n\t" TP_TILE_REQUANTIZE(acc) ".endif\n\t"

/** The output of a raised accumulator, by the constants at `to`. */
static inline int8_t tp_list_requantize(const uint32_t *to, int32_t raised, int32_t level) {
    const int32_t multiplier = (int32_t)to[0], addend = (int32_t)to[1];
    if (level) {
        return (int8_t)tp_requantize_level((tp_level_requant){multiplier, addend}, raised, TP_LEVEL_FRACTION);
    }
    return (int8_t)tp_requantize_right((tp_right_requant){multiplier, addend, (int32_t)to[2]}, raised >> 7);
}

/* The end of a tile: outputs aJ and bJ of position J, the line at p; w, y, z and t are free. The last position comes
 * first: where positions share a place, the first of them is right. So are the second outputs before the first. Loops
 * to 2 as long as four positions are left. */
#define TP_TILE_STORE                                                                                                  \
    "ldr.w %[y], [%[p], #4]\n\t"                                                                                       \
    "ldr.w %[z], [%[p], #8]\n\t"                                                                                       \
    "ldr.w %[t], [%[p], #20]\n\t"                                                                                      \
    "add.w %[z], %[y], %[z]\n\t"                                                                                       \
    "strb.w %[b3], [%[z], %[t]]\n\t"                                                                                   \
    "strb.w %[a3], [%[y], %[t]]\n\t"                                                                                   \
    "ldr.w %[t], [%[p], #16]\n\t"                                                                                      \
    "ldr.w %[w], [%[p], #12]\n\t"                                                                                      \
    "ldr.w %[a3], [%[p], #24]\n\t"                                                                                     \
    "strb.w %[b2], [%[z], %[t]]\n\t"                                                                                   \
    "strb.w %[a2], [%[y], %[t]]\n\t"                                                                                   \
    "strb.w %[b1], [%[z], %[w]]\n\t"                                                                                   \
    "strb.w %[a1], [%[y], %[w]]\n\t"                                                                                   \
    "strb.w %[b0], [%[z]]\n\t"                                                                                         \
    "strb.w %[a0], [%[y]]\n\t"                                                                                         \
    "add.w %[y], %[y], %[w], lsl #2\n\t"                                                                               \
    "sub.w %[a3], %[a3], #4\n\t"                                                                                       \
    "str.w %[y], [%[p], #4]\n\t"                                                                                       \
    "str.w %[a3], [%[p], #24]\n\t"                                                                                     \
    "cmp.w %[a3], #4\n\t"                                                                                              \
    "bge.w 2b\n\t"

/** The plain C of TP_TILE_STORE. */
static inline void tp_tile_store(tp_tile_line *line, const int8_t first[4], const int8_t second[4]) {
    for (int32_t i = 3; i >= 0; i--) {
        int8_t *output = line->output + (i ? line->offsets[i - 1] : 0);
        output[line->distance] = second[i];
        output[0] = first[i];
    }
    line->output += 4 * line->offsets[0];
    line->left -= 4;
}

#endif
