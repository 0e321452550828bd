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

/** Whether a window has no padding, and its rows are runs of the input. */
static inline int tp_is_inside(const tp_window_params *params, tp_window_place place) {
    const int32_t bottom = place.y + (params->window_height - 1) * params->dilation_height;
    const int32_t right = place.x + params->window_width - 1;
    return params->dilation_width == 1 && place.y >= 0 && place.x >= 0 && bottom < params->input_height &&
           right < params->input_width;
}

/** Three windows inside. */
static inline void tp_pack_three_inside(const tp_window_params *params, const int8_t *input,
                                        const tp_window_place places[3], uint32_t *target) {
    const int32_t channels = params->input_channels, row_bytes = params->input_width * channels;
    const int8_t *rows[3];
    for (int32_t k = 0; k < 3; k++) {
        rows[k] = input + places[k].y * row_bytes + places[k].x * channels;
    }
    for (int32_t i = 0; i < params->window_height; i++) {
        target = tp_pack_triples(rows, params->window_width * channels, target);
        for (int32_t k = 0; k < 3; k++) {
            rows[k] += params->dilation_height * row_bytes;
        }
    }
}

/** Three windows, of which some see padding. */
static inline void tp_pack_three_padded(const tp_window_params *params, const int8_t *input, const int8_t *padding,
                                        const tp_window_place places[3], uint32_t *target) {
    const int32_t channels = params->input_channels, width = params->input_width;
    const int32_t last = (params->window_width - 1) * params->dilation_width;
    for (int32_t i = 0; i < params->window_height; i++) {
        const int8_t *rows[3], *pixels[3];
        for (int32_t k = 0; k < 3; k++) {
            const int32_t y = places[k].y + i * params->dilation_height;
            rows[k] = y >= 0 && y < params->input_height ? input + y * width * channels : 0;
        }
        for (int32_t x = 0; x <= last; x += params->dilation_width) {
            for (int32_t k = 0; k < 3; k++) {
                const int32_t at = places[k].x + x;
                pixels[k] = rows[k] && at >= 0 && at < width ? rows[k] + at * channels : padding;
            }
            target = tp_pack_triples(pixels, channels, target);
        }
    }
}

/** The windows of a number of tiles of six positions, from `place` on; moves it on behind them. */
static inline void tp_pack_tiles(const tp_window_params *params, const int8_t *input, const int8_t *padding,
                                 tp_window_place *place, int32_t left, int32_t tiles, int32_t tile_words,
                                 uint32_t *target) {
    for (int32_t half = 0; half < 2 * tiles; half++) {
        tp_window_place places[3];
        int inside = 1;
        for (int32_t i = 0; i < 3; i++, left--) {
            places[i] = *place;
            inside = inside && tp_is_inside(params, *place);
            *place = tp_next_place(params, *place, left);
        }
        if (inside) {
            tp_pack_three_inside(params, input, places, target);
        } else {
            tp_pack_three_padded(params, input, padding, places, target);
        }
        target += half % 2 == 0 ? 2 : tile_words - 2;
    }
}

/** What a convolution keeps in scratch memory. */
typedef struct {
    int32_t *sums;    /**< six for each tile */
    uint32_t *packed; /**< the windows of each tile */
    int8_t *padding;  /**< a pixel */
} tp_tile_memory;

static inline tp_tile_memory tp_tile_memory_of(const tp_window_params *params, int8_t *scratch, int32_t tiles,
                                               int32_t tile_words) {
    int32_t *sums = (int32_t *)(void *)scratch;
    uint32_t *packed = (uint32_t *)(void *)(sums + TP_TRIPLE_VALUES * tiles);
    int8_t *padding = (int8_t *)(packed + tiles * tile_words);
    for (int32_t i = 0; i < params->input_channels; i++) {
        padding[i] = params->input_zero_point;
    }
    return (tp_tile_memory){sums, packed, padding};
}

/** Of so many tiles with the first channel's weights. */
static inline tp_sweep tp_sweep_of(const tp_tile_memory *memory, int32_t tiles, int32_t tile_words,
                                   const uint32_t *weights) {
    int32_t *sums = memory->sums;
    return (tp_sweep){memory->packed, 4 * tile_words, weights, weights, sums, sums + TP_TRIPLE_VALUES * tiles, 0};
}

#endif
