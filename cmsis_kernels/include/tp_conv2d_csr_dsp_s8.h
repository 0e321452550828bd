/**
 * @file
 * Convolution on the non-zero weights of one output channel and eight output positions at a time (tp_pair_block.h).
 */
#ifndef TP_CONV2D_CSR_DSP_S8_H
#define TP_CONV2D_CSR_DSP_S8_H

#include "tp_pair_block.h"
#include "tp_requantize.h"
#include "tp_types.h"

typedef struct {
    const uint32_t *lists; /**< of `tp_pair_run_tiles`, one for each output channel */
    uint16_t width;        /**< of a strip, in pixels; 0: patches */
    uint16_t strip_rows;   /**< output rows for which input is packed at a time */
} tp_conv2d_csr_dsp_weights;

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
    const int32_t channels = params->output_channels, row_bytes = params->output_width * channels;
    uint32_t *packed = (uint32_t *)(void *)scratch;
    for (int32_t row = 0; row < params->output_height; row += weights->strip_rows) {
        const int32_t left = params->output_height - row;
        const int32_t rows = left < weights->strip_rows ? left : weights->strip_rows;
        const tp_pair_block block = tp_pack_pair_block(params, input, row, rows, weights->width, packed);
        const uint32_t *list = weights->lists;
        for (int32_t i = 0; i < channels; i++, list = tp_next_list(list)) {
            tp_pair_run_channel(list, block, packed, channels, row_bytes, output + row * row_bytes + i, pixel_step,
                                level);
        }
    }
    tp_clamp_all(requant, params->output_height * row_bytes, output);
}

#endif
