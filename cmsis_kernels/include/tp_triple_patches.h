/**
 * @file
 * The windows of six output positions, gathered as triples (tp_triples.h): for each value of a window (HWI) four words,
 * two for each three positions.
 */
#ifndef TP_TRIPLE_PATCHES_H
#define TP_TRIPLE_PATCHES_H

#include <stdint.h>

#include "tp_staircase.h"
#include "tp_triples.h"
#include "tp_types.h"

/** Where a window begins in the input, padding included; `column` of output_width. */
typedef struct {
    int32_t y, x, column;
} tp_window_place;

/** The window of the next output position, row after row; the last one's again behind it (`left` positions to go). */
static inline tp_window_place tp_next_place(const tp_window_params *params, tp_window_place place, int32_t left) {
    if (left <= 1) {
        return place;
    }
    if (place.column + 1 < params->output_width) {
        return (tp_window_place){place.y, place.x + params->stride_width, place.column + 1};
    }
    return (tp_window_place){place.y + params->stride_height, -params->pad_left, 0};
}

/** One pixel of the input; `padding`, as many values, where (y, x) lies beyond it. */
static inline const int8_t *tp_pixel_or_padding(const tp_window_params *params, const int8_t *input,
                                                const int8_t *padding, int32_t y, int32_t x) {
    const int inside = y >= 0 && y < params->input_height && x >= 0 && x < params->input_width;
    return inside ? input + (y * params->input_width + x) * params->input_channels : padding;
}

/** Whether row `y` of three windows is a run of the input, without padding, in each. */
static inline int tp_are_runs(const tp_window_params *params, const tp_window_place places[3], int32_t down) {
    for (int32_t i = 0; i < 3; i++) {
        const int32_t y = places[i].y + down, x = places[i].x;
        if (y < 0 || y >= params->input_height || x < 0 || x + params->window_width > params->input_width) {
            return 0;
        }
    }
    return params->dilation_width == 1;
}

/** Three windows. */
static inline void tp_pack_three_windows(const tp_window_params *params, const int8_t *input, const int8_t *padding,
                                         const tp_window_place places[3], uint32_t *target) {
    const int32_t channels = params->input_channels;
    for (int32_t i = 0; i < params->window_height; i++) {
        const int32_t down = i * params->dilation_height;
        const int runs = tp_are_runs(params, places, down);
        const int32_t pieces = runs ? 1 : params->window_width,
                      length = runs ? params->window_width * channels : channels;
        for (int32_t j = 0; j < pieces; j++) {
            const int8_t *rows[3];
            for (int32_t k = 0; k < 3; k++) {
                rows[k] = tp_pixel_or_padding(params, input, padding, places[k].y + down,
                                              places[k].x + j * params->dilation_width);
            }
            target = tp_pack_triples(rows, length, target);
        }
    }
}

/** Six windows, from `place` on; moves it on behind them. */
static inline void tp_pack_six_windows(const tp_window_params *params, const int8_t *input, const int8_t *padding,
                                       tp_window_place *place, int32_t left, uint32_t *target) {
    for (int32_t half = 0; half < 2; half++) {
        tp_window_place places[3];
        for (int32_t i = 0; i < 3; i++, left--) {
            places[i] = *place;
            *place = tp_next_place(params, *place, left);
        }
        tp_pack_three_windows(params, input, padding, places, target + 2 * half);
    }
}

/** A pixel of padding at the end of scratch. */
static inline const int8_t *tp_pixel_of_padding(const tp_window_params *params, int8_t *end) {
    for (int32_t i = 0; i < params->input_channels; i++) {
        end[i] = params->input_zero_point;
    }
    return end;
}

#endif
