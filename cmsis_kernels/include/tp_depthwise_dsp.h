/**
 * @file
 * Depthwise 3x3 (tp_depthwise_tiles.h). Channels lie one after the other, so that what one needs is set up once.
 */
#ifndef TP_DEPTHWISE_DSP_H
#define TP_DEPTHWISE_DSP_H

#include "tp_columns.h"
#include "tp_depthwise_tiles.h"
#include "tp_dsp.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

/* The tiles of layers that end in ReLU, and of others: one copy of either in a build. */
static __attribute__((noinline)) void run_tiles(const tp_depthwise_channel *state, const uint32_t *words, int32_t rows,
                                                int32_t columns, int8_t *output) {
    if (state->rectified) {
        tp_depthwise_tiles(state, words, rows, columns, output, 1);
    } else {
        tp_depthwise_tiles(state, words, rows, columns, output, 0);
    }
}

static __attribute__((noinline)) void run_column(const tp_depthwise_channel *state, const uint32_t *words, int32_t rows,
                                                 int8_t *output) {
    if (state->rectified) {
        tp_depthwise_column(state, words, rows, output, 1);
    } else {
        tp_depthwise_column(state, words, rows, output, 0);
    }
}

static __attribute__((noinline)) void run_twos(const tp_depthwise_channel *state, const uint32_t *words, int32_t count,
                                               int8_t *output) {
    if (state->rectified) {
        tp_depthwise_twos(state, words, count, output, 1);
    } else {
        tp_depthwise_twos(state, words, count, output, 0);
    }
}

static __attribute__((noinline)) void load_channel(tp_depthwise_channel *state, const tp_requant *requant,
                                                   const int8_t *weights, const int32_t *bias, int32_t channel,
                                                   int32_t channels) {
    const int8_t *middle = weights + 3 * channels, *low = middle + 3 * channels;
    const int32_t three = tp_not_unrolled(3);
    for (int32_t i = channel, column = 0; column < three; column++, i += channels) {
        const int32_t w0 = 2 * weights[i], w1 = 2 * middle[i], w2 = 2 * low[i];
        state->columns[column][0] = tp_pkhbt((uint32_t)w0, (uint32_t)w1);
        state->columns[column][1] = tp_pkhbt((uint32_t)w1, (uint32_t)w2);
    }
    state->bias = 2 * bias[channel];
    state->requant = tp_right_requant_of(requant, channel);
    state->rectified = requant->zero_point == INT8_MIN;
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

/** The words of four channels: `pairs` times two rows that are inside, `columns` pixels of each. */
static __attribute__((noinline)) void pack_inside(const tp_window_params *params, const int8_t *pixel, int32_t pairs,
                                                  int32_t columns, int32_t width, int32_t plane, uint32_t *target) {
    const int32_t step = params->input_channels, row_bytes = params->input_width * step;
    for (; pairs > 0; pairs--, pixel += 2 * row_bytes - columns * step, target += width - columns) {
        const uint32_t *const end = target + columns;
        for (; target != end; target++, pixel += step) {
            pack_pixel(pixel, pixel + row_bytes, plane, target);
        }
    }
}

/** `count` pixels of two rows, fewer than four channels, or beside padding. */
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
    while (pairs > 0) {
        const int32_t inside = channels == 4 && y >= 0 ? (params->input_height - y) / 2 : 0;
        const int32_t packed = inside > pairs ? pairs : inside > 0 ? inside : 1;
        if (inside > 0) {
            pack_inside(params, input + y * params->input_width * params->input_channels, packed, columns.inside, width,
                        plane, target);
        } else {
            const source_row upper = row_at(params, input, padding, y), lower = row_at(params, input, padding, y + 1);
            pack_few(upper, lower, columns.inside, channels, plane, target);
        }
        pairs -= packed;
        y += 2 * packed;
        target += packed * width;
    }
}

/**
 * Up to four channels, whose words lie `plane` words apart, their outputs side by side: `rows` rows of tiles, `columns`
 * outputs wide. First the tiles of all, then the columns of all: a small instruction cache holds the code of either.
 */
static void run_wide(tp_depthwise_channel *states, int32_t count, const uint32_t *words, int32_t plane, int32_t rows,
                     int32_t columns, int32_t row_step, int8_t *output) {
    const int32_t tiles = columns / 2;
    for (int32_t i = 0; i < count && tiles > 0; i++) {
        states[i].words_gap = 4 * states[i].row_words - 8 * tiles;
        states[i].output_gap = 2 * (row_step - tiles * states[i].right);
        run_tiles(&states[i], words + i * plane, rows, tiles, output + i * TP_DEPTHWISE_VALUE);
    }
    for (int32_t i = 0; i < count && columns % 2 != 0; i++) {
        states[i].output_gap = 2 * row_step;
        run_column(&states[i], words + i * plane + 2 * tiles, rows,
                   output + i * TP_DEPTHWISE_VALUE + 2 * tiles * states[i].right);
    }
}

/** All rows of a strip, stride 1: an odd last row is written over what is below it. */
static void run_channels(tp_depthwise_channel *states, int32_t count, const uint32_t *words, int32_t plane,
                         int32_t rows, int32_t columns, int8_t *output) {
    const int32_t row_step = states->below, row_words = states->row_words;
    for (int32_t tiles = rows > 1 ? rows / 2 : 1; rows > 0; rows -= 2 * tiles, tiles = 1) {
        for (int32_t i = 0; i < count; i++) {
            states[i].below = rows > 1 ? row_step : 0;
        }
        run_wide(states, count, words, plane, tiles, columns, row_step, output);
        words += tiles * row_words;
        output += 2 * tiles * row_step;
    }
}

/** All rows of a strip, one channel, stride 2 from row to row. */
static void run_rows(const tp_depthwise_channel *state, const uint32_t *words, int32_t rows, int32_t columns,
                     int32_t stride, int8_t *output) {
    const int32_t twos = stride == 2 ? columns / 2 : 0;
    for (; rows > 0; rows--, words += state->row_words, output += state->below) {
        if (twos > 0) {
            run_twos(state, words, twos, output);
        }
        if (columns > 2 * twos) {
            tp_depthwise_row(state, words + 4 * twos, columns - 2 * twos, stride, output + 2 * twos * state->right);
        }
    }
}

/** The outputs of one pixel lie side by side, those of the next one `pixel_step` bytes on. Not clamped. */
static inline void tp_depthwise_dsp(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                    const tp_depthwise_conv2d_dense_dsp_weights *weights, const int32_t *bias,
                                    int8_t *scratch, int8_t *output, int32_t pixel_step) {
    const int32_t channels = params->output_channels, paired = params->stride_height == 1;
    const int32_t width = (params->output_width - 1) * params->stride_width + 3 + paired;
    const int32_t plane = width * (1 + (paired ? (weights->strip_rows + 1) / 2 : weights->strip_rows));
    const int32_t row_step = params->output_width * pixel_step;
    tp_depthwise_channel states[4];
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
            int8_t *const target = output + row * row_step + channel * TP_DEPTHWISE_VALUE;
            for (int32_t i = 0; i < count; i++) {
                states[i].right = pixel_step;
                states[i].below = row_step;
                states[i].row_words = width;
                load_channel(&states[i], requant, weights->values, bias, channel + i, channels);
            }
            if (paired) {
                run_channels(states, count, words, plane, rows, params->output_width, target);
            } else {
                for (int32_t i = 0; i < count; i++) {
                    run_rows(&states[i], words + i * plane, rows, params->output_width, params->stride_width,
                             target + i * TP_DEPTHWISE_VALUE);
                }
            }
        }
    }
}

#endif
