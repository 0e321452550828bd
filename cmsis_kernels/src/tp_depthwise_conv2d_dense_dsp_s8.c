/*
 * Depthwise 3x3. Two input rows share a word: row y low, row y + 1 high. For a column of the window with weights w0, w1
 * and w2, and words (x0, x1) and (x2, x3), one output is w0 * x0 + w1 * x1 + w2 * x2, the one below it
 * w0 * x1 + w1 * x2 + w2 * x3: of the six products SMLAD takes two at a time, so the words (w0, w1) and (w1, w2) are
 * all that is needed. Channels lie one after the other, so that the weights of one stay in registers.
 */
#include "tp_dsp.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

/** What the tiles of one channel need; the assembly below knows where each member lies. */
typedef struct {
    uint32_t columns[3][2]; /**< for each column of the window (w0, w1) and (w1, w2), doubled */
    int32_t row_bytes;      /**< from a pair of rows of words to the next */
    int32_t bias;           /**< doubled */
    tp_right_requant requant;
    int8_t *output;
    int32_t right, below; /**< bytes from an output to the next one, and to the one in the next row */
} channel_state;

static channel_state load_channel(const tp_requant *requant, const int8_t *weights, const int32_t *bias,
                                  int32_t channel, int32_t channels) {
    const tp_right_requant to = tp_right_requant_of(requant, channel);
    channel_state state = {{{0, 0}, {0, 0}, {0, 0}}, 0, 2 * bias[channel], to, 0, channels, 0};
    for (int32_t i = 0; i < 3; i++) {
        const int8_t *column = weights + i * channels + channel;
        const int32_t w0 = 2 * column[0], w1 = 2 * column[3 * channels], w2 = 2 * column[6 * channels];
        state.columns[i][0] = tp_pair(w0, w1);
        state.columns[i][1] = tp_pair(w1, w2);
    }
    return state;
}

/** Two outputs and the two below them, from four columns of words; moves on behind them. Stores the right ones first.
 */
/* cppcheck-suppress constParameterPointer ; the assembly moves state->output on */
static inline void run_tile(channel_state *state, const uint32_t **words) {
#if TP_HAS_DSP
    uint32_t a, b, c, d, u, l, s, t, q, r, y; /* outputs s and q, below them t and r */
    __asm__ volatile("ldr.w %[b], [%[w], #24]\n\t"
                     "ldr.w %[s], [%[w], #28]\n\t"
                     "ldr.w %[a], [%[x]]\n\t"
                     "ldr.w %[c], [%[x], #4]\n\t"
                     "ldr.w %[u], [%[w]]\n\t"
                     "ldr.w %[l], [%[w], #4]\n\t"
                     "add.w %[y], %[x], %[b]\n\t"
                     "mov %[t], %[s]\n\t"
                     "mov %[q], %[s]\n\t"
                     "mov %[r], %[s]\n\t"
                     "ldr.w %[b], [%[y]]\n\t"
                     "ldr.w %[d], [%[y], #4]\n\t"
                     "smlad %[s], %[a], %[u], %[s]\n\t"
                     "smlad %[t], %[b], %[l], %[t]\n\t"
                     "smlabt %[s], %[b], %[l], %[s]\n\t"
                     "smlatb %[t], %[a], %[u], %[t]\n\t"
                     "smlad %[q], %[c], %[u], %[q]\n\t"
                     "smlad %[r], %[d], %[l], %[r]\n\t"
                     "smlabt %[q], %[d], %[l], %[q]\n\t"
                     "smlatb %[r], %[c], %[u], %[r]\n\t"
                     "ldr.w %[a], [%[x], #8]\n\t"
                     "ldr.w %[b], [%[y], #8]\n\t"
                     "ldr.w %[u], [%[w], #8]\n\t"
                     "ldr.w %[l], [%[w], #12]\n\t"
                     "smlad %[s], %[c], %[u], %[s]\n\t"
                     "smlad %[t], %[d], %[l], %[t]\n\t"
                     "smlabt %[s], %[d], %[l], %[s]\n\t"
                     "smlatb %[t], %[c], %[u], %[t]\n\t"
                     "smlad %[q], %[a], %[u], %[q]\n\t"
                     "smlad %[r], %[b], %[l], %[r]\n\t"
                     "smlabt %[q], %[b], %[l], %[q]\n\t"
                     "smlatb %[r], %[a], %[u], %[r]\n\t"
                     "ldr.w %[c], [%[x], #12]\n\t"
                     "ldr.w %[d], [%[y], #12]\n\t"
                     "ldr.w %[u], [%[w], #16]\n\t"
                     "ldr.w %[l], [%[w], #20]\n\t"
                     "smlad %[s], %[a], %[u], %[s]\n\t"
                     "smlad %[t], %[b], %[l], %[t]\n\t"
                     "smlabt %[s], %[b], %[l], %[s]\n\t"
                     "smlatb %[t], %[a], %[u], %[t]\n\t"
                     "smlad %[q], %[c], %[u], %[q]\n\t"
                     "smlad %[r], %[d], %[l], %[r]\n\t"
                     "smlabt %[q], %[d], %[l], %[q]\n\t"
                     "smlatb %[r], %[c], %[u], %[r]\n\t"
                     "ldr.w %[a], [%[w], #32]\n\t"
                     "ldr.w %[b], [%[w], #36]\n\t"
                     "ldr.w %[c], [%[w], #40]\n\t"
                     "ldr.w %[y], [%[w], #44]\n\t"
                     "ldr.w %[d], [%[w], #48]\n\t"
                     "ldr.w %[l], [%[w], #52]\n\t"
                     "add.w %[u], %[b], %[r], asr #31\n\t"
                     "smmlar %[r], %[r], %[a], %[u]\n\t"
                     "add.w %[u], %[b], %[t], asr #31\n\t"
                     "smmlar %[t], %[t], %[a], %[u]\n\t"
                     "add.w %[u], %[b], %[q], asr #31\n\t"
                     "smmlar %[q], %[q], %[a], %[u]\n\t"
                     "add.w %[u], %[b], %[s], asr #31\n\t"
                     "smmlar %[s], %[s], %[a], %[u]\n\t"
                     "asr.w %[r], %[r], %[c]\n\t"
                     "ssat %[r], #8, %[r]\n\t"
                     "asr.w %[t], %[t], %[c]\n\t"
                     "ssat %[t], #8, %[t]\n\t"
                     "asr.w %[q], %[q], %[c]\n\t"
                     "ssat %[q], #8, %[q]\n\t"
                     "asr.w %[s], %[s], %[c]\n\t"
                     "ssat %[s], #8, %[s]\n\t"
                     "add.w %[l], %[y], %[l]\n\t"
                     "strb.w %[r], [%[l], %[d]]\n\t"
                     "strb.w %[t], [%[l]]\n\t"
                     "strb.w %[q], [%[y], %[d]]\n\t"
                     "strb.w %[s], [%[y]]\n\t"
                     "add.w %[y], %[y], %[d], lsl #1\n\t"
                     "str.w %[y], [%[w], #44]\n\t"
                     "add.w %[x], %[x], #8"
                     : [x] "+&r"(*words), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [u] "=&r"(u),
                       [l] "=&r"(l), [s] "=&r"(s), [t] "=&r"(t), [q] "=&r"(q), [r] "=&r"(r), [y] "=&r"(y)
                     : [w] "r"(state)
                     : "memory");
#else
    const uint32_t *first = *words, *second = first + state->row_bytes / 4;
    int32_t sums[2][2] = {{state->bias, state->bias}, {state->bias, state->bias}};
    for (int32_t i = 0; i < 3; i++) {
        const uint32_t upper = state->columns[i][0], lower = state->columns[i][1];
        for (int32_t j = 0; j < 2; j++) {
            sums[0][j] = tp_smlabt(second[i + j], lower, tp_smlad(first[i + j], upper, sums[0][j]));
            sums[1][j] = tp_smlatb(first[i + j], upper, tp_smlad(second[i + j], lower, sums[1][j]));
        }
    }
    state->output[state->below + state->right] = (int8_t)tp_requantize_right(state->requant, sums[1][1]);
    state->output[state->below] = (int8_t)tp_requantize_right(state->requant, sums[1][0]);
    state->output[state->right] = (int8_t)tp_requantize_right(state->requant, sums[0][1]);
    state->output[0] = (int8_t)tp_requantize_right(state->requant, sums[0][0]);
    state->output += 2 * state->right;
    *words += 2;
#endif
}

/** One row of outputs, any horizontal stride; the window's top row is low in its word. */
static void run_row(const channel_state *state, const uint32_t *words, int32_t columns, int32_t stride) {
    const uint32_t *below = words + state->row_bytes / 4;
    int8_t *output = state->output;
    for (; columns > 0; columns--, words += stride, below += stride, output += state->right) {
        int32_t sum = state->bias;
        for (int32_t i = 0; i < 3; i++) {
            sum = tp_smlabt(below[i], state->columns[i][1], tp_smlad(words[i], state->columns[i][0], sum));
        }
        *output = (int8_t)tp_requantize_right(state->requant, sum);
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

/** `count` pixels of two rows: a word each for four channels, `plane` words apart. */
static uint32_t *pack_four(source_row upper, source_row lower, int32_t count, int32_t plane, uint32_t *target) {
    for (; count > 0; count--, upper.pixel += upper.step, lower.pixel += lower.step, target++) {
        const uint32_t a = tp_load_word(upper.pixel), b = tp_load_word(lower.pixel);
        const uint32_t a02 = tp_sxtb16(a), a13 = tp_sxtb16_ror8(a), b02 = tp_sxtb16(b), b13 = tp_sxtb16_ror8(b);
        target[0] = tp_pkhbt(a02, b02);
        target[plane] = tp_pkhbt(a13, b13);
        target[2 * plane] = tp_pkhtb(b02, a02);
        target[3 * plane] = tp_pkhtb(b13, a13);
    }
    return target;
}

/** The same for fewer channels. */
static uint32_t *pack_few(source_row upper, source_row lower, int32_t count, int32_t channels, int32_t plane,
                          uint32_t *target) {
    for (; count > 0; count--, upper.pixel += upper.step, lower.pixel += lower.step, target++) {
        for (int32_t i = 0; i < channels; i++) {
            target[i * plane] = tp_pair(upper.pixel[i], lower.pixel[i]);
        }
    }
    return target;
}

/** The words of input rows (y, y + 1), up to four channels: `width` of them each, from column -pad_left on. */
static void pack_rows(const tp_window_params *params, const int8_t *input, int32_t y, int32_t channels, int32_t width,
                      int32_t plane, uint32_t *target) {
    const int8_t zero = params->input_zero_point, padding[4] = {zero, zero, zero, zero};
    const source_row outside = {padding, 0};
    const source_row upper = row_at(params, input, padding, y), lower = row_at(params, input, padding, y + 1);
    const int32_t seen = width - params->pad_left, inside = seen < params->input_width ? seen : params->input_width;
    if (channels == 4) {
        target = pack_four(outside, outside, params->pad_left, plane, target);
        target = pack_four(upper, lower, inside, plane, target);
        pack_four(outside, outside, seen - inside, plane, target);
    } else {
        target = pack_few(outside, outside, params->pad_left, channels, plane, target);
        target = pack_few(upper, lower, inside, channels, plane, target);
        pack_few(outside, outside, seen - inside, channels, plane, target);
    }
}

/** Two rows of outputs, stride 1, two columns at a time. An odd last column is written over what is right of it. */
static void run_two_rows(channel_state *state, const uint32_t *words, int32_t columns) {
    for (int32_t left = columns; left > 1; left -= 2) {
        run_tile(state, &words);
    }
    if (columns & 1) {
        const int32_t right = state->right;
        state->right = 0;
        run_tile(state, &words);
        state->right = right;
        state->output += right;
    }
}

/** All rows of a strip, one channel. */
static void run_channel(const tp_window_params *params, channel_state *state, const uint32_t *words, int32_t rows) {
    const int32_t below = state->below;
    if (params->stride_height == 1) {
        for (; rows > 0; rows -= 2, words += state->row_bytes / 4) {
            state->below = rows > 1 ? below : 0; /* an odd last row is written over what is below it */
            run_two_rows(state, words, params->output_width);
            state->output += below;
        }
        return;
    }
    for (; rows > 0; rows--, words += state->row_bytes / 4, state->output += below) {
        run_row(state, words, params->output_width, params->stride_width);
    }
}

void tp_depthwise_conv2d_dense_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                      const tp_depthwise_conv2d_dense_dsp_weights *weights, const int32_t *bias,
                                      int8_t *scratch, int8_t *output) {
    const int32_t channels = params->output_channels, paired = params->stride_height == 1;
    const int32_t width = (params->output_width - 1) * params->stride_width + 3 + paired;
    uint32_t *words = (uint32_t *)(void *)scratch;
    for (int32_t row = 0; row < params->output_height; row += weights->strip_rows) {
        const int32_t left = params->output_height - row;
        const int32_t rows = left < weights->strip_rows ? left : weights->strip_rows;
        const int32_t pairs = 1 + (paired ? (rows + 1) / 2 : rows), plane = pairs * width;
        const int32_t top = row * params->stride_height - params->pad_top;
        for (int32_t channel = 0; channel < channels; channel += 4) {
            const int32_t count = channels - channel < 4 ? channels - channel : 4;
            for (int32_t i = 0; i < pairs; i++) {
                pack_rows(params, input + channel, top + 2 * i, count, width, plane, words + i * width);
            }
            for (int32_t i = channel; i < channel + count; i++) {
                channel_state state = load_channel(requant, weights->values, bias, i, channels);
                state.row_bytes = 4 * width;
                state.below = params->output_width * channels;
                state.output = output + row * state.below + i;
                run_channel(params, &state, words + (i - channel) * plane, rows);
            }
        }
    }
    tp_clamp_all(requant, params->output_height * params->output_width * channels, output);
}
