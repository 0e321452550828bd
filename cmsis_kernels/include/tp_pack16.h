/**
 * @file
 * Input of a convolution, widened to int16 in scratch memory, where it can be read in pairs: row after row of the
 * padded input (strips), or gathered for each output position (patches). Padding is the input's zero point.
 */
#ifndef TP_PACK16_H
#define TP_PACK16_H

#include <stdint.h>

#include "tp_apart.h"
#include "tp_columns.h"
#include "tp_dsp.h"
#include "tp_types.h"

/** Widens the four values of a word to two words. */
static inline void tp_widen_four(uint32_t bytes, uint32_t *target) {
    const uint32_t even = tp_sxtb16(bytes), odd = tp_sxtb16_ror8(bytes);
    target[0] = tp_pkhbt(even, odd);
    target[1] = tp_pkhtb(odd, even);
}

/** Widens `count` values. Returns the end of what was written. */
static inline int16_t *tp_widen(const int8_t *source, int32_t count, int16_t *target) {
#if TP_HAS_DSP
    if (((uintptr_t)target & 2U) != 0 && count > 0) { /* words are written to multiples of 4 */
        *target++ = *source++;
        count--;
    }
    uint32_t *words = (uint32_t *)(void *)target;
    for (; count >= 4; count -= 4, source += 4, words += 2) {
        tp_widen_four(tp_load_word(source), words);
    }
    target = (int16_t *)(void *)words;
#endif
    for (; count > 0; count--) {
        *target++ = *source++;
    }
    return target;
}

/** The same, for runs of many values. */
static TP_APART int16_t *tp_widen_many(const int8_t *source, int32_t count, int16_t *target) {
#if TP_HAS_DSP
    if (((uintptr_t)target & 2U) != 0 && count > 0) {
        *target++ = *source++;
        count--;
    }
    uint32_t *words = (uint32_t *)(void *)target;
    for (; count >= 16; count -= 16, source += 16, words += 8) {
        const uint32_t first = tp_load_word(source), second = tp_load_word(source + 4);
        const uint32_t third = tp_load_word(source + 8), fourth = tp_load_word(source + 12);
        tp_widen_four(first, words);
        tp_widen_four(second, words + 2);
        tp_widen_four(third, words + 4);
        tp_widen_four(fourth, words + 6);
    }
    target = (int16_t *)(void *)words;
#endif
    return tp_widen(source, count, target);
}

/** Sets `count` values, which are few. Returns the end of what was written. */
static inline int16_t *tp_fill16(int16_t value, int32_t count, int16_t *target) {
    for (; count > 0; count--) {
        *target++ = (int16_t)tp_not_unrolled(value);
    }
    return target;
}

/** Copies `count` words, an even number: what is read often from a slow flash. Returns the copy. */
static inline const uint32_t *tp_copy_words(const uint32_t *source, int32_t count, uint32_t *target) {
    for (int32_t i = 0; i < count; i += 2) {
        const uint32_t first = source[i], second = source[i + 1];
        target[i] = first;
        target[i + 1] = second;
    }
    return target;
}

/**
 * The input that output rows [row, row + rows) see: each input row from -pad_left on, `width` pixels of `padded`
 * values, which is input_channels or one more (that is never written, and weighs nothing).
 */
static TP_APART void tp_pack_strip(const tp_window_params *params, const int8_t *input, int32_t row, int32_t rows,
                                   int32_t width, int32_t padded, int16_t *target) {
    const int32_t channels = params->input_channels;
    const int32_t top = row * params->stride_height - params->pad_top;
    const int32_t bottom =
        top + (rows - 1) * params->stride_height + (params->window_height - 1) * params->dilation_height;
    const tp_columns columns = tp_columns_of(params, width);
    for (int32_t y = top; y <= bottom; y++) {
        if (y < 0 || y >= params->input_height) {
            target = tp_fill16(params->input_zero_point, width * padded, target);
            continue;
        }
        const int8_t *source = input + y * params->input_width * channels;
        target = tp_fill16(params->input_zero_point, columns.left * padded, target);
        if (padded == channels) {
            target = tp_widen_many(source, columns.inside * channels, target);
        } else {
            for (int32_t x = 0; x < columns.inside; x++) {
                target = tp_widen(source + x * channels, channels, target) + 1;
            }
        }
        target = tp_fill16(params->input_zero_point, columns.right * padded, target);
    }
}

static inline int32_t tp_between(int32_t low, int32_t value, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

/**
 * Columns [x, x + taps) of the rows that a window sees which begins in row `y`; in `target`, these rows lie one
 * window's row apart.
 */
static TP_APART void tp_pack_columns(const tp_window_params *params, const int8_t *input, int32_t y, int32_t x,
                                     int32_t taps, int16_t *target) {
    const int32_t channels = params->input_channels, step = (params->window_width - taps) * channels;
    const int32_t left = tp_between(0, -x, taps), right = tp_between(0, x + taps - params->input_width, taps - left);
    const int32_t before = left * channels, inside = (taps - left - right) * channels, after = right * channels;
    const int32_t bottom = inside > 0 ? params->input_height : 0; /* where no column is inside, no row is */
    const int32_t row_bytes = params->input_width * channels, dilation = params->dilation_height;
    const int32_t rows = tp_not_unrolled(params->window_height);
    const int16_t padding = params->input_zero_point;
    int32_t from = y * row_bytes + (x + left) * channels;
    for (int32_t i = 0; i < rows; i++, y += dilation, from += dilation * row_bytes, target += step) {
        if (y < 0 || y >= bottom) {
            target = tp_fill16(padding, taps * channels, target);
            continue;
        }
        target = tp_fill16(padding, before, target);
        target = tp_widen(input + from, inside, target);
        target = tp_fill16(padding, after, target);
    }
}

/** The patch of each output position of rows [row, row + rows), `size` values a patch: HWI, rounded up to even. */
static TP_APART void tp_pack_patches(const tp_window_params *params, const int8_t *input, int32_t row, int32_t rows,
                                     int32_t size, int16_t *target) {
    const int32_t taps = params->dilation_width == 1 ? params->window_width : 1;
    if (size == params->input_channels && tp_is_pointwise(params)) { /* patches are pixels, one after another */
        const int32_t width = params->input_width * size;
        tp_widen_many(input + row * width, rows * width, target);
        return;
    }
    for (int32_t y = row; y < row + rows; y++) {
        for (int32_t x = 0; x < params->output_width; x++, target += size) {
            const int32_t top = y * params->stride_height - params->pad_top;
            const int32_t left = x * params->stride_width - params->pad_left;
            for (int32_t j = 0; j < params->window_width; j += taps) {
                tp_pack_columns(params, input, top, left + j * params->dilation_width, taps,
                                target + j * params->input_channels);
            }
        }
    }
}

#endif
