/**
 * @file
 * Convolution on the non-zero weights of one output channel and eight output positions at a time (tp_pair_block.h).
 */
#ifndef TP_CONV2D_CSR_DSP_S8_H
#define TP_CONV2D_CSR_DSP_S8_H

#include "tp_pair_block.h"
#include "tp_pair_tile.h"
#include "tp_requantize.h"
#include "tp_tile_lists.h"
#include "tp_types.h"

/**
 * Convolution, CSR weights, for the DSP extension.
 *
 * The generator proves for each output channel |bias| + 128 * sum(|weights|) < 2^23 and its requantization, and that no
 * offset is above 65,535. Bias and requantization are in the lists; of `requant` only the clamp is used.
 * @param weights    lists of `tp_pair_run_tiles`, one for each output channel
 * @param scratch    the packed strip or patches, and what the last tile of a line lacks of four pixels, aligned to 4
 * @param pixel_step bytes from one output position's packed input to the next one's: below 1366, a compile-time
 *                   constant
 * @param level      how to requantize (tp_tile_line.h), a compile-time constant
 */
static inline __attribute__((always_inline)) void
tp_conv2d_csr_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                     const tp_list_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output,
                     const int32_t pixel_step, const int32_t level) {
    (void)bias;
    tp_tile_lists of;
    tp_lists_begin(&of, params, requant, input, weights, scratch, output, tp_pack_pair_block, 1);
    while (tp_tiles_next(&of.tiles) || tp_lists_next(&of)) {
        tp_pair_run_tiles(&of.tiles.line, &of.tiles.inputs, pixel_step, level);
    }
}

#endif
