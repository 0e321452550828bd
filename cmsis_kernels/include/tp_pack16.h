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
    const int8_t *const end = source + count;
#if TP_HAS_DSP
    if (((uintptr_t)target & 2U) != 0 && source != end) { /* words are written to multiples of 4 */
        *target++ = *source++;
    }
    for (; end - source >= 4; source += 4, target += 4) {
        tp_widen_four(tp_load_word(source), (uint32_t *)(void *)target);
    }
#endif
    while (source != end) {
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
static TP_APART const uint32_t *tp_copy_words(const uint32_t *source, int32_t count, uint32_t *target) {
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
 * Columns [x, x + taps) of `rows` rows that a window sees, from row `y` on; in `target`, these rows lie one window's
 * row apart. Where some lie beyond the input, all are padding at first.
 */
static TP_APART void tp_pack_columns(const tp_window_params *params, const int8_t *input, int32_t y, int32_t x,
                                     int32_t taps, int32_t rows, int16_t *target) {
    const int32_t channels = params->input_channels, height = params->input_height,
                  row = params->input_width * channels;
    const int32_t dilation = params->dilation_height;
    const int32_t left = tp_between(0, -x, taps), right = tp_between(0, x + taps - params->input_width, taps - left);
    const int32_t inside = (taps - left - right) * channels, step = params->window_width * channels;
    if (left + right > 0 || y < 0 || y + (rows - 1) * dilation >= height) {
        for (int32_t i = 0; i < rows; i++) {
            tp_fill16(params->input_zero_point, taps * channels, target + i * step);
        }
    }
    const int8_t *source = input + y * row + (x + left) * channels;
    target += left * channels;
    for (int32_t i = 0; i < rows; i++, y += dilation, source += dilation * row, target += step) {
        if (y >= 0 && y < height) {
            tp_widen(source, inside, target);
        }
    }
}

/** `rows` rows of the window whose first column is `x`, from row `y` on. */
static inline void tp_pack_patch_rows(const tp_window_params *params, const int8_t *input, int32_t y, int32_t x,
                                      int32_t rows, int16_t *target) {
    const int32_t taps = params->dilation_width == 1 ? params->window_width : 1;
    for (int32_t j = 0; j < params->window_width; j += taps) {
        tp_pack_columns(params, input, y, x + j * params->dilation_width, taps, rows,
                        target + j * params->input_channels);
    }
}

/** The rows of a window that the one above it, in the output row before, sees too: where words can be copied, else 0.
 */
static inline int32_t tp_shared_rows(const tp_window_params *params) {
    const int32_t values = params->window_width * params->input_channels, stride = params->stride_height;
    const int32_t shared = params->window_height - stride;
    const int words = values * stride % 2 == 0 && values * shared % 4 == 0;
    return words && shared > 0 && params->dilation_height == 1 ? shared : 0;
}

/** The patch of each output position of rows [row, row + rows), `size` values a patch: HWI, rounded up to even. */
static TP_APART void tp_pack_patches(const tp_window_params *params, const int8_t *input, int32_t row, int32_t rows,
                                     int32_t size, int16_t *target) {
    const int32_t columns = params->output_width, values = params->window_width * params->input_channels;
    if (size == params->input_channels && tp_is_pointwise(params)) { /* patches are pixels, one after another */
        tp_widen_many(input + row * columns * size, rows * columns * size, target);
        return;
    }
    int32_t known = 0; /* rows of a window, from the patch above */
    for (int32_t y = row; y < row + rows; y++, known = tp_shared_rows(params)) {
        const int32_t top = y * params->stride_height - params->pad_top;
        for (int32_t x = 0; x < columns; x++, target += size) {
            if (known > 0) {
                const int16_t *above = target - columns * size + params->stride_height * values;
                tp_copy_words((const uint32_t *)(const void *)above, known * values / 2, (uint32_t *)(void *)target);
            }
            tp_pack_patch_rows(params, input, top + known, x * params->stride_width - params->pad_left,
                               params->window_height - known, target + known * values);
        }
    }
}

#endif
