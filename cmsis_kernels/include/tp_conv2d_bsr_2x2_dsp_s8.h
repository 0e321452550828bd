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

typedef struct {
    const uint32_t *lists; /**< of `tp_block_run_tiles`, one for each two output channels; a last one without a partner
 has one of zeros */
    uint16_t width;        /**< of a strip, in pixels; 0: patches */
    uint16_t strip_rows;   /**< output rows for which input is packed at a time */
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
    const int32_t channels = params->output_channels, row_bytes = params->output_width * channels;
    const uint32_t *packed = (const uint32_t *)(const void *)scratch;
    for (int32_t row = 0; row < params->output_height; row += weights->strip_rows) {
        const int32_t left = params->output_height - row;
        const int32_t rows = left < weights->strip_rows ? left : weights->strip_rows;
        const tp_block_lines block =
            tp_pack_block_lines(params, input, row, rows, weights->width, (int16_t *)(void *)scratch);
        const uint32_t *list = weights->lists;
        for (int32_t i = 0; i < channels; i += 2, list = tp_next_list(list)) {
            tp_tile_line line = tp_tile_line_of(list, i + 1 < channels ? 1 : 0, channels);
            const uint32_t *inputs = packed;
            int8_t *target = output + row * row_bytes + i;
            for (int32_t lines = block.lines; lines > 0; lines--, inputs += block.step, target += row_bytes) {
                const uint32_t *x = inputs;
                line.output = target;
                line.left = block.length;
                do {
                    if (block.length % 4) {
                        tp_aim_tile(&line, channels);
                    }
                    tp_block_run_tiles(&line, &x, pixel_step, level);
                } while (line.left > 0);
            }
        }
    }
    tp_clamp_all(requant, params->output_height * row_bytes, output);
}

#endif
