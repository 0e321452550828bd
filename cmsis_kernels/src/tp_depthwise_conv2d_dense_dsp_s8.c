/*
 * Depthwise 3x3. Two input rows share a word: row y low, row y + 1 high. For a column of the window with weights w0, w1
 * and w2, and words (x0, x1) and (x2, x3), one output is w0 * x0 + w1 * x1 + w2 * x2, the one below it
 * w0 * x1 + w1 * x2 + w2 * x3: of the six products SMLAD takes two at a time, so the words (w0, w1) and (w1, w2) are
 * all that is needed. Channels lie one after the other, so that the weights of one stay in registers.
 */
#include "tp_columns.h"
#include "tp_dsp.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

/** What the tiles of one channel need; the assembly below knows where each member lies. */
typedef struct {
    uint32_t columns[3][2]; /**< for each column of the window (w0, w1) and (w1, w2), doubled */
    int32_t bias;           /**< doubled */
    tp_right_requant requant;
    int32_t right, below;          /**< bytes from an output to the next one, and to the one in the next row */
    int32_t words_gap, output_gap; /**< bytes from behind a row of tiles to the next row */
    int32_t row_words;             /**< from a pair of rows of words to the next */
} channel_state;

static void load_channel(channel_state *state, const tp_requant *requant, const int8_t *weights, const int32_t *bias,
                         int32_t channel, int32_t channels) {
    const int8_t *middle = weights + 3 * channels, *low = middle + 3 * channels;
    for (int32_t i = channel, column = 0; column < 3; column++, i += channels) {
        const int32_t w0 = 2 * weights[i], w1 = 2 * middle[i], w2 = 2 * low[i];
        state->columns[column][0] = tp_pkhbt((uint32_t)w0, (uint32_t)w1);
        state->columns[column][1] = tp_pkhbt((uint32_t)w1, (uint32_t)w2);
    }
    state->bias = 2 * bias[channel];
    state->requant = tp_right_requant_of(requant, channel);
}

/* One column of the window, weights u and l, at both pixels of the tile: the words of the left one, those of the other.
 */
#define PRODUCTS(x0, y0, x1, y1)                                                                                       \
    "smlad %[s], %[" x0 "], %[u], %[s]\n\t"                                                                            \
    "smlad %[t], %[" y0 "], %[l], %[t]\n\t"                                                                            \
    "smlabt %[s], %[" y0 "], %[l], %[s]\n\t"                                                                           \
    "smlatb %[t], %[" x0 "], %[u], %[t]\n\t"                                                                           \
    "smlad %[q], %[" x1 "], %[u], %[q]\n\t"                                                                            \
    "smlad %[r], %[" y1 "], %[l], %[r]\n\t"                                                                            \
    "smlabt %[q], %[" y1 "], %[l], %[q]\n\t"                                                                           \
    "smlatb %[r], %[" x1 "], %[u], %[r]\n\t"

/* As tp_requantize_right: multiplier a, addend b, exponent c. */
#define REQUANTIZE(sum)                                                                                                \
    "add.w %[u], %[b], %[" sum "], asr #31\n\t"                                                                        \
    "smmlar %[" sum "], %[" sum "], %[a], %[u]\n\t"                                                                    \
    "asr.w %[" sum "], %[" sum "], %[c]\n\t"                                                                           \
    "ssat %[" sum "], #8, %[" sum "]\n\t"

#if !TP_HAS_DSP
static void run_tile(const channel_state *state, const uint32_t *words, const uint32_t *lower, int8_t *output) {
    int32_t sums[2][2] = {{state->bias, state->bias}, {state->bias, state->bias}};
    for (int32_t i = 0; i < 3; i++) {
        const uint32_t w01 = state->columns[i][0], w12 = state->columns[i][1];
        for (int32_t j = 0; j < 2; j++) {
            sums[0][j] = tp_smlabt(lower[i + j], w12, tp_smlad(words[i + j], w01, sums[0][j]));
            sums[1][j] = tp_smlatb(words[i + j], w01, tp_smlad(lower[i + j], w12, sums[1][j]));
        }
    }
    output[state->below + state->right] = (int8_t)tp_requantize_right(state->requant, sums[1][1]);
    output[state->below] = (int8_t)tp_requantize_right(state->requant, sums[1][0]);
    output[state->right] = (int8_t)tp_requantize_right(state->requant, sums[0][1]);
    output[0] = (int8_t)tp_requantize_right(state->requant, sums[0][0]);
}
#endif

/**
 * `rows` times `columns` tiles, each of two outputs side by side and the two below them. Stores the right and the lower
 * ones first, so that a tile may be one output wide (`right` is 0) or high (`below` is 0).
 */
// cppcheck-suppress constParameterPointer // the assembly writes the outputs
static void run_tiles(const channel_state *state, const uint32_t *x, int32_t rows, int32_t columns, int8_t *out) {
    const uint32_t *y = x + state->row_words;
#if TP_HAS_DSP
    /* outputs s and q, below them t and r; where the row ends, and how many rows are left, waits on the stack */
    uint32_t a = (uint32_t)(uintptr_t)(x + 2 * columns), b = (uint32_t)rows, c, d, u, l, s, t, q, r;
    // clang-format off
    __asm__ volatile(
        "strd %[a], %[b], [sp, #-8]!\n"
        "1:\n\t"
        "ldr.w %[a], [%[x]], #8\n\t"
        "ldr.w %[b], [%[y]], #8\n\t"
        "ldr %[c], [%[x], #-4]\n\t"
        "ldr %[d], [%[y], #-4]\n\t"
        "ldr.w %[u], [%[w]]\n\t"
        "ldr.w %[l], [%[w], #4]\n\t"
        "ldr.w %[s], [%[w], #24]\n\t"
        "mov.w %[t], %[s]\n\t"
        "mov.w %[q], %[s]\n\t"
        "mov.w %[r], %[s]\n\t"
        PRODUCTS("a", "b", "c", "d")
        "ldr.w %[a], [%[x]]\n\t"
        "ldr.w %[b], [%[y]]\n\t"
        "ldr.w %[u], [%[w], #8]\n\t"
        "ldr.w %[l], [%[w], #12]\n\t"
        PRODUCTS("c", "d", "a", "b")
        "ldr.w %[c], [%[x], #4]\n\t"
        "ldr.w %[d], [%[y], #4]\n\t"
        "ldr.w %[u], [%[w], #16]\n\t"
        "ldr.w %[l], [%[w], #20]\n\t"
        PRODUCTS("a", "b", "c", "d")
        "ldr.w %[a], [%[w], #28]\n\t"
        "ldr.w %[b], [%[w], #32]\n\t"
        "ldr.w %[c], [%[w], #36]\n\t"
        "ldr.w %[d], [%[w], #40]\n\t"
        "ldr.w %[l], [%[w], #44]\n\t"
        REQUANTIZE("r")
        REQUANTIZE("t")
        REQUANTIZE("q")
        REQUANTIZE("s")
        "ldr.w %[a], [sp]\n\t"
        "add.w %[l], %[out], %[l]\n\t"
        "strb.w %[r], [%[l], %[d]]\n\t"
        "strb.w %[t], [%[l]]\n\t"
        "strb.w %[q], [%[out], %[d]]\n\t"
        "strb.w %[s], [%[out]]\n\t"
        "add.w %[out], %[out], %[d], lsl #1\n\t"
        "cmp.w %[x], %[a]\n\t"
        "bne.w 1b\n\t"
        "ldr.w %[c], [%[w], #48]\n\t"
        "ldr.w %[u], [%[w], #52]\n\t"
        "ldr.w %[d], [%[w], #56]\n\t"
        "ldr.w %[l], [sp, #4]\n\t"
        "add.w %[x], %[x], %[c]\n\t"
        "add.w %[y], %[y], %[c]\n\t"
        "add.w %[a], %[a], %[d], lsl #2\n\t"
        "add.w %[out], %[out], %[u]\n\t"
        "str.w %[a], [sp]\n\t"
        "subs.w %[l], %[l], #1\n\t"
        "str.w %[l], [sp, #4]\n\t"
        "bne.w 1b\n\t"
        "add sp, #8"
        : [x] "+&r"(x), [y] "+&r"(y), [out] "+&r"(out), [a] "+&r"(a), [b] "+&r"(b), [c] "=&r"(c), [d] "=&r"(d),
          [u] "=&r"(u), [l] "=&r"(l), [s] "=&r"(s), [t] "=&r"(t), [q] "=&r"(q), [r] "=&r"(r)
        : [w] "r"(state)
        : "cc", "memory");
    // clang-format on
#else
    for (int32_t i = 0; i < rows * columns; i++) {
        const int32_t turn = i % columns == columns - 1;
        run_tile(state, x, y, out);
        x += 2 + (turn ? state->words_gap / 4 : 0);
        y += 2 + (turn ? state->words_gap / 4 : 0);
        out += 2 * state->right + (turn ? state->output_gap : 0);
    }
#endif
}

/** One row of outputs, any horizontal stride; the window's top row is low in its word. */
static void run_row(const channel_state *state, const uint32_t *words, int32_t columns, int32_t stride,
                    int8_t *output) {
    const channel_state channel = *state; /* no output is written over this copy */
    const uint32_t *below = words + channel.row_words;
    for (; columns > 0; columns--, words += stride, below += stride, output += channel.right) {
        int32_t sum = channel.bias;
        for (int32_t i = 0; i < 3; i++) {
            sum = tp_smlabt(below[i], channel.columns[i][1], tp_smlad(words[i], channel.columns[i][0], sum));
        }
        *output = (int8_t)tp_requantize_right(channel.requant, sum);
    }
}

/** A row of the input, or of padding: its pixels lie `step` bytes apart. */
typedef struct {
    const int8_t *pixel;
    int32_t step;
} source_row;

static source_row row_at(const tp_window_params *params, const int8_t *input, const int8_t *padding, int32_t y) {
    const source_row outside = {padding, 0};
    const source_row inside = {input + y * params->input_width * params->input_channels, params->input_channels};
    return y < 0 || y >= params->input_height ? outside : inside;
}

/** A pixel of two rows: a word each for four channels, `plane` words apart. */
static inline void pack_pixel(const int8_t *upper, const int8_t *lower, int32_t plane, uint32_t *target) {
    const uint32_t a = tp_load_word(upper), b = tp_load_word(lower);
    const uint32_t a02 = tp_sxtb16(a), a13 = tp_sxtb16_ror8(a), b02 = tp_sxtb16(b), b13 = tp_sxtb16_ror8(b);
    target[0] = tp_pkhbt(a02, b02);
    target[plane] = tp_pkhbt(a13, b13);
    target[2 * plane] = tp_pkhtb(b02, a02);
    target[3 * plane] = tp_pkhtb(b13, a13);
}

/** `count` pixels of two rows, four channels. */
static void pack_four(source_row upper, source_row lower, int32_t count, int32_t plane, uint32_t *target) {
    for (; count >= 2; count -= 2, target += 2) {
        pack_pixel(upper.pixel, lower.pixel, plane, target);
        pack_pixel(upper.pixel + upper.step, lower.pixel + lower.step, plane, target + 1);
        upper.pixel += 2 * upper.step;
        lower.pixel += 2 * lower.step;
    }
    if (count > 0) {
        pack_pixel(upper.pixel, lower.pixel, plane, target);
    }
}

/** The same for fewer channels. */
static void pack_few(source_row upper, source_row lower, int32_t count, int32_t channels, int32_t plane,
                     uint32_t *target) {
    for (; count > 0; count--, upper.pixel += upper.step, lower.pixel += lower.step, target++) {
        for (int32_t i = 0; i < channels; i++) {
            target[i * plane] = tp_pair(upper.pixel[i], lower.pixel[i]);
        }
    }
}

/** The words of `pairs` times two input rows from row y on, up to four channels; not those of padding columns. */
static void pack_rows(const tp_window_params *params, const int8_t *input, int32_t y, int32_t pairs, int32_t channels,
                      int32_t width, int32_t plane, uint32_t *target) {
    const int8_t zero = params->input_zero_point, padding[4] = {zero, zero, zero, zero};
    const tp_columns columns = tp_columns_of(params, width);
    target += columns.left;
    for (; pairs > 0; pairs--, y += 2, target += width) {
        const source_row upper = row_at(params, input, padding, y), lower = row_at(params, input, padding, y + 1);
        if (channels == 4) {
            pack_four(upper, lower, columns.inside, plane, target);
        } else {
            pack_few(upper, lower, columns.inside, channels, plane, target);
        }
    }
}

/** `rows` rows of tiles, `columns` outputs wide: an odd last output is written over what is right of it. */
static void run_wide(channel_state *state, const uint32_t *words, int32_t rows, int32_t columns, int32_t row_step,
                     int8_t *output) {
    const int32_t tiles = columns / 2, right = state->right;
    if (tiles > 0) {
        state->words_gap = 4 * state->row_words - 8 * tiles;
        state->output_gap = 2 * (row_step - tiles * right);
        run_tiles(state, words, rows, tiles, output);
    }
    if (columns % 2 != 0) {
        state->right = 0;
        state->words_gap = 4 * state->row_words - 8;
        state->output_gap = 2 * row_step;
        run_tiles(state, words + 2 * tiles, rows, 1, output + 2 * tiles * right);
        state->right = right;
    }
}

/** All rows of a strip, one channel, stride 1: an odd last row is written over what is below it. */
static void run_channel(channel_state *state, const uint32_t *words, int32_t rows, int32_t columns, int8_t *output) {
    const int32_t tiles = rows / 2, below = state->below;
    if (tiles > 0) {
        run_wide(state, words, tiles, columns, below, output);
    }
    if (rows % 2 != 0) {
        state->below = 0;
        run_wide(state, words + tiles * state->row_words, 1, columns, below, output + 2 * tiles * below);
        state->below = below;
    }
}

/** The same, stride 2 from row to row. */
static void run_rows(const channel_state *state, const uint32_t *words, int32_t rows, int32_t columns, int32_t stride,
                     int8_t *output) {
    for (; rows > 0; rows--, words += state->row_words, output += state->below) {
        run_row(state, words, columns, stride, output);
    }
}

void tp_depthwise_conv2d_dense_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                      const tp_depthwise_conv2d_dense_dsp_weights *weights, const int32_t *bias,
                                      int8_t *scratch, int8_t *output) {
    const int32_t channels = params->output_channels, paired = params->stride_height == 1;
    const int32_t width = (params->output_width - 1) * params->stride_width + 3 + paired;
    const int32_t plane = width * (1 + (paired ? (weights->strip_rows + 1) / 2 : weights->strip_rows));
    channel_state state = {.right = channels, .below = params->output_width * channels, .row_words = width};
    uint32_t *words = (uint32_t *)(void *)scratch;
    for (int32_t i = 0; i < 4 * plane; i++) {
        words[i] = tp_pair(params->input_zero_point, params->input_zero_point);
    }
    for (int32_t row = 0; row < params->output_height; row += weights->strip_rows) {
        const int32_t left = params->output_height - row;
        const int32_t rows = left < weights->strip_rows ? left : weights->strip_rows;
        const int32_t pairs = 1 + (paired ? (rows + 1) / 2 : rows);
        const int32_t top = row * params->stride_height - params->pad_top;
        for (int32_t channel = 0; channel < channels; channel += 4) {
            const int32_t count = channels - channel < 4 ? channels - channel : 4;
            pack_rows(params, input + channel, top, pairs, count, width, plane, words);
            for (int32_t i = channel; i < channel + count; i++) {
                const uint32_t *source = words + (i - channel) * plane;
                int8_t *target = output + row * state.below + i;
                load_channel(&state, requant, weights->values, bias, i, channels);
                if (paired) {
                    run_channel(&state, source, rows, params->output_width, target);
                } else {
                    run_rows(&state, source, rows, params->output_width, params->stride_width, target);
                }
            }
        }
    }
    tp_clamp_all(requant, params->output_height * params->output_width * channels, output);
}
