/**
 * @file
 * Convolution on the non-zero weights of one output channel and eight output positions at a time (tp_pair_block.h).
 */
#ifndef TP_CONV2D_CSR_DSP_S8_H
#define TP_CONV2D_CSR_DSP_S8_H

#include "tp_pair_block.h"
#include "tp_pair_tile.h"
#include "tp_requantize.h"
#include "tp_types.h"

typedef struct {
    const uint32_t *lists; /**< of `tp_pair_run_tiles`, one for each output channel */
    uint16_t width;        /**< of a strip, in pixels; 0: patches */
    uint16_t strip_rows;   /**< output rows for which input is packed at a time */
} tp_conv2d_csr_dsp_weights;

/** The tiles of a convolution: for each strip and each output channel those of a block. */
typedef struct {
    tp_tiles tiles;
    const tp_window_params *params;
    const int8_t *input;
    const tp_conv2d_csr_dsp_weights *weights;
    uint32_t *packed;
    int8_t *output;
    int32_t row, channel; /**< of the strip; of the output */
} tp_csr_tiles;

/** Begins the next list, for the next strip where it was the last one; 0 where there is none. */
static TP_APART int32_t tp_csr_next(tp_csr_tiles *of) {
    const tp_window_params *const params = of->params;
    const uint32_t *list = tp_next_list(of->tiles.line.list);
    if (++of->channel >= params->output_channels) {
        of->row += of->weights->strip_rows;
        if (of->row >= params->output_height) {
            return 0;
        }
        const int32_t rows = tp_strip_rows(of->row, params->output_height, of->weights->strip_rows);
        of->tiles.block = tp_pack_pair_block(params, of->input, of->row, rows, of->weights->width, of->packed);
        of->channel = 0;
        list = of->weights->lists;
    }
    tp_tiles_begin(&of->tiles, list, of->tiles.block.distance * params->output_channels,
                   of->output + of->row * of->tiles.row_bytes + of->channel);
    return tp_tiles_next(&of->tiles);
}

/** Before the first tiles. */
static TP_APART void tp_csr_begin(tp_csr_tiles *of) {
    tp_tiles_start(&of->tiles, of->packed, of->params->output_channels, of->params->output_width);
    of->tiles.line.list = of->weights->lists;
    of->row = -of->weights->strip_rows;
    of->channel = of->params->output_channels;
}

/**
 * Convolution, CSR weights, for the DSP extension.
 *
 * The generator proves for each output channel |bias| + 128 * sum(|weights|) < 2^23 and its requantization, and that no
 * offset is above 65,535. Bias and requantization are in the lists; of `requant` only the clamp is used.
 * @param scratch    the packed strip or patches, and what the last tile of a line lacks of four pixels, aligned to 4
 * @param pixel_step bytes from one output position's packed input to the next one's: below 1366, a compile-time
 *                   constant
 * @param level      how to requantize (tp_tile_line.h), a compile-time constant
 */
static inline __attribute__((always_inline)) void
tp_conv2d_csr_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                     const tp_conv2d_csr_dsp_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output,
                     const int32_t pixel_step, const int32_t level) {
    (void)bias;
    tp_csr_tiles of = {
        .params = params, .input = input, .weights = weights, .packed = (uint32_t *)(void *)scratch, .output = output};
    tp_csr_begin(&of);
    while (tp_tiles_next(&of.tiles) || tp_csr_next(&of)) {
        tp_pair_run_tiles(&of.tiles.line, &of.tiles.inputs, pixel_step, level);
    }
    tp_clamp_all(requant, params->output_height * params->output_width * params->output_channels, output);
}

#endif
