/**
 * @file
 * Input of a convolution as pixel pairs in scratch memory: a word (x0 + 128) + x1 * 2^24 holds the same value of two
 * output positions, so that one long multiplication serves both (tp_pair_tile.h). Either the rows of the padded input
 * (strips), or each position's window, gathered (patches). Padding is the input's zero point.
 */
#ifndef TP_PIXEL_PAIRS_H
#define TP_PIXEL_PAIRS_H

#include <stdint.h>

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

/** One pixel of the input; padding where (y, x) lies beyond it. */
static inline tp_run tp_pixel_at(const tp_window_params *params, const int8_t *input, tp_run padding, int32_t y,
                                 int32_t x) {
    const int inside = y >= 0 && y < params->input_height && x >= 0 && x < params->input_width;
    const tp_run pixel = {input + (y * params->input_width + x) * params->input_channels, 4};
    return inside ? pixel : padding;
}

/** The windows of output positions `first` and `second`, counted row by row: HWI. Returns the end. */
static inline uint32_t *tp_pack_window_pair(const tp_window_params *params, const int8_t *input, int32_t first,
                                            int32_t second, uint32_t *target) {
    const int8_t zero = params->input_zero_point, zeros[4] = {zero, zero, zero, zero};
    const tp_run padding = {zeros, 0};
    const int32_t width = params->output_width;
    const int32_t y0 = first / width * params->stride_height - params->pad_top;
    const int32_t x0 = first % width * params->stride_width - params->pad_left;
    const int32_t y1 = second / width * params->stride_height - params->pad_top;
    const int32_t x1 = second % width * params->stride_width - params->pad_left;
    for (int32_t i = 0; i < params->window_height * params->dilation_height; i += params->dilation_height) {
        for (int32_t j = 0; j < params->window_width * params->dilation_width; j += params->dilation_width) {
            const tp_run a = tp_pixel_at(params, input, padding, y0 + i, x0 + j);
            const tp_run b = tp_pixel_at(params, input, padding, y1 + i, x1 + j);
            target = tp_pack_pairs(a, b, params->input_channels, target);
        }
    }
    return target;
}

#endif
