/**
 * @file
 * Dense 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3) (tp_winograd.h), four output channels at a time.
 */
#ifndef TP_CONV2D_WINOGRAD_DSP_S8_H
#define TP_CONV2D_WINOGRAD_DSP_S8_H

#include "tp_clamp.h"
#include "tp_pack16.h"
#include "tp_requantize.h"
#include "tp_types.h"
#include "tp_winograd.h"

/**
 * For each four output channels, each of the 36 elements of a transformed window (row by row) and each two input
 * channels, four words: one for each output channel, the first input channel low. Channels that there are not have
 * zeros.
 */
typedef struct {
    const uint32_t *transformed;
    uint16_t tiles;      /**< of 4x4 outputs, in a row of tiles */
    uint16_t strip_rows; /**< output rows for which input is packed at a time, a multiple of 4 */
} tp_conv2d_winograd_dsp_weights;

/** All tiles of a strip, transformed: element after element, tile after tile. */
static inline void tp_winograd_inputs(const uint32_t *strip, int32_t tile_rows, int32_t tiles, int32_t pairs,
                                      int32_t element_words, uint32_t *transformed) {
    const int32_t row_words = (4 * tiles + 2) * pairs;
    uint32_t half[36];
    for (int32_t row = 0; row < tile_rows; row++, strip += 4 * row_words) {
        for (int32_t i = 0; i < tiles * pairs; i++, transformed++) {
            const uint32_t *corner = strip + i / pairs * 4 * pairs + i % pairs;
            const int32_t six = tp_not_unrolled(6);
            uint32_t *to = transformed;
            for (int32_t y = 0; y < six; y++, corner += row_words) {
                tp_winograd_input(corner, pairs, half + y, 6);
            }
            for (int32_t x = 0; x < six; x++, to += element_words) {
                tp_winograd_input(half + 6 * x, 1, to, 6 * element_words);
            }
        }
    }
}

/** The sums of products of four output channels: element after element, tile after tile, four words each. */
static inline __attribute__((always_inline)) void tp_winograd_products(const uint32_t *weights, const uint32_t *inputs,
                                                                       int32_t tiles, uint32_t *sums,
                                                                       const int32_t tile_step) {
    const int32_t pairs = tile_step / 4;
    const uint32_t *const all = inputs + 36 * tiles * pairs;
    for (; inputs != all; weights += 4 * pairs) {
        const uint32_t *const end = inputs + tiles * pairs;
        for (; inputs != end; inputs += pairs, weights -= 4 * pairs) {
            tp_winograd_multiply(&weights, &inputs, pairs, tile_step, &sums);
        }
    }
}

/** The constants of one channel; at a common shift without an exponent. */
static inline tp_right_requant tp_winograd_requant_of(const tp_requant *requant, int32_t channel, int32_t fraction) {
    if (fraction) {
        const tp_level_requant to = tp_level_requant_of(requant, channel, fraction);
        return (tp_right_requant){to.multiplier, to.addend, 0};
    }
    return tp_right_requant_of(requant, channel);
}

/** `sum` is 576 times an accumulator without its bias, modulo 2^32; `bias` is 64 times that. */
static inline __attribute__((always_inline)) int8_t tp_winograd_requantize(const tp_right_requant *to, uint32_t sum,
                                                                           uint32_t bias, const int32_t fraction) {
    const int32_t raised = (int32_t)(sum * TP_WINOGRAD_INVERSE_OF_9 + bias);
    return (int8_t)(fraction ? tp_requantize_level((tp_level_requant){to->multiplier, to->addend}, raised, fraction)
                             : tp_requantize_right(*to, raised >> 5));
}

/** One channel of a tile: `rows` times `columns` outputs of it are inside. */
static inline __attribute__((always_inline)) void
tp_winograd_tile(const uint32_t *sums, int32_t element_words, const tp_right_requant *to, uint32_t bias, int32_t rows,
                 int32_t columns, int32_t channels, int32_t row_bytes, int8_t *output, const int32_t fraction) {
    /* What is outside goes to the first column, which is written last. */
    const int32_t second = columns > 1 ? channels : 0, third = columns > 2 ? 2 * channels : 0;
    const int32_t fourth = columns > 3 ? 3 * channels : 0;
    const int32_t six = tp_not_unrolled(6), inside = tp_not_unrolled(rows);
    uint32_t half[24], y[4];
    for (int32_t x = 0; x < six; x++, sums += element_words) {
        tp_winograd_output(sums, 6 * element_words, half + 4 * x);
    }
    for (int32_t i = 0; i < inside; i++, output += row_bytes) {
        tp_winograd_output(half + i, 4, y);
        output[fourth] = tp_winograd_requantize(to, y[3], bias, fraction);
        output[third] = tp_winograd_requantize(to, y[2], bias, fraction);
        output[second] = tp_winograd_requantize(to, y[1], bias, fraction);
        output[0] = tp_winograd_requantize(to, y[0], bias, fraction);
    }
}

/** One channel of the tiles whose outputs begin in row `row`, from the sums of the first one on. */
static inline __attribute__((always_inline)) void
tp_winograd_outputs(const tp_window_params *params, const uint32_t *sums, int32_t tile_rows, int32_t element_words,
                    tp_right_requant to, int32_t bias, int32_t row, int8_t *output, const int32_t fraction) {
    const int32_t channels = params->output_channels, row_bytes = params->output_width * channels;
    for (int32_t i = 0; i < tile_rows; i++) {
        const int32_t y = row + 4 * i, rows = params->output_height - y < 4 ? params->output_height - y : 4;
        for (int32_t x = 0; x < params->output_width; x += 4, sums += 4) {
            tp_winograd_tile(sums, element_words, &to, 64 * (uint32_t)bias, rows, params->output_width - x, channels,
                             row_bytes, output + y * row_bytes + x * channels, fraction);
        }
    }
}

/**
 * 3x3 convolution, stride 1, no dilation, transformed dense weights.
 *
 * The generator proves for each output channel |bias| + 128 * sum(|weights|) < 2^25, and a shift in [-23, -1] or, if
 * `fraction`, the words that `requant` then has.
 * @param scratch   the strip, its transformed tiles (an even number of them), the sums of four output channels; aligned
 *                  to 4
 * @param tile_step bytes from one transformed tile to the next: 4 * pairs, below 4096, a compile-time constant
 * @param fraction  the common shift of requantizations, 0 where they have none; a compile-time constant
 */
static inline __attribute__((always_inline)) void
tp_conv2d_winograd_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                          const tp_conv2d_winograd_dsp_weights *weights, const int32_t *bias, int8_t *scratch,
                          int8_t *output, const int32_t tile_step, const int32_t fraction) {
    const int32_t channels = params->output_channels, pairs = tile_step / 4, width = 4 * weights->tiles + 2;
    uint32_t *const strip = (uint32_t *)(void *)scratch;
    uint32_t *const transformed = strip + (weights->strip_rows + 2) * width * pairs;
    for (int32_t row = 0; row < params->output_height; row += weights->strip_rows) {
        const int32_t left = params->output_height - row;
        const int32_t tile_rows = ((left < weights->strip_rows ? left : weights->strip_rows) + 3) / 4;
        const int32_t tiles = tp_not_unrolled((tile_rows * weights->tiles + 1) & ~1);
        uint32_t *const sums = transformed + 36 * tiles * pairs;
        tp_pack_strip(params, input, row, 4 * tile_rows, width, 2 * pairs, (int16_t *)(void *)strip);
        tp_winograd_inputs(strip, tile_rows, weights->tiles, pairs, tiles * pairs, transformed);
        for (int32_t channel = 0; channel < channels; channel++) {
            if (channel % 4 == 0) {
                tp_winograd_products(weights->transformed + 36 * channel * pairs, transformed, tiles, sums, tile_step);
            }
            tp_winograd_outputs(params, sums + channel % 4, tile_rows, 4 * tiles,
                                tp_winograd_requant_of(requant, channel, fraction), bias[channel], row,
                                output + channel, fraction);
        }
    }
    tp_clamp_all(requant, params->output_height * params->output_width * channels, output);
}

#endif
