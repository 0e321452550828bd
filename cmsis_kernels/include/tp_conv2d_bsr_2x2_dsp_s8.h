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
#include "tp_tile_lists.h"
#include "tp_types.h"

/** A `tp_pack_block`: int16 pairs. */
static TP_APART tp_tile_block tp_pack_block_lines(const tp_window_params *params, const int8_t *input, int32_t row,
                                                  int32_t rows, int32_t width, uint32_t *words) {
    const int32_t channels = params->input_channels;
    int16_t *const packed = (int16_t *)(void *)words;
    if (width) {
        tp_pack_strip(params, input, row, rows, width, (channels + 1) & ~1, packed);
        return (tp_tile_block){rows, params->output_width, params->stride_height * width * ((channels + 1) / 2), 0};
    }
    const int32_t size = (params->window_height * params->window_width * channels + 1) & ~1;
    tp_pack_patches(params, input, row, rows, size, packed);
    return (tp_tile_block){1, rows * params->output_width, 0, 0};
}

/**
 * Convolution, weights in blocks of two output channels and two inputs, for the DSP extension.
 *
 * The generator proves for each output channel |bias| + 128 * sum(|weights|) < 2^23 and its requantization, and that
 * no weight of -128 stands above a negative one in a block. Bias and requantization are in the lists; of `requant` only
 * the clamp is used.
 * @param weights    lists of `tp_block_run_tiles`, one for each two output channels: a last one without a partner has
 *                   one of zeros
 * @param scratch    the packed strip or patches, and what the last tile of a line lacks of four pixels, aligned to 4
 * @param pixel_step bytes from one output position's packed input to the next one's: below 1366, a compile-time
 *                   constant
 * @param level      how to requantize (tp_tile_line.h), a compile-time constant
 */
static inline __attribute__((always_inline)) void
tp_conv2d_bsr_2x2_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                         const tp_list_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output,
                         const int32_t pixel_step, const int32_t level) {
    (void)bias;
    tp_tile_lists of;
    tp_lists_begin(&of, params, requant, input, weights, scratch, output, tp_pack_block_lines, 2);
    while (tp_tiles_next(&of.tiles) || tp_lists_next(&of)) {
        tp_block_run_tiles(&of.tiles.line, &of.tiles.inputs, pixel_step, level);
    }
}

#endif
