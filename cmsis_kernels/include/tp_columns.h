/**
 * @file
 * What packed input is made of.
 */
#ifndef TP_COLUMNS_H
#define TP_COLUMNS_H

#include <stdint.h>

#include "tp_types.h"

/** Pixels of padding, of the input from its first one on, and of padding again. */
typedef struct {
    int32_t left, inside, right;
} tp_columns;

/** `width` pixels, of `padding` and then an input of `size`. They may be padding alone: it may be wider than the
 * window. */
static inline tp_columns tp_columns_in(int32_t padding, int32_t size, int32_t width) {
    const int32_t left = padding < width ? padding : width, rest = width - left;
    const int32_t inside = rest < size ? rest : size;
    return (tp_columns){left, inside, rest - inside};
}

/** The `width` pixels from column -pad_left on. */
static inline tp_columns tp_columns_of(const tp_window_params *params, int32_t width) {
    return tp_columns_in(params->pad_left, params->input_width, width);
}

/**
 * Whether each output position sees the pixel of the same number alone: all windows are one run of the input. With a
 * longer stride padding may make as many outputs of other pixels.
 */
static inline int tp_is_pointwise(const tp_window_params *params) {
    return params->window_height == 1 && params->window_width == 1 && params->stride_height == 1 &&
           params->stride_width == 1 && params->output_height == params->input_height &&
           params->output_width == params->input_width;
}

#endif
