/**
 * @file
 * Convolution on N:M weights, one output channel and eight output positions at a time (tp_pair_block.h). The list of a
 * channel's non-zeros is made in scratch memory, once for each strip: in flash there are bytes and places alone.
 */
#ifndef TP_CONV2D_NM_DSP_S8_H
#define TP_CONV2D_NM_DSP_S8_H

#include "tp_clamp.h"
#include "tp_dsp.h"
#include "tp_pair_block.h"
#include "tp_pair_tile.h"
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
 * Writes the entries of a channel's list and the 0 behind them. Returns the sum of its weights.
 * @param values    of this channel
 * @param positions of this channel
 * @param entry     4 * steps + 1 words
 */
static inline __attribute__((always_inline)) int32_t tp_nm_entries(const tp_conv2d_nm_dsp_weights *weights,
                                                                   const uint32_t *values, const uint8_t *positions,
                                                                   uint32_t *entry, const int32_t kept,
                                                                   const int32_t group) {
    const int32_t bytes = group == 8 ? 2 : 1, bits = group == 8 ? 3 : 2;
    const uint32_t *const end = values + weights->steps;
    const uint16_t *offsets = weights->offsets;
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
    return sum;
}

/** Words of the list of a channel with `entries` entries. */
static inline int32_t tp_pair_list_words(int32_t entries) { return entries + 7; }

/** Writes all of the list of channel `channel` but its entries (tp_pair_run_tiles); `sum` is that of its weights. */
static inline void tp_pair_complete_list(const tp_requant *requant, int32_t channel, int32_t bias, int32_t sum,
                                         int32_t entries, uint32_t *list, const int32_t level) {
    const int32_t low = (int32_t)((uint32_t)bias - 128U * (uint32_t)sum);
    list[0] = (uint32_t)((-entries & 7) * TP_PAIR_ENTRY_BYTES);
    list[1] = (uint32_t)low << 8;
    list[2] = (uint32_t)(bias + (low < 0 ? -1 : 0));
    uint32_t *const to = list + entries + 4;
    if (level) {
        const tp_level_requant words = tp_level_requant_of(requant, channel, TP_LEVEL_FRACTION);
        to[0] = (uint32_t)words.multiplier;
        to[1] = (uint32_t)words.addend;
    } else {
        const tp_right_requant words = tp_right_requant_of(requant, channel);
        to[0] = (uint32_t)words.multiplier;
        to[1] = (uint32_t)words.addend;
        to[2] = (uint32_t)words.exponent;
    }
}

/**
 * Convolution, N:M weights, for the DSP extension.
 *
 * The generator proves for each output channel |bias| + 128 * sum(|weights|) < 2^23 and its requantization, that no
 * offset is above 65,535, and that the inputs of a group are neighbours.
 * @param scratch    4 * steps + 7 words of a list; behind them the packed strip or patches, and what the last tile of a
 *                   line lacks of four pixels; aligned to 4
 * @param pixel_step bytes from one output position's packed input to the next one's: below 1366, a compile-time
 *                   constant
 * @param level      how to requantize (tp_tile_line.h), a compile-time constant
 * @param kept       N: 1, 2 or 4, a compile-time constant
 * @param group      M: 4 or 8, a compile-time constant
 */
static inline __attribute__((always_inline)) void
tp_conv2d_nm_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                    const tp_conv2d_nm_dsp_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output,
                    const int32_t pixel_step, const int32_t level, const int32_t kept, const int32_t group) {
    const int32_t channels = params->output_channels, words = tp_pair_list_words(4 * weights->steps);
    uint32_t *list = (uint32_t *)(void *)scratch, *packed = list + words;
    tp_tiles tiles;
    tp_tiles_start(&tiles, packed, channels, params->output_width);
    for (int32_t row = 0; row < params->output_height; row += weights->strip_rows) {
        const int32_t rows = tp_strip_rows(row, params->output_height, weights->strip_rows);
        tp_tiles_enter(&tiles, tp_pack_pair_block(params, input, row, rows, weights->width, packed));
        for (int32_t i = 0; i < channels; i++) {
            const int32_t first = i * weights->steps;
            const int32_t sum = tp_nm_entries(weights, weights->values + first,
                                              weights->positions + first * (group == 8 ? 2 : 1), list + 3, kept, group);
            tp_pair_complete_list(requant, i, bias[i], sum, 4 * weights->steps, list, level);
            tp_tiles_begin(&tiles, list, tiles.block.distance * channels, output + row * tiles.row_bytes + i);
            while (tp_tiles_next(&tiles)) {
                tp_pair_run_tiles(&tiles.line, &tiles.inputs, pixel_step, level);
            }
        }
    }
    tp_clamp_all(requant, params->output_height * tiles.row_bytes, output);
}

#endif
