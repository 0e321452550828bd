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
#include "tp_types.h"

/**
 * A list for each two output channels (a last one without a partner has one of zeros): the number of blocks that are
 * not zero; for each of them two words, the block (tp_block_tile.h) and the way, in bytes, to its inputs from those of
 * the block before, at first from those of a tile; 0 and the way to the next tile.
 */
typedef struct {
    const uint32_t *lists;
    uint16_t width;      /**< of a strip, in pixels; 0: patches */
    uint16_t strip_rows; /**< output rows for which input is packed at a time */
} tp_conv2d_bsr_2x2_dsp_weights;

/** Output positions that are computed from one packing of the input: `lines` lines of `length` of them. */
typedef struct {
    int32_t lines, length;
    int32_t step; /**< words of packed input from one line to the next */
} tp_block_lines;

/**
 * Packs output rows [row, row + rows). Not inlined: instances share it, and unroll no loop around a tile for lengths
 * that they know.
 */
static TP_APART tp_block_lines tp_pack_block_lines(const tp_window_params *params, const int8_t *input, int32_t row,
                                                   int32_t rows, int32_t width, int16_t *packed) {
    const int32_t channels = params->input_channels;
    if (width) {
        tp_pack_strip(params, input, row, rows, width, (params->input_channels + 1) & ~1, packed);
        return (tp_block_lines){rows, params->output_width, params->stride_height * width * ((channels + 1) / 2)};
    }
    const int32_t size = (params->window_height * params->window_width * channels + 1) & ~1;
    tp_pack_patches(params, input, row, rows, size, packed);
    return (tp_block_lines){1, rows * params->output_width, 0};
}

static inline tp_block_channels tp_block_load(const tp_requant *requant, const int32_t *bias, int32_t channel,
                                              int32_t partner, const uint32_t *list) {
    const int32_t low = bias[partner], skipped = tp_skipped_entries((int32_t)*list) * TP_BLOCK_ENTRY_BYTES;
    const int32_t sum = (int32_t)(256U * (uint32_t)bias[channel] + (uint32_t)low);
    const tp_right_requant first = tp_right_requant_of(requant, channel);
    const tp_right_requant second = tp_right_requant_of(requant, partner);
    return (tp_block_channels){list + 1, sum, low, skipped, {first, second}, {0, 0, {0, 0, 0}, 0}};
}

/**
 * Convolution, weights in blocks of two output channels and two inputs, for the DSP extension.
 *
 * The generator proves for each output channel |bias| + 128 * sum(|weights|) < 2^23, a shift in [-23, -1], and that no
 * weight of -128 stands above a negative one in a block.
 * @param scratch    the packed strip or patches, and what the last tile of a line lacks of four pixels, aligned to 4
 * @param pixel_step bytes from one output position's packed input to the next one's: below 1366, a compile-time
 *                   constant
 * @param signs      0 where the output's zero point is -128, a compile-time constant
 */
static inline __attribute__((always_inline)) void
tp_conv2d_bsr_2x2_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                         const tp_conv2d_bsr_2x2_dsp_weights *weights, const int32_t *bias, int8_t *scratch,
                         int8_t *output, const int32_t pixel_step, const int32_t signs) {
    const int32_t channels = params->output_channels, row_bytes = params->output_width * channels;
    const uint32_t *packed = (const uint32_t *)(const void *)scratch;
    for (int32_t row = 0; row < params->output_height; row += weights->strip_rows) {
        const int32_t left = params->output_height - row;
        const int32_t rows = left < weights->strip_rows ? left : weights->strip_rows;
        const tp_block_lines block =
            tp_pack_block_lines(params, input, row, rows, weights->width, (int16_t *)(void *)scratch);
        const uint32_t *list = weights->lists;
        for (int32_t i = 0; i < channels; i += 2) {
            const int32_t partner = i + 1 < channels ? 1 : 0;
            tp_block_channels pair = tp_block_load(requant, bias, i, i + partner, list);
            pair.line = tp_tile_line_of(partner, channels);
            const uint32_t *line = packed;
            int8_t *target = output + row * row_bytes + i;
            for (int32_t lines = block.lines; lines > 0; lines--, line += block.step, target += row_bytes) {
                const uint32_t *x = line;
                pair.line.output = target;
                pair.line.left = block.length;
                do {
                    if (block.length % 4) {
                        tp_aim_tile(&pair.line, channels);
                    }
                    tp_block_run_tiles(&pair, &x, pixel_step, signs);
                } while (pair.line.left > 0);
            }
            list += 3 + 2 * *list;
        }
    }
    tp_clamp_all(requant, params->output_height * row_bytes, output);
}

#endif
