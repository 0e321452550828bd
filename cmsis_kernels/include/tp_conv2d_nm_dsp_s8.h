/**
 * @file
 * Convolution on N:M weights, one output channel and eight output positions at a time (tp_pair_block.h). The list of a
 * channel's non-zeros is made in scratch memory, once for each strip: in flash there are bytes and places alone.
 */
#ifndef TP_CONV2D_NM_DSP_S8_H
#define TP_CONV2D_NM_DSP_S8_H

#include "tp_dsp.h"
#include "tp_pair_block.h"
#include "tp_requantize.h"
#include "tp_types.h"

/**
 * Steps of four weights: of one to four groups of N:M. Each channel has `steps` of them, filled up with weights of
 * zero, whose inputs do not lie at offset 0: entries are never zero words.
 */
typedef struct {
    const uint32_t *values; /**< four weights, the first lowest */
    const uint8_t
        *positions; /**< their places in their groups, the first lowest: a byte a step, two bytes where M is 8 */
    const uint16_t *offsets; /**< where the input of each group begins, in bytes of packed input */
    uint16_t steps;
    uint16_t width;      /**< of a strip, in pixels; 0: patches */
    uint16_t strip_rows; /**< output rows for which input is packed at a time */
} tp_conv2d_nm_dsp_weights;

/**
 * Writes the list of output channel `channel`, as `tp_pair_load_channel` takes it.
 * @param list 4 * steps + 2 words
 */
static inline __attribute__((always_inline)) void tp_nm_list(const tp_conv2d_nm_dsp_weights *weights, int32_t channel,
                                                             uint32_t *list, const int32_t kept, const int32_t group) {
    const int32_t bytes = group == 8 ? 2 : 1, bits = group == 8 ? 3 : 2;
    const uint32_t *values = weights->values + channel * weights->steps, *const end = values + weights->steps;
    const uint8_t *positions = weights->positions + channel * weights->steps * bytes;
    const uint16_t *offsets = weights->offsets;
    uint32_t *entry = list + 1;
    int32_t sum = 0;
    for (; values != end; values++, positions += bytes, offsets += 4 / kept) {
        const uint32_t places = positions[0] | (bytes == 2 ? (uint32_t)positions[bytes - 1] << 8 : 0U);
        sum = tp_smlad(tp_sxtb16(*values), 0x00010001U, sum);
        sum = tp_smlad(tp_sxtb16_ror8(*values), 0x00010001U, sum);
        for (int32_t i = 0; i < 4; i++) {
            const uint32_t weight = *values << (24 - 8 * i) & 0xFF000000U;
            const uint32_t place = places >> bits * i & (uint32_t)(group - 1);
            *entry++ = weight | (offsets[i / kept] + 4 * place);
        }
    }
    *entry = 0;
    *list = (uint32_t)sum << 16 | 4U * weights->steps;
}

/**
 * Convolution, N:M weights, for the DSP extension.
 *
 * The generator proves for each output channel |bias| + 128 * sum(|weights|) < 2^22 and a shift in [-23, -1], that no
 * offset is above 65,535, and that the inputs of a group are neighbours.
 * @param scratch    4 * steps + 2 words of a list; behind them the packed strip or patches, and what the last tile of a
 *                   line lacks of four pixels; aligned to 4
 * @param pixel_step bytes from one output position's packed input to the next one's: below 1366, a compile-time
 *                   constant
 * @param signs      0 where the output's zero point is -128, a compile-time constant
 * @param kept       N: 1, 2 or 4, a compile-time constant
 * @param group      M: 4 or 8, a compile-time constant
 */
static inline __attribute__((always_inline)) void
tp_conv2d_nm_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                    const tp_conv2d_nm_dsp_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output,
                    const int32_t pixel_step, const int32_t signs, const int32_t kept, const int32_t group) {
    const int32_t channels = params->output_channels, row_bytes = params->output_width * channels;
    uint32_t *list = (uint32_t *)(void *)scratch, *packed = list + 4 * weights->steps + 2;
    for (int32_t row = 0; row < params->output_height; row += weights->strip_rows) {
        const int32_t left = params->output_height - row;
        const int32_t rows = left < weights->strip_rows ? left : weights->strip_rows;
        const tp_pair_block block = tp_pack_pair_block(params, input, row, rows, weights->width, packed);
        for (int32_t i = 0; i < channels; i++) {
            tp_nm_list(weights, i, list, kept, group);
            tp_pair_run_channel(requant, bias, i, list, block, packed, channels, row_bytes,
                                output + row * row_bytes + i, pixel_step, signs);
        }
    }
    tp_clamp_all(requant, params->output_height * row_bytes, output);
}

#endif
