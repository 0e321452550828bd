/**
 * @file
 * The part of a pooling window that lies inside the input.
 */
#ifndef TP_POOL_H
#define TP_POOL_H

#include <stdint.h>

#include "tp_types.h"

/** Input rows top to bottom - 1 and columns left to right - 1. */
typedef struct {
    int32_t top, bottom, left, right;
} tp_pool_window;

static inline tp_pool_window tp_pool_window_at(const tp_window_params *params, int32_t row, int32_t column) {
    const int32_t top = row * params->stride_height - params->pad_top;
    const int32_t left = column * params->stride_width - params->pad_left;
    const int32_t bottom = top + params->window_height;
    const int32_t right = left + params->window_width;
    const tp_pool_window window = {
        top > 0 ? top : 0,
        bottom < params->input_height ? bottom : params->input_height,
        left > 0 ? left : 0,
        right < params->input_width ? right : params->input_width,
    };
    return window;
}

#endif
