/**
 * @file
 * Kernels for cores without the DSP extension: three values in two words (tp_triples.h), outputs as staircases
 * (tp_staircase.h). They take any shape. `stairs` has TP_STAIR_WORDS words for each output channel, the bias among
 * them, which the generator proves exact; so `requant` and `bias` are not read. No sum of products of a run, nor a part
 * of it, exceeds 2^20: sum(|weights|) <= 8191.
 */
#ifndef TP_TRIPLE_KERNELS_H
#define TP_TRIPLE_KERNELS_H

#include <stdint.h>

#include "tp_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** OHWI weights, each output channel's filled up to whole pairs of words with zeros. */
typedef struct {
    const uint32_t *words; /**< four weights each, the first lowest */
    const uint16_t *runs;  /**< words of each run, even: together words_per_channel */
    const uint32_t *stairs;
    uint16_t run_count, words_per_channel;
    uint16_t tiles; /**< of six output positions, for which input is packed at a time */
} tp_conv2d_dense_triples_weights;

/**
 * Convolution, dense weights.
 * @param scratch for each tile 24 + 64 * words_per_channel bytes, and an input pixel; aligned to 4
 */
void tp_conv2d_dense_triples_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                const tp_conv2d_dense_triples_weights *weights, const int32_t *bias, int8_t *scratch,
                                int8_t *output);

/**
 * Lists of non-zeros: for each output channel runs, each of them a head and at least one entry. The head is the number
 * of entries, plus 2^16 where another run follows; an entry is 16 * its column in the window (HWI) << 16 | weight, a
 * byte.
 */
typedef struct {
    const uint32_t *lists;
    const uint32_t *stairs;
    uint16_t tiles; /**< of six output positions, for which input is packed at a time */
} tp_conv2d_csr_triples_weights;

/**
 * Convolution, CSR weights.
 * @param scratch for each tile 24 + 16 * window_height * window_width * input_channels bytes, and an input pixel;
 * aligned to 4
 */
void tp_conv2d_csr_triples_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                              const tp_conv2d_csr_triples_weights *weights, const int32_t *bias, int8_t *scratch,
                              int8_t *output);

/**
 * Lists of non-zeros, one run for each output channel. An entry is offset in bytes of packed input << 16 | weight, a
 * byte: lines of `length` columns of 8 bytes, for each row of the window, and in it for each residue of columns modulo
 * the stride.
 */
typedef struct {
    const uint32_t *lists;
    const uint16_t *lines; /**< of each residue: columns ahead of the input, columns in it, the first of these */
    const uint32_t *stairs;
    uint16_t length;
} tp_depthwise_conv2d_dense_triples_weights;

#define TP_TRIPLE_WINDOW_ROWS 16

/**
 * Depthwise convolution, window_height at most TP_TRIPLE_WINDOW_ROWS: output channel o sees input channel o /
 * (output_channels / input_channels). Three output rows at a time.
 * @param scratch 12 bytes for each output column, of an even number of them; 8 * length * stride_width * window_height;
 *                and an input row: aligned to 4
 */
void tp_depthwise_conv2d_dense_triples_s8(const tp_window_params *params, const tp_requant *requant,
                                          const int8_t *input, const tp_depthwise_conv2d_dense_triples_weights *weights,
                                          const int32_t *bias, int8_t *scratch, int8_t *output);

/** Nine weights of each channel, in the order of tp_walk.h; all multipliers have two parts. */
typedef struct {
    const int8_t *taps;
    const uint32_t *stairs;
} tp_depthwise_conv2d_dense_walk_weights;

/**
 * Depthwise convolution with windows of 3x3, columns not dilated, a stride of 1 or 2 columns, at most one column of
 * padding on either side, and as many outputs as inputs.
 * @param scratch an input row
 */
void tp_depthwise_conv2d_dense_walk_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                       const tp_depthwise_conv2d_dense_walk_weights *weights, const int32_t *bias,
                                       int8_t *scratch, int8_t *output);

/** The weights of six outputs as triples, input after input; then the next six. Missing ones are 0. */
typedef struct {
    const uint32_t *words; /**< four for each input, their number rounded up to a multiple of 8 */
    const uint16_t *runs;  /**< inputs of each run / 4, even */
    const uint32_t *stairs;
    uint16_t run_count;
} tp_dense_dense_triples_weights;

/**
 * Fully connected layer, dense weights.
 * @param scratch a byte for each input, their number rounded up to a multiple of 8; aligned to 4
 */
void tp_dense_dense_triples_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                               const tp_dense_dense_triples_weights *weights, const int32_t *bias, int8_t *scratch,
                               int8_t *output);

/** A word for each four outputs and each input (tp_quarters.h), input after input; then the next four. Missing weights
 * are 0. */
typedef struct {
    const uint32_t *words; /**< inputs rounded up to a multiple of 8 */
    const uint32_t *stairs;
} tp_dense_dense_quarters_weights;

/**
 * Fully connected layer, dense weights, a byte each: less flash than tp_dense_dense_triples_s8 reads, and more time.
 * @param scratch 4 bytes for each input, their number rounded up to a multiple of 8; aligned to 4
 */
void tp_dense_dense_quarters_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                                const tp_dense_dense_quarters_weights *weights, const int32_t *bias, int8_t *scratch,
                                int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
