/**
 * @file
 * A sparse convolution list by list (tp_tile_line.h): for each strip of packed input and each list the tiles of a
 * block.
 */
#ifndef TP_TILE_LISTS_H
#define TP_TILE_LISTS_H

#include "tp_apart.h"
#include "tp_clamp.h"
#include "tp_requantize.h"
#include "tp_tile_block.h"
#include "tp_types.h"

/** The lists of a layer, one behind the other. */
typedef struct {
    const uint32_t *lists;
    uint16_t width;      /**< of a strip, in pixels; 0: patches */
    uint16_t strip_rows; /**< output rows for which input is packed at a time */
} tp_list_weights;

/** Packs output rows [row, row + rows). */
typedef tp_tile_block tp_pack_block(const tp_window_params *params, const int8_t *input, int32_t row, int32_t rows,
                                    int32_t width, uint32_t *packed);

/** What a convolution goes through. */
typedef struct {
    tp_tiles tiles;
    const tp_window_params *params;
    const tp_requant *requant;
    const int8_t *input;
    const tp_list_weights *weights;
    uint32_t *packed;
    int8_t *output;
    tp_pack_block *pack;
    int32_t list_channels; /**< outputs of a position that a list has: 1, and those of two positions; or 2 */
    int32_t row, channel;  /**< of the strip; of the output */
} tp_tile_lists;

/** Before the first tiles, from the members that are set. */
static TP_APART void tp_lists_start(tp_tile_lists *of) {
    tp_tiles_start(&of->tiles, of->packed, of->params->output_channels, of->params->output_width);
    of->tiles.line.list = of->weights->lists;
    of->row = -of->weights->strip_rows;
    of->channel = of->params->output_channels;
}

/** Before the first tiles. `scratch` is for what `pack` packs, aligned to 4; a list has `list_channels`, 1 or 2. */
static inline void tp_lists_begin(tp_tile_lists *of, const tp_window_params *params, const tp_requant *requant,
                                  const int8_t *input, const tp_list_weights *weights, int8_t *scratch, int8_t *output,
                                  tp_pack_block *pack, int32_t list_channels) {
    of->params = params;
    of->requant = requant;
    of->input = input;
    of->weights = weights;
    of->packed = (uint32_t *)(void *)scratch;
    of->output = output;
    of->pack = pack;
    of->list_channels = list_channels;
    tp_lists_start(of);
}

/** Begins the next list, for the next strip where it was the last one; at the end clamps all outputs, and returns 0. */
static TP_APART int32_t tp_lists_next(tp_tile_lists *of) {
    const tp_window_params *const params = of->params;
    const int32_t channels = params->output_channels;
    const uint32_t *list = tp_next_list(of->tiles.line.list);
    of->channel += of->list_channels;
    if (of->channel >= channels) {
        of->row += of->weights->strip_rows;
        if (of->row >= params->output_height) {
            tp_clamp_all(of->requant, params->output_height * of->tiles.row_bytes, of->output);
            return 0;
        }
        const int32_t rows = tp_strip_rows(of->row, params->output_height, of->weights->strip_rows);
        tp_tiles_enter(&of->tiles, of->pack(params, of->input, of->row, rows, of->weights->width, of->packed));
        of->channel = 0;
        list = of->weights->lists;
    }
    const int32_t beside = of->channel + 1 < channels ? 1 : 0; /* a last channel without a partner is its own */
    tp_tiles_begin(&of->tiles, list, of->list_channels == 2 ? beside : of->tiles.block.distance * channels,
                   of->output + of->row * of->tiles.row_bytes + of->channel);
    return tp_tiles_next(&of->tiles);
}

#endif
