/**
 * @file
 * The input patch that one output position of a convolution sees, as one run of bytes.
 */
#ifndef TP_PATCH_H
#define TP_PATCH_H

#include <stdint.h>

#include "tp_types.h"

/** Copies `count` values; or sets them to `value` where `source` is null. Returns the end of what was written. */
static inline int8_t *tp_append(int8_t *target, const int8_t *source, int8_t value, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        target[i] = source ? source[i] : value;
    }
    return target + count;
}

/**
 * The patch of output position (row, column): window_height x window_width x input_channels values, row after row,
 * with the zero point where the window lies beyond the input. Gathered into `scratch`, unless the window is one pixel
 * without padding (scratch is then null): that is a run of the input already.
 */
static inline const int8_t *tp_patch(const tp_window_params *params, const int8_t *input, int32_t row, int32_t column,
                                     int8_t *scratch) {
    const int32_t channels = params->input_channels;
    const int32_t top = row * params->stride_height - params->pad_top;
    const int32_t left = column * params->stride_width - params->pad_left;
    if (!scratch) {
        return input + (top * params->input_width + left) * channels;
    }
    int8_t *end = scratch;
    for (int32_t i = 0; i < params->window_height; i++) {
        const int32_t y = top + i * params->dilation_height;
        for (int32_t j = 0; j < params->window_width; j++) {
            const int32_t x = left + j * params->dilation_width;
            const int inside = y >= 0 && y < params->input_height && x >= 0 && x < params->input_width;
            const int8_t *pixel = inside ? input + (y * params->input_width + x) * channels : 0;
            end = tp_append(end, pixel, params->input_zero_point, channels);
        }
    }
    return scratch;
}

#endif
