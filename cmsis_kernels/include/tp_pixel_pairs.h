/**
 * @file
 * Input of a convolution as pixel pairs in scratch memory: a word (x0 + 128) + x1 * 2^24 holds the same value of two
 * output positions, so that one long multiplication serves both (tp_pair_tile.h). Either the rows of the padded input
 * (strips), or each position's window, gathered (patches). Padding is the input's zero point.
 */
#ifndef TP_PIXEL_PAIRS_H
#define TP_PIXEL_PAIRS_H

#include <stdint.h>

#include "tp_apart.h"
#include "tp_columns.h"
#include "tp_dsp.h"
#include "tp_types.h"

/** A run of values: of the input, or of padding, four bytes that are read again and again (step 0). */
typedef struct {
    const int8_t *values;
    int32_t step; /**< from four values to the next four: 4 or 0 */
} tp_run;

static inline uint32_t tp_pixel_pair(int8_t first, int8_t second) {
    return (uint32_t)(first + 128) | (uint32_t)(uint8_t)second << 24;
}

/** `count` pairs of values of two runs. Returns the end of what was written. */
static inline uint32_t *tp_pack_pairs(tp_run first, tp_run second, int32_t count, uint32_t *target) {
    for (; count >= 4; count -= 4, first.values += first.step, second.values += second.step) {
        const uint32_t a = tp_load_word(first.values) ^ 0x80808080U, b = tp_load_word(second.values);
        const uint32_t a02 = tp_uxtb16(a), a13 = tp_uxtb16_ror8(a);
        const uint32_t b02 = b << 8 & 0xFF00FF00U, b13 = b & 0xFF00FF00U; /* values in the high bytes of halfwords */
        *target++ = tp_pkhbt(a02, b02);
        *target++ = tp_pkhbt(a13, b13);
        *target++ = tp_pkhtb(b02, a02);
        *target++ = tp_pkhtb(b13, a13);
    }
    for (int32_t i = 0; i < count; i++) {
        *target++ = tp_pixel_pair(first.values[i], second.values[i]);
    }
    return target;
}

/**
 * The input that output rows [row, row + rows) and, as second values, those `distance` rows further down see: each
 * input row from -pad_left on, `width` pixels.
 */
static inline void tp_pack_strip_pairs(const tp_window_params *params, const int8_t *input, int32_t row, int32_t rows,
                                       int32_t distance, int32_t width, uint32_t *target) {
    const int32_t channels = params->input_channels, row_values = params->input_width * channels;
    const int8_t zero = params->input_zero_point, zeros[4] = {zero, zero, zero, zero};
    const tp_run padding = {zeros, 0};
    const int32_t top = row * params->stride_height - params->pad_top, below = distance * params->stride_height;
    const int32_t bottom =
        top + (rows - 1) * params->stride_height + (params->window_height - 1) * params->dilation_height;
    const tp_columns columns = tp_columns_of(params, width);
    for (int32_t y = top; y <= bottom; y++) {
        const tp_run above = {input + y * row_values, 4}, under = {input + (y + below) * row_values, 4};
        const tp_run first = y < 0 || y >= params->input_height ? padding : above;
        const tp_run second = y + below < 0 || y + below >= params->input_height ? padding : under;
        target = tp_pack_pairs(padding, padding, columns.left * channels, target);
        target = tp_pack_pairs(first, second, columns.inside * channels, target);
        target = tp_pack_pairs(padding, padding, columns.right * channels, target);
    }
}

/** Sets `count` words to the pair of two equal values. */
static inline void tp_fill_pairs(int8_t value, int32_t count, uint32_t *target) {
    const uint32_t pair = tp_pixel_pair(value, value);
    for (; count >= 4; count -= 4, target += 4) {
        target[0] = pair;
        target[1] = pair;
        target[2] = pair;
        target[3] = pair;
    }
    for (; count > 0; count--) {
        *target++ = pair;
    }
}

/** Writes `count` values, exclusive-ored with the bytes of `flip`, into every fourth byte. */
static inline void tp_spread(const int8_t *values, int32_t count, uint32_t flip, uint8_t *target) {
    for (; count >= 4; count -= 4, values += 4, target += 16) {
        const uint32_t four = tp_load_word(values) ^ flip;
        target[0] = (uint8_t)four;
        target[4] = (uint8_t)(four >> 8);
        target[8] = (uint8_t)(four >> 16);
        target[12] = (uint8_t)(four >> 24);
    }
    for (; count > 0; count--, values++, target += 4) {
        *target = (uint8_t)((uint8_t)*values ^ (flip & 0xFFU));
    }
}

/**
 * What the window of output position `position`, counted row by row, sees of the input, in the order HWI: into one byte
 * of each word, which holds padding.
 * @param flip   0x80808080 for first values of pairs, 0 for second ones
 * @param target that byte of the first word
 */
static TP_APART void tp_pack_window(const tp_window_params *params, const int8_t *input, int32_t position,
                                    uint32_t flip, uint8_t *target) {
    const int32_t channels = params->input_channels, width = params->input_width;
    const int32_t top = position / params->output_width * params->stride_height - params->pad_top;
    const int32_t left = position % params->output_width * params->stride_width - params->pad_left;
    const int32_t taps = params->dilation_width == 1 ? params->window_width : 1; /* neighbours in memory */
    for (int32_t j = 0; j < params->window_width; j += taps) {
        const int32_t x = left + j * params->dilation_width;
        const int32_t before = x < 0 ? -x : 0, end = x + taps > width ? width - x : taps;
        const int8_t *source = input + (x + before) * channels;
        uint8_t *row = target + 4 * (j + before) * channels;
        for (int32_t i = 0; i < params->window_height; i++, row += 4 * params->window_width * channels) {
            const int32_t y = top + i * params->dilation_height;
            if (y >= 0 && y < params->input_height) {
                tp_spread(source + y * width * channels, (end - before) * channels, flip, row);
            }
        }
    }
}

#endif
