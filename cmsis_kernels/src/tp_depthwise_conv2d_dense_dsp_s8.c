/*
 * Depthwise 3x3 (tp_depthwise_tiles.h). Channels lie one after the other, so that what one needs is set up once.
 */
#include "tp_columns.h"
#include "tp_depthwise_tiles.h"
#include "tp_dsp.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

static void load_channel(tp_depthwise_channel *state, const tp_requant *requant, const int8_t *weights,
                         const int32_t *bias, int32_t channel, int32_t channels) {
    const int8_t *middle = weights + 3 * channels, *low = middle + 3 * channels;
    for (int32_t i = channel, column = 0; column < 3; column++, i += channels) {
        const int32_t w0 = 2 * weights[i], w1 = 2 * middle[i], w2 = 2 * low[i];
        state->columns[column][0] = tp_pkhbt((uint32_t)w0, (uint32_t)w1);
        state->columns[column][1] = tp_pkhbt((uint32_t)w1, (uint32_t)w2);
    }
    state->bias = 2 * bias[channel];
    state->requant = tp_right_requant_of(requant, channel);
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

/** `rows` rows of tiles, `columns` outputs wide. */
static void run_wide(tp_depthwise_channel *state, const uint32_t *words, int32_t rows, int32_t columns,
                     int32_t row_step, int8_t *output) {
    const int32_t tiles = columns / 2, right = state->right;
    if (tiles > 0) {
        state->words_gap = 4 * state->row_words - 8 * tiles;
        state->output_gap = 2 * (row_step - tiles * right);
        tp_depthwise_tiles(state, words, rows, tiles, output);
    }
    if (columns % 2 != 0) {
        state->output_gap = 2 * row_step;
        tp_depthwise_column(state, words + 2 * tiles, rows, output + 2 * tiles * right);
    }
}

/** All rows of a strip, one channel, stride 1: an odd last row is written over what is below it. */
static void run_channel(tp_depthwise_channel *state, const uint32_t *words, int32_t rows, int32_t columns,
                        int8_t *output) {
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
static void run_rows(const tp_depthwise_channel *state, const uint32_t *words, int32_t rows, int32_t columns,
                     int32_t stride, int8_t *output) {
    const int32_t twos = stride == 2 ? columns / 2 : 0;
    for (; rows > 0; rows--, words += state->row_words, output += state->below) {
        if (twos > 0) {
            tp_depthwise_twos(state, words, twos, output);
        }
        tp_depthwise_row(state, words + 4 * twos, columns - 2 * twos, stride, output + 2 * twos * state->right);
    }
}

void tp_depthwise_conv2d_dense_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                      const tp_depthwise_conv2d_dense_dsp_weights *weights, const int32_t *bias,
                                      int8_t *scratch, int8_t *output) {
    const int32_t channels = params->output_channels, paired = params->stride_height == 1;
    const int32_t width = (params->output_width - 1) * params->stride_width + 3 + paired;
    const int32_t plane = width * (1 + (paired ? (weights->strip_rows + 1) / 2 : weights->strip_rows));
    tp_depthwise_channel state = {.right = channels, .below = params->output_width * channels, .row_words = width};
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
