/**
 * @file
 * Tiles of a depthwise 3x3 convolution, one channel. Two input rows share a word: row y low, row y + 1 high. For a
 * column of the window with weights w0, w1 and w2, and words (x0, x1) and (x2, x3), one output is w0 * x0 + w1 * x1 +
 * w2 * x2, the one below it w0 * x1 + w1 * x2 + w2 * x3: of the six products SMLAD takes two at a time, so the words
 * (w0, w1) and (w1, w2) are all that is needed.
 *
 * TP_DEPTHWISE_WIDE is 1 where outputs are stored as int16, else 0: whoever includes this defines it.
 */
#ifndef TP_DEPTHWISE_TILES_H
#define TP_DEPTHWISE_TILES_H

#include <stdint.h>

#include "tp_dsp.h"
#include "tp_requantize.h"

/** What the tiles of one channel need; the assembly below knows where each member lies. */
typedef struct {
    uint32_t columns[3][2]; /**< for each column of the window (w0, w1) and (w1, w2), doubled */
    int32_t bias;           /**< doubled */
    tp_right_requant requant;
    int32_t right, below;          /**< bytes from an output to the next one, and to the one in the next row */
    int32_t words_gap, output_gap; /**< bytes from behind a row of tiles to the next row */
    int32_t row_words;             /**< from a pair of rows of words to the next */
    int32_t rectified;             /**< whether the zero point of the output is -128 */
} tp_depthwise_channel;

#if TP_DEPTHWISE_WIDE
#define TP_DEPTHWISE_VALUE 2 /* bytes of an output */
#define TP_DEPTHWISE_STORE "strh "
static inline void tp_depthwise_store(int8_t *output, int32_t value) { *(int16_t *)(void *)output = (int16_t)value; }
#else
#define TP_DEPTHWISE_VALUE 1
#define TP_DEPTHWISE_STORE "strb "
static inline void tp_depthwise_store(int8_t *output, int32_t value) { *output = (int8_t)value; }
#endif

/* One column of the window, weights u and l, words x and y: an output, and the one below it. */
#define TP_DEPTHWISE_PRODUCTS(s, t, x, y)                                                                              \
    "smlad %[" s "], %[" x "], %[u], %[" s "]\n\t"                                                                     \
    "smlad %[" t "], %[" y "], %[l], %[" t "]\n\t"                                                                     \
    "smlabt %[" s "], %[" y "], %[l], %[" s "]\n\t"                                                                    \
    "smlatb %[" t "], %[" x "], %[u], %[" t "]\n\t"

/* The same where the window moves on by two rows: two outputs side by side, from words x and y, and from v and z. */
#define TP_DEPTHWISE_TWO(x, y, v, z)                                                                                   \
    "smlad %[s], %[" x "], %[u], %[s]\n\t"                                                                             \
    "smlad %[t], %[" v "], %[u], %[t]\n\t"                                                                             \
    "smlabt %[s], %[" y "], %[l], %[s]\n\t"                                                                            \
    "smlabt %[t], %[" z "], %[l], %[t]\n\t"

/* As tp_requantize_rectified: multiplier a, addend b, exponent c. */
#define TP_DEPTHWISE_REQUANTIZE(sum)                                                                                   \
    ".if %c[rectified]\n\t"                                                                                            \
    "smmlar %[" sum "], %[" sum "], %[a], %[b]\n\t"                                                                    \
    ".else\n\t"                                                                                                        \
    "add %[u], %[b], %[" sum "], asr #31\n\t"                                                                          \
    "smmlar %[" sum "], %[" sum "], %[a], %[u]\n\t"                                                                    \
    ".endif\n\t"                                                                                                       \
    "asr %[" sum "], %[" sum "], %[c]\n\t"                                                                             \
    "ssat %[" sum "], #8, %[" sum "]\n\t"

#if !TP_HAS_DSP
static inline void tp_depthwise_tile(const tp_depthwise_channel *state, const uint32_t *words, const uint32_t *lower,
                                     int8_t *output) {
    int32_t sums[2][2] = {{state->bias, state->bias}, {state->bias, state->bias}};
    for (int32_t i = 0; i < 3; i++) {
        const uint32_t w01 = state->columns[i][0], w12 = state->columns[i][1];
        for (int32_t j = 0; j < 2; j++) {
            sums[0][j] = tp_smlabt(lower[i + j], w12, tp_smlad(words[i + j], w01, sums[0][j]));
            sums[1][j] = tp_smlatb(words[i + j], w01, tp_smlad(lower[i + j], w12, sums[1][j]));
        }
    }
    tp_depthwise_store(output + state->below + state->right, tp_requantize_right(state->requant, sums[1][1]));
    tp_depthwise_store(output + state->below, tp_requantize_right(state->requant, sums[1][0]));
    tp_depthwise_store(output + state->right, tp_requantize_right(state->requant, sums[0][1]));
    tp_depthwise_store(output, tp_requantize_right(state->requant, sums[0][0]));
}
#endif

// cppcheck-suppress-begin constParameterPointer // the assembly writes the outputs

/**
 * `rows` times `columns` tiles, each of two outputs side by side and the two below them. Stores the right and the lower
 * ones first, so that a tile may be one output high (`below` is 0). `rectified`, here and below: whether the zero point
 * of the output is -128, a compile-time constant.
 */
static inline __attribute__((always_inline)) void tp_depthwise_tiles(const tp_depthwise_channel *state,
                                                                     const uint32_t *x, int32_t rows, int32_t columns,
                                                                     int8_t *out, const int rectified) {
    const uint32_t *y = x + state->row_words;
#if TP_HAS_DSP
    /* outputs s and q, below them t and r; where the row ends, and how many rows are left, waits on the stack */
    uint32_t a = (uint32_t)(uintptr_t)(x + 2 * columns), b = (uint32_t)rows, c, d, u, l, s, t, q, r;
    // clang-format off
    __asm__ volatile(
        "strd %[a], %[b], [sp, #-8]!\n"
        "1:\n\t"
        "ldr %[a], [%[x]], #8\n\t"
        "ldr %[b], [%[y]], #8\n\t"
        "ldr %[c], [%[x], #-4]\n\t"
        "ldr %[d], [%[y], #-4]\n\t"
        "ldr %[u], [%[w]]\n\t"
        "ldr %[l], [%[w], #4]\n\t"
        "ldr %[s], [%[w], #24]\n\t"
        "mov %[t], %[s]\n\t"
        "mov %[q], %[s]\n\t"
        "mov %[r], %[s]\n\t"
        TP_DEPTHWISE_PRODUCTS("s", "t", "a", "b") TP_DEPTHWISE_PRODUCTS("q", "r", "c", "d")
        "ldr %[a], [%[x]]\n\t"
        "ldr %[b], [%[y]]\n\t"
        "ldr %[u], [%[w], #8]\n\t"
        "ldr %[l], [%[w], #12]\n\t"
        TP_DEPTHWISE_PRODUCTS("s", "t", "c", "d") TP_DEPTHWISE_PRODUCTS("q", "r", "a", "b")
        "ldr %[c], [%[x], #4]\n\t"
        "ldr %[d], [%[y], #4]\n\t"
        "ldr %[u], [%[w], #16]\n\t"
        "ldr %[l], [%[w], #20]\n\t"
        TP_DEPTHWISE_PRODUCTS("s", "t", "a", "b") TP_DEPTHWISE_PRODUCTS("q", "r", "c", "d")
        "ldr %[a], [%[w], #28]\n\t"
        "ldr %[b], [%[w], #32]\n\t"
        "ldr %[c], [%[w], #36]\n\t"
        "ldr %[d], [%[w], #40]\n\t"
        "ldr %[l], [%[w], #44]\n\t"
        TP_DEPTHWISE_REQUANTIZE("r")
        TP_DEPTHWISE_REQUANTIZE("t")
        TP_DEPTHWISE_REQUANTIZE("q")
        TP_DEPTHWISE_REQUANTIZE("s")
        "ldr %[a], [sp]\n\t"
        "add %[l], %[out], %[l]\n\t"
        TP_DEPTHWISE_STORE "%[r], [%[l], %[d]]\n\t"
        TP_DEPTHWISE_STORE "%[t], [%[l]]\n\t"
        TP_DEPTHWISE_STORE "%[q], [%[out], %[d]]\n\t"
        TP_DEPTHWISE_STORE "%[s], [%[out]]\n\t"
        "add %[out], %[out], %[d], lsl #1\n\t"
        "cmp %[x], %[a]\n\t"
        "bne 1b\n\t"
        "ldr %[c], [%[w], #48]\n\t"
        "ldr %[u], [%[w], #52]\n\t"
        "ldr %[d], [%[w], #56]\n\t"
        "ldr %[l], [sp, #4]\n\t"
        "add %[x], %[x], %[c]\n\t"
        "add %[y], %[y], %[c]\n\t"
        "add %[a], %[a], %[d], lsl #2\n\t"
        "add %[out], %[out], %[u]\n\t"
        "str %[a], [sp]\n\t"
        "subs %[l], %[l], #1\n\t"
        "str %[l], [sp, #4]\n\t"
        "bne 1b\n\t"
        "add sp, #8"
        : [x] "+&r"(x), [y] "+&r"(y), [out] "+&r"(out), [a] "+&r"(a), [b] "+&r"(b), [c] "=&r"(c), [d] "=&r"(d),
          [u] "=&r"(u), [l] "=&r"(l), [s] "=&r"(s), [t] "=&r"(t), [q] "=&r"(q), [r] "=&r"(r)
        : [w] "r"(state), [rectified] "i"(rectified)
        : "cc", "memory");
    // clang-format on
#else
    (void)rectified;
    for (int32_t i = 0; i < rows * columns; i++) {
        const int32_t turn = i % columns == columns - 1;
        tp_depthwise_tile(state, x, y, out);
        x += 2 + (turn ? state->words_gap / 4 : 0);
        y += 2 + (turn ? state->words_gap / 4 : 0);
        out += 2 * state->right + (turn ? state->output_gap : 0);
    }
#endif
}

/** `rows` tiles, one below the other, each of an output and the one below it. */
static inline __attribute__((always_inline)) void tp_depthwise_column(const tp_depthwise_channel *state,
                                                                      const uint32_t *x, int32_t rows, int8_t *out,
                                                                      const int rectified) {
    const uint32_t *y = x + state->row_words;
#if TP_HAS_DSP
    uint32_t a, b, c, d, u, l, s, t;
    // clang-format off
    __asm__ volatile(
        "1:\n\t"
        "ldr %[a], [%[x]]\n\t"
        "ldr %[b], [%[y]]\n\t"
        "ldr %[u], [%[w]]\n\t"
        "ldr %[l], [%[w], #4]\n\t"
        "ldr %[s], [%[w], #24]\n\t"
        "mov %[t], %[s]\n\t"
        TP_DEPTHWISE_PRODUCTS("s", "t", "a", "b")
        "ldr %[c], [%[x], #4]\n\t"
        "ldr %[d], [%[y], #4]\n\t"
        "ldr %[u], [%[w], #8]\n\t"
        "ldr %[l], [%[w], #12]\n\t"
        TP_DEPTHWISE_PRODUCTS("s", "t", "c", "d")
        "ldr %[a], [%[x], #8]\n\t"
        "ldr %[b], [%[y], #8]\n\t"
        "ldr %[u], [%[w], #16]\n\t"
        "ldr %[l], [%[w], #20]\n\t"
        TP_DEPTHWISE_PRODUCTS("s", "t", "a", "b")
        "ldr %[a], [%[w], #28]\n\t"
        "ldr %[b], [%[w], #32]\n\t"
        "ldr %[c], [%[w], #36]\n\t"
        "ldr %[d], [%[w], #44]\n\t"
        "ldr %[l], [%[w], #56]\n\t"
        TP_DEPTHWISE_REQUANTIZE("t")
        TP_DEPTHWISE_REQUANTIZE("s")
        "ldr %[a], [%[w], #52]\n\t"
        "add %[x], %[x], %[l], lsl #2\n\t"
        "add %[y], %[y], %[l], lsl #2\n\t"
        TP_DEPTHWISE_STORE "%[t], [%[out], %[d]]\n\t"
        TP_DEPTHWISE_STORE "%[s], [%[out]]\n\t"
        "add %[out], %[out], %[a]\n\t"
        "subs %[rows], %[rows], #1\n\t"
        "bne 1b\n\t"
        : [x] "+&r"(x), [y] "+&r"(y), [out] "+&r"(out), [rows] "+&r"(rows), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c),
          [d] "=&r"(d), [u] "=&r"(u), [l] "=&r"(l), [s] "=&r"(s), [t] "=&r"(t)
        : [w] "r"(state), [rectified] "i"(rectified)
        : "cc", "memory");
    // clang-format on
#else
    (void)rectified;
    for (; rows > 0; rows--, x += state->row_words, y += state->row_words, out += state->output_gap) {
        int32_t sums[2] = {state->bias, state->bias};
        for (int32_t i = 0; i < 3; i++) {
            const uint32_t w01 = state->columns[i][0], w12 = state->columns[i][1];
            sums[0] = tp_smlabt(y[i], w12, tp_smlad(x[i], w01, sums[0]));
            sums[1] = tp_smlatb(x[i], w01, tp_smlad(y[i], w12, sums[1]));
        }
        tp_depthwise_store(out + state->below, tp_requantize_right(state->requant, sums[1]));
        tp_depthwise_store(out, tp_requantize_right(state->requant, sums[0]));
    }
#endif
}

/** `count` tiles, each of two outputs side by side, at stride 2 in both directions. */
static inline __attribute__((always_inline)) void tp_depthwise_twos(const tp_depthwise_channel *state,
                                                                    const uint32_t *x, int32_t count, int8_t *out,
                                                                    const int rectified) {
    const uint32_t *y = x + state->row_words;
#if TP_HAS_DSP
    uint32_t a, b, c, d, u, l, s, t;
    // clang-format off
    __asm__ volatile(
        "1:\n\t"
        "ldr %[a], [%[x]], #16\n\t"
        "ldr %[b], [%[y]], #16\n\t"
        "ldr %[u], [%[w]]\n\t"
        "ldr %[l], [%[w], #4]\n\t"
        "ldr %[s], [%[w], #24]\n\t"
        "ldr %[c], [%[x], #-8]\n\t"
        "ldr %[d], [%[y], #-8]\n\t"
        "mov %[t], %[s]\n\t"
        TP_DEPTHWISE_TWO("a", "b", "c", "d")
        "ldr %[u], [%[w], #16]\n\t"
        "ldr %[l], [%[w], #20]\n\t"
        "ldr %[a], [%[x]]\n\t"
        "ldr %[b], [%[y]]\n\t"
        TP_DEPTHWISE_TWO("c", "d", "a", "b")
        "ldr %[u], [%[w], #8]\n\t"
        "ldr %[l], [%[w], #12]\n\t"
        "ldr %[a], [%[x], #-12]\n\t"
        "ldr %[b], [%[y], #-12]\n\t"
        "ldr %[c], [%[x], #-4]\n\t"
        "ldr %[d], [%[y], #-4]\n\t"
        TP_DEPTHWISE_TWO("a", "b", "c", "d")
        "ldr %[a], [%[w], #28]\n\t"
        "ldr %[b], [%[w], #32]\n\t"
        "ldr %[c], [%[w], #36]\n\t"
        "ldr %[d], [%[w], #40]\n\t"
        TP_DEPTHWISE_REQUANTIZE("t")
        TP_DEPTHWISE_REQUANTIZE("s")
        TP_DEPTHWISE_STORE "%[t], [%[out], %[d]]\n\t"
        TP_DEPTHWISE_STORE "%[s], [%[out]]\n\t"
        "add %[out], %[out], %[d], lsl #1\n\t"
        "subs %[count], %[count], #1\n\t"
        "bne 1b\n\t"
        : [x] "+&r"(x), [y] "+&r"(y), [out] "+&r"(out), [count] "+&r"(count), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c),
          [d] "=&r"(d), [u] "=&r"(u), [l] "=&r"(l), [s] "=&r"(s), [t] "=&r"(t)
        : [w] "r"(state), [rectified] "i"(rectified)
        : "cc", "memory");
    // clang-format on
#else
    (void)rectified;
    for (; count > 0; count--, x += 4, y += 4, out += 2 * state->right) {
        int32_t sums[2] = {state->bias, state->bias};
        for (int32_t i = 0; i < 3; i++) {
            const uint32_t w01 = state->columns[i][0], w12 = state->columns[i][1];
            sums[0] = tp_smlabt(y[i], w12, tp_smlad(x[i], w01, sums[0]));
            sums[1] = tp_smlabt(y[i + 2], w12, tp_smlad(x[i + 2], w01, sums[1]));
        }
        tp_depthwise_store(out + state->right, tp_requantize_right(state->requant, sums[1]));
        tp_depthwise_store(out, tp_requantize_right(state->requant, sums[0]));
    }
#endif
}

// cppcheck-suppress-end constParameterPointer

/** One row of outputs, any horizontal stride; the window's top row is low in its word. */
static inline void tp_depthwise_row(const tp_depthwise_channel *state, const uint32_t *words, int32_t columns,
                                    int32_t stride, int8_t *output) {
    const tp_depthwise_channel channel = *state; /* no output is written over this copy */
    const uint32_t *below = words + channel.row_words;
    for (; columns > 0; columns--, words += stride, below += stride, output += channel.right) {
        int32_t sum = channel.bias;
        for (int32_t i = 0; i < 3; i++) {
            sum = tp_smlabt(below[i], channel.columns[i][1], tp_smlad(words[i], channel.columns[i][0], sum));
        }
        tp_depthwise_store(output, tp_requantize_right(channel.requant, sum));
    }
}

#endif
