/**
 * @file
 * All output positions of a packed strip, or of packed patches, for one output channel: tiles of pixel pairs
 * (tp_pair_tile.h) line by line.
 */
#ifndef TP_PAIR_BLOCK_H
#define TP_PAIR_BLOCK_H

#include "tp_apart.h"
#include "tp_pair_tile.h"
#include "tp_pixel_pairs.h"
#include "tp_types.h"

/** Output positions that are computed from one packing of the input: `lines` lines of `length` pairs of them. */
typedef struct {
    int32_t lines, length;
    int32_t step;     /**< words of packed input from one line to the next */
    int32_t distance; /**< positions between the two of a pair */
} tp_pair_block;

/** Whether each output position reads the pixel of the same number: the windows of all are a run of the input. */
static inline int tp_is_pointwise(const tp_window_params *params) {
    return params->window_height == 1 && params->window_width == 1 && params->output_width == params->input_width &&
           params->output_height == params->input_height;
}

/**
 * Packs output rows [row, row + rows). The two halves of an odd number of rows or positions share the middle one. Not
 * inlined: instances share it, and unroll no loop around a tile for lengths that they know.
 */
static TP_APART tp_pair_block tp_pack_pair_block(const tp_window_params *params, const int8_t *input, int32_t row,
                                                 int32_t rows, int32_t width, uint32_t *packed) {
    if (width) {
        const int32_t lines = (rows + 1) / 2, step = params->stride_height * width * params->input_channels;
        tp_pack_strip_pairs(params, input, row, lines, rows - lines, width, packed);
        return (tp_pair_block){lines, params->output_width, step, (rows - lines) * params->output_width};
    }
    const int32_t positions = rows * params->output_width, length = (positions + 1) / 2;
    const int32_t first = row * params->output_width, distance = positions - length;
    if (tp_is_pointwise(params)) {
        const tp_run above = {input + first * params->input_channels, 4};
        const tp_run under = {above.values + distance * params->input_channels, 4};
        tp_pack_pairs(above, under, length * params->input_channels, packed);
        return (tp_pair_block){1, length, 0, distance};
    }
    const int32_t size = params->window_height * params->window_width * params->input_channels;
    tp_fill_pairs(params->input_zero_point, length * size, packed);
    for (int32_t i = first; i < first + length; i++, packed += size) {
        uint8_t *words = (uint8_t *)(void *)packed;
        tp_pack_window(params, input, i, 0x80808080U, words);
        tp_pack_window(params, input, i + distance, 0, words + 3);
    }
    return (tp_pair_block){1, length, 0, distance};
}

/**
 * The outputs of one channel.
 * @param list       of `tp_pair_run_tiles`
 * @param packed     the input of `block`
 * @param channels   of the output
 * @param row_bytes  of the output
 * @param output     this channel of the block's first position
 * @param pixel_step bytes from one position's packed input to the next one's, a compile-time constant below 1366
 * @param level      how to requantize (tp_tile_line.h), a compile-time constant
 */
static inline __attribute__((always_inline)) void tp_pair_run_channel(const uint32_t *list, tp_pair_block block,
                                                                      const uint32_t *packed, int32_t channels,
                                                                      int32_t row_bytes, int8_t *output,
                                                                      const int32_t pixel_step, const int32_t level) {
    tp_tile_line line = tp_tile_line_of(list, block.distance * channels, channels);
    for (int32_t lines = block.lines; lines > 0; lines--, packed += block.step, output += row_bytes) {
        const uint32_t *x = packed;
        line.output = output;
        line.left = block.length;
        do {
            if (block.length % 4) {
                tp_aim_tile(&line, channels);
            }
            tp_pair_run_tiles(&line, &x, pixel_step, level);
        } while (line.left > 0);
    }
}

#endif
