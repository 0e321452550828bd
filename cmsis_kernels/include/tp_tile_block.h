/**
 * @file
 * All output positions of a packed strip, or of packed patches, for one list of weights: tiles (tp_tile_line.h), line
 * by line. What goes on between tiles is shared by all instances of a kernel.
 */
#ifndef TP_TILE_BLOCK_H
#define TP_TILE_BLOCK_H

#include "tp_apart.h"
#include "tp_tile_line.h"

/** Output positions that are computed from one packing of the input: `lines` lines of `length` words of each value. */
typedef struct {
    int32_t lines, length;
    int32_t step;     /**< words of packed input from one line to the next */
    int32_t distance; /**< positions between the two of a word, where it holds two */
} tp_tile_block;

/** A block, and how far it is done. */
typedef struct {
    tp_tile_line line;
    const uint32_t *inputs; /**< of the next position of the line */
    tp_tile_block block;
    const uint32_t *packed;
    int32_t channels, row_bytes; /**< of the output */
    int32_t lines;               /**< still to do, behind this one */
    const uint32_t *next_inputs; /**< of the next line */
    int8_t *next_output;
} tp_tiles;

/** Before the first block. */
static inline void tp_tiles_start(tp_tiles *tiles, const uint32_t *packed, int32_t channels, int32_t width) {
    tiles->line.left = tiles->lines = 0;
    tiles->packed = packed;
    tiles->channels = channels;
    tiles->row_bytes = width * channels;
}

/** Goes on to another block, whose lines may be whole tiles where those of the last one were not. */
static inline void tp_tiles_enter(tp_tiles *tiles, tp_tile_block block) {
    tiles->block = block;
    for (int32_t i = 0; i < 3; i++) {
        tiles->line.offsets[i] = (i + 1) * tiles->channels;
    }
}

/**
 * Begins the block with another list.
 * @param distance from a position's first output to its second one
 * @param output   the first output of the block's first position
 */
static inline void tp_tiles_begin(tp_tiles *tiles, const uint32_t *list, int32_t distance, int8_t *output) {
    tiles->line.list = list;
    tiles->line.distance = distance;
    tiles->line.left = 0;
    tiles->lines = tiles->block.lines;
    tiles->next_inputs = tiles->packed;
    tiles->next_output = output;
}

/** Makes the tiles ready that can be run at once; 0 where all lines are done. */
static TP_APART int32_t tp_tiles_next(tp_tiles *tiles) {
    if (tiles->line.left <= 0) {
        if (tiles->lines == 0) {
            return 0;
        }
        tiles->lines--;
        tiles->line.left = tiles->block.length;
        tiles->line.output = tiles->next_output;
        tiles->inputs = tiles->next_inputs;
        tiles->next_output += tiles->row_bytes;
        tiles->next_inputs += tiles->block.step;
    }
    if (tiles->block.length % 4) {
        tp_aim_tile(&tiles->line, tiles->channels);
    }
    return 1;
}

/** Output rows of the strip that begins in row `row`. */
static inline int32_t tp_strip_rows(int32_t row, int32_t height, int32_t most) {
    return height - row < most ? height - row : most;
}

#endif
