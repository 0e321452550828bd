/**
 * @file
 * Convolution on the non-zero 2x2 blocks of two output channels and four output positions at a time (tp_block_tile.h).
 */
#ifndef TP_CONV2D_BSR_2X2_DSP_S8_H
#define TP_CONV2D_BSR_2X2_DSP_S8_H

#include "tp_apart.h"
#include "tp_block_tile.h"
#include "tp_pack16.h"
#include "tp_requantize.h"
#include "tp_tile_block.h"
#include "tp_types.h"

typedef struct {
    const uint32_t *lists; /**< of `tp_block_run_tiles`, one for each two output channels; a last one without a partner
 has one of zeros */
    uint16_t width;        /**< of a strip, in pixels; 0: patches */
    uint16_t strip_rows;   /**< output rows for which input is packed at a time */
} tp_conv2d_bsr_2x2_dsp_weights;

/**
 * Packs output rows [row, row + rows).
 */
static TP_APART tp_tile_block tp_pack_block_lines(const tp_window_params *params, const int8_t *input, int32_t row,
                                                  int32_t rows, int32_t width, int16_t *packed) {
    const int32_t channels = params->input_channels;
    if (width) {
        tp_pack_strip(params, input, row, rows, width, (params->input_channels + 1) & ~1, packed);
        return (tp_tile_block){rows, params->output_width, params->stride_height * width * ((channels + 1) / 2), 0};
    }
    const int32_t size = (params->window_height * params->window_width * channels + 1) & ~1;
    tp_pack_patches(params, input, row, rows, size, packed);
    return (tp_tile_block){1, rows * params->output_width, 0, 0};
}

/** The tiles of a convolution: for each strip and each two output channels those of a block. */
typedef struct {
    tp_tiles tiles;
    const tp_window_params *params;
    const int8_t *input;
    const tp_conv2d_bsr_2x2_dsp_weights *weights;
    int16_t *packed;
    int8_t *output;
    int32_t row, channel; /**< of the strip; of the output */
} tp_block_tiles;

/** Begins the next list, for the next strip where it was the last one; 0 where there is none. */
static TP_APART int32_t tp_block_next(tp_block_tiles *of) {
    const tp_window_params *const params = of->params;
    const uint32_t *list = tp_next_list(of->tiles.line.list);
    of->channel += 2;
    if (of->channel >= params->output_channels) {
        of->row += of->weights->strip_rows;
        if (of->row >= params->output_height) {
            return 0;
        }
        const int32_t rows = tp_strip_rows(of->row, params->output_height, of->weights->strip_rows);
        of->tiles.block = tp_pack_block_lines(params, of->input, of->row, rows, of->weights->width, of->packed);
        of->channel = 0;
        list = of->weights->lists;
    }
    tp_tiles_begin(&of->tiles, list, of->channel + 1 < params->output_channels ? 1 : 0,
                   of->output + of->row * of->tiles.row_bytes + of->channel);
    return tp_tiles_next(&of->tiles);
}

/** Before the first tiles. */
static TP_APART void tp_block_begin(tp_block_tiles *of) {
    const uint32_t *const packed = (const uint32_t *)(const void *)of->packed;
    tp_tiles_start(&of->tiles, packed, of->params->output_channels, of->params->output_width);
    of->tiles.line.list = of->weights->lists;
    of->row = -of->weights->strip_rows;
    of->channel = of->params->output_channels;
}

/**
 * Convolution, weights in blocks of two output channels and two inputs, for the DSP extension.
 *
 * The generator proves for each output channel |bias| + 128 * sum(|weights|) < 2^23 and its requantization, and that
 * no weight of -128 stands above a negative one in a block. Bias and requantization are in the lists; of `requant` only
 * the clamp is used.
 * @param scratch    the packed strip or patches, and what the last tile of a line lacks of four pixels, aligned to 4
 * @param pixel_step bytes from one output position's packed input to the next one's: below 1366, a compile-time
 *                   constant
 * @param level      how to requantize (tp_tile_line.h), a compile-time constant
 */
static inline __attribute__((always_inline)) void
tp_conv2d_bsr_2x2_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                         const tp_conv2d_bsr_2x2_dsp_weights *weights, const int32_t *bias, int8_t *scratch,
                         int8_t *output, const int32_t pixel_step, const int32_t level) {
    (void)bias;
    tp_block_tiles of = {
        .params = params, .input = input, .weights = weights, .packed = (int16_t *)(void *)scratch, .output = output};
    tp_block_begin(&of);
    while (tp_tiles_next(&of.tiles) || tp_block_next(&of)) {
        tp_block_run_tiles(&of.tiles.line, &of.tiles.inputs, pixel_step, level);
    }
    tp_clamp_all(requant, params->output_height * params->output_width * params->output_channels, output);
}

#endif
