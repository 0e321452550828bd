/**
 * @file
 * The packed input of tiles of pixel pairs (tp_pair_tile.h).
 */
#ifndef TP_PAIR_BLOCK_H
#define TP_PAIR_BLOCK_H

#include "tp_apart.h"
#include "tp_columns.h"
#include "tp_pixel_pairs.h"
#include "tp_tile_block.h"
#include "tp_types.h"

/** A `tp_pack_block`: pixel pairs. The two halves of an odd number of rows or positions share the middle one. */
static TP_APART tp_tile_block tp_pack_pair_block(const tp_window_params *params, const int8_t *input, int32_t row,
                                                 int32_t rows, int32_t width, uint32_t *packed) {
    if (width) {
        const int32_t lines = (rows + 1) / 2, step = params->stride_height * width * params->input_channels;
        tp_pack_strip_pairs(params, input, row, lines, rows - lines, width, packed);
        return (tp_tile_block){lines, params->output_width, step, (rows - lines) * params->output_width};
    }
    const int32_t positions = rows * params->output_width, length = (positions + 1) / 2;
    const int32_t first = row * params->output_width, distance = positions - length;
    if (tp_is_pointwise(params)) {
        const tp_run above = {input + first * params->input_channels, 4};
        const tp_run under = {above.values + distance * params->input_channels, 4};
        tp_pack_pairs(above, under, length * params->input_channels, packed);
        return (tp_tile_block){1, length, 0, distance};
    }
    const int32_t size = params->window_height * params->window_width * params->input_channels;
    tp_fill_pairs(params->input_zero_point, length * size, packed);
    for (int32_t i = first; i < first + length; i++, packed += size) {
        uint8_t *words = (uint8_t *)(void *)packed;
        tp_pack_window(params, input, i, 0x80808080U, words);
        tp_pack_window(params, input, i + distance, 0, words + 3);
    }
    return (tp_tile_block){1, length, 0, distance};
}

#endif
