/**
 * @file
 * What a packed row of input is made of.
 */
#ifndef TP_COLUMNS_H
#define TP_COLUMNS_H

#include <stdint.h>

#include "tp_types.h"

/** Pixels of padding, of the input from its first one on, and of padding again. */
typedef struct {
    int32_t left, inside, right;
} tp_columns;

/** The `width` pixels from column -pad_left on. They may be padding alone: padding may be wider than the window. */
static inline tp_columns tp_columns_of(const tp_window_params *params, int32_t width) {
    const int32_t left = params->pad_left < width ? params->pad_left : width, rest = width - left;
    const int32_t inside = rest < params->input_width ? rest : params->input_width;
    return (tp_columns){left, inside, rest - inside};
}

#endif
