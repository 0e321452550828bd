/**
 * @file
 * Parameters that kernels share. Sizes count elements unless they say bytes; activations are NHWC int8 with N = 1.
 */
#ifndef TP_TYPES_H
#define TP_TYPES_H

#include <stdint.h>

/**
 * How int32 accumulators become int8 outputs: output = clamp(round(acc * multiplier * 2^(shift - 31)) + zero_point).
 * `multiplier` and `shift` hold one entry for each output channel (channel_step 1) or one for all (channel_step 0).
 */
typedef struct {
    const int32_t *multiplier; /**< in [2^30, 2^31), or 0 */
    const int8_t *shift;       /**< in [-31, 30]; positive is to the left */
    int16_t zero_point;        /**< of the output */
    int8_t clamp_low;
    int8_t clamp_high;
    uint8_t channel_step;
} tp_requant;

/** A window that slides over the input; padding above and to the left, what lies beyond the input counts as padding. */
typedef struct {
    uint16_t input_height, input_width, input_channels;
    uint16_t output_height, output_width, output_channels;
    uint16_t window_height, window_width;
    uint16_t stride_height, stride_width;
    uint16_t dilation_height, dilation_width;
    uint16_t pad_top, pad_left;
    int8_t input_zero_point; /**< the value of padding */
} tp_window_params;

/** A dense layer: `rows` input vectors of `inputs` elements, each giving `outputs` elements. */
typedef struct {
    uint16_t rows, inputs, outputs;
} tp_dense_params;

/** Compressed sparse rows: the non-zeros of each row in order, their columns, and how many each row has. */
typedef struct {
    const int8_t *values;
    const uint16_t *columns;
    const uint16_t *row_nonzeros;
} tp_csr_weights;

/**
 * Sparse rows with distances: an entry lies `distance` columns behind the one before it in its row, the first one
 * behind column 0. Entries of value 0 bridge longer distances.
 */
typedef struct {
    const int8_t *values;
    const uint8_t *distances;
    const uint16_t *row_entries;
} tp_csr_delta_weights;

/** The same with two distances a byte, that of the first entry of all in the low bits of the first. */
typedef tp_csr_delta_weights tp_csr_delta4_weights;

/** The non-zeros of each row in order, and a bit for each weight, set where it is one: rows begin with a byte. */
typedef struct {
    const int8_t *values;
    const uint8_t *bits;
} tp_bitmap_weights;

/**
 * Block compressed sparse rows: the blocks that are not all zero, row of blocks after row in order, the columns of
 * blocks that they lie in, and how many each row of blocks has. Blocks may reach beyond the last row and column, with
 * zeros.
 */
typedef struct {
    const int8_t *values; /**< block_rows * block_columns for each block, row after row */
    const uint16_t *columns;
    const uint16_t *row_blocks;
    uint8_t block_rows, block_columns;
} tp_bsr_weights;

/**
 * N:M: of each `group` neighbours of a row, `kept` values and their places among them. Rows are filled up to whole
 * groups; values of zero have place 0.
 */
typedef struct {
    const int8_t *values;
    const uint8_t *positions; /**< log2(group) bits for each value, the first lowest */
    uint8_t kept;
    uint8_t group; /**< 4 or 8 */
} tp_nm_weights;

/** Compressed sparse columns: the non-zeros of each column in order, their rows, and how many each column has. */
typedef struct {
    const int8_t *values;
    const uint16_t *rows;
    const uint16_t *column_nonzeros;
    const int32_t *zero_sums; /**< for each row the sum of its weights, times the input's zero point */
    int8_t input_zero_point;
} tp_csc_weights;

#endif
