/**
 * @file
 * The kernel library: one function a file, each in plain C99, no allocation, no globals, no failure.
 *
 * `bias` always holds bias - input_zero_point * sum(weights of the channel), so that inner loops multiply raw inputs.
 * The code generator proves for every output channel that |bias| + 128 * sum(|weights|) < 2^31.
 */
#ifndef TP_KERNELS_H
#define TP_KERNELS_H

#include <stdint.h>

#include "tp_triple_kernels.h"
#include "tp_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Convolution, dense weights.
 * @param weights OHWI, int8
 * @param bias    output_channels entries, zero point folded in
 * @param scratch window_height * window_width * input_channels bytes; null for a 1x1 window without padding
 */
void tp_conv2d_dense_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                        const int8_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Convolution, CSR weights: rows are output channels, columns index the patch (HWI). Otherwise as the dense one. */
void tp_conv2d_csr_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                      const tp_csr_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Convolution, sparse rows with distances of 8 bits: rows are output channels, columns index the patch (HWI). */
void tp_conv2d_csr_delta_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                            const tp_csr_delta_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Convolution, sparse rows with distances of 4 bits: rows are output channels, columns index the patch (HWI). */
void tp_conv2d_csr_delta4_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                             const tp_csr_delta4_weights *weights, const int32_t *bias, int8_t *scratch,
                             int8_t *output);

/** Convolution, non-zeros and a bit for each weight: rows are output channels, columns index the patch (HWI). */
void tp_conv2d_bitmap_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                         const tp_bitmap_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Convolution, weights in blocks of any shape: rows are output channels, columns index the patch (HWI). */
void tp_conv2d_bsr_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                      const tp_bsr_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Convolution, N:M weights: rows are output channels, columns index the patch (HWI). */
void tp_conv2d_nm_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                     const tp_nm_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/**
 * Depthwise convolution: output channel o reads input channel o / (output_channels / input_channels).
 * @param weights HWO, int8
 * @param bias    output_channels entries, zero point folded in
 * @param scratch 4 * output_channels bytes, aligned for int32: the accumulators of one output position
 */
void tp_depthwise_conv2d_dense_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                  const int8_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/**
 * Transposed convolution: each input pixel adds to the outputs that its window covers.
 * @param params  the window slides over the output: pad_top and pad_left are cropped from it; dilation is not used
 * @param weights OHWI, int8
 * @param bias    output_channels entries; the zero point is not folded in, as an output may see any part of the weights
 */
void tp_transpose_conv2d_dense_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                  const int8_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Fully connected layer, dense weights: `outputs` rows of `inputs` bytes. */
void tp_dense_dense_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                       const int8_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/**
 * Fully connected layer, dense h-packed weights (tp_h_group.h). The generator proves for each output channel
 * 128 * sum(|weights|) < 2^23, |bias| + 128 * sum(|weights|) < 2^29, a shift in [-23, -1], and that no weight of -128
 * stands beside a negative one in a halfword.
 * @param weights for each four outputs and each four inputs, four words: inputs 0 and 2 of outputs 0 and 1, of outputs
 *                2 and 3; inputs 1 and 3; in a word the first input is low; zeros for what there is not
 * @param scratch 2 bytes for each input and 4 for each output, their numbers rounded up to multiples of four; aligned
 * to 4
 */
void tp_dense_dense_dsp_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                           const uint32_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Fully connected layer, CSR weights. */
void tp_dense_csr_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                     const tp_csr_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Fully connected layer, sparse rows with distances of 8 bits. */
void tp_dense_csr_delta_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                           const tp_csr_delta_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Fully connected layer, sparse rows with distances of 4 bits. */
void tp_dense_csr_delta4_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                            const tp_csr_delta4_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/**
 * Dense layer, weights as instructions (`tp_code.h`).
 * @param bias    as ever, less 128 * sum(weights of the channel): the inputs are raised by 128
 * @param scratch `inputs` bytes, aligned as words: the raised inputs
 */
void tp_dense_code_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                      const uint16_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Weights as instructions, and how sums become outputs (`tp_staircase.h`). */
typedef struct {
    const uint16_t *instructions;
    const uint32_t *stairs; /**< TP_STAIR_WORDS of each output, with the bias of tp_dense_code_s8 */
} tp_dense_code_stairs_weights;

/** The same for cores without a long multiplication. Neither `requant` nor `bias` is read. */
void tp_dense_code_stairs_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                             const tp_dense_code_stairs_weights *weights, const int32_t *bias, int8_t *scratch,
                             int8_t *output);

/** Fully connected layer, non-zeros and a bit for each weight. */
void tp_dense_bitmap_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                        const tp_bitmap_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Fully connected layer, weights in blocks of any shape. */
void tp_dense_bsr_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                     const tp_bsr_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Fully connected layer, N:M weights. */
void tp_dense_nm_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                    const tp_nm_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/**
 * Fully connected layer, CSC weights: a column is read only where its input is not the zero point. How long it takes
 * depends on how many are.
 * @param scratch 4 bytes for each output, aligned to 4
 */
void tp_dense_csc_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                     const tp_csc_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/**
 * Fully connected layer, the distances between the non-zeros of a row in bytes. The generator proves for each output
 * channel |bias| + 128 * sum(|weights|) < 2^29 and a shift in [-23, -1].
 * @param weights for each output a header and n >= 1 times four non-zeros: a word of weights, and one of the distances
 *                of each from the one before it, or from input 0, the first lowest. A weight may be zero. The header
 *                holds 8 * n + 4 in its low half, 64 * (-n mod 8) in its high half. Two zero words end the last row.
 * @param scratch 4 bytes for each output, aligned to 4
 */
void tp_dense_csr_delta_dsp_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                               const uint32_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/**
 * Fully connected layer, blocks of four outputs and one input, h-packed (tp_h_group.h). The generator proves for each
 * output channel |bias| + 128 * sum(|weights|) < 2^23, a shift in [-23, -1], and that no weight of -128 stands beside a
 * negative one in a halfword. The biases are in the stream: `bias` is not read.
 * @param weights for each four outputs a header, four words that their sums begin with (S of outputs 0 and 1, of 2 and
 *                3; B of output 1, of 3), and n >= 1 times four blocks: two words of the blocks' inputs, 16 bits each,
 *                the first lowest, and four words: blocks 0 and 1 of outputs 0 and 1, of outputs 2 and 3; blocks 2 and
 *                3; in a word the first block is low. A block may be zero. The header holds 24 * n in its low half,
 *                104 * (-n mod 8) in its high half. A zero word ends it all.
 * @param scratch 4 bytes for each output, their number rounded up to a multiple of four; aligned to 4
 */
void tp_dense_bsr_4x1_dsp_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                             const uint32_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output);

/** Elementwise addition: each input is raised by 20 bits and rescaled to a common scale, their sum to the output's. */
typedef struct {
    int32_t input_multiplier, other_multiplier, output_multiplier;
    int8_t input_shift, other_shift, output_shift;
    int8_t input_zero_point, other_zero_point, output_zero_point;
    int8_t clamp_low, clamp_high;
} tp_add_params;

/**
 * Nested loops over the outputs, the outermost first: their lengths, and each operand's step, 0 where it repeats.
 * The generator merges loops, so that operands of equal shapes have sizes {1, 1, 1, count}. The output of an operator
 * of two inputs may be an input that does not repeat.
 */
typedef struct {
    int32_t sizes[4];
    int32_t input_strides[4], other_strides[4];
} tp_broadcast;

/** input + other, requantized. */
void tp_add_s8(const tp_add_params *params, const tp_broadcast *shape, const int8_t *input, const int8_t *other,
               int8_t *output);

/** input - other, requantized. */
void tp_sub_s8(const tp_add_params *params, const tp_broadcast *shape, const int8_t *input, const int8_t *other,
               int8_t *output);

/**
 * Sums of two scales by tables, for cores without the DSP extension: what each value of an input adds to the output is
 * known when the code is generated. An output is clamp((sum + (sum < 0 ? below : above)) >> fraction) + clamp_low, its
 * sum that of two terms. The generator proves for each pair of inputs that this is the output, and no step beyond
 * int32.
 */
typedef struct {
    const int32_t *input, *other; /**< 256 terms each, by the value as an unsigned byte */
    int32_t above, below;         /**< zero point and rounding, less clamp_low */
    int8_t clamp_low;
    uint8_t range; /**< from there to the upper clamp */
    uint8_t fraction;
} tp_sum_tables;

/** An elementwise sum or difference by tables. */
void tp_sum_tables_s8(const tp_sum_tables *tables, const tp_broadcast *shape, const int8_t *input, const int8_t *other,
                      int8_t *output);

/**
 * Sums of two scales by two multiplications. An output is the sum of floor(input * 2^24 * multiplier / 2^32) of both
 * inputs, and of the addend, in units of 2^-21, rounded down. The generator proves for each pair of inputs that this is
 * the output, and the sum an int32; outputs are clamped to int8 alone.
 */
typedef struct {
    int32_t input_multiplier, other_multiplier, addend;
} tp_sum_level;

/** An elementwise sum or difference so. */
void tp_sum_level_s8(const tp_sum_level *to, const tp_broadcast *shape, const int8_t *input, const int8_t *other,
                     int8_t *output);

/** Elementwise product; a product of two differences, raised by `shift`, stays inside int32. */
typedef struct {
    int32_t multiplier;
    int8_t shift; /**< at most 14 */
    int8_t input_zero_point, other_zero_point, output_zero_point;
    int8_t clamp_low, clamp_high;
} tp_mul_params;

/** input * other, requantized. */
void tp_mul_s8(const tp_mul_params *params, const tp_broadcast *shape, const int8_t *input, const int8_t *other,
               int8_t *output);

/** PReLU: one multiplier for inputs that are not negative, one for products of an input and its alpha. */
typedef struct {
    int32_t positive_multiplier, negative_multiplier;
    int8_t positive_shift, negative_shift; /**< at most 22 and 14 */
    int8_t input_zero_point, other_zero_point, output_zero_point;
    int8_t clamp_low, clamp_high;
} tp_prelu_params;

/** input, or input * other where it is negative, requantized; `other` holds alpha. */
void tp_prelu_s8(const tp_prelu_params *params, const tp_broadcast *shape, const int8_t *input, const int8_t *other,
                 int8_t *output);

/** Products of matrices: rows x depth times depth x columns; steps say how either is stored. */
typedef struct {
    int32_t rows, depth, columns; /**< depth at most 33,000 */
    int32_t input_row_step, input_depth_step, other_depth_step, other_column_step;
    int32_t multiplier;
    int8_t shift;
    int8_t input_zero_point, other_zero_point, output_zero_point;
} tp_batch_matmul_params;

/** One product for each element of `shape`, whose strides count matrices. */
void tp_batch_matmul_s8(const tp_batch_matmul_params *params, const tp_broadcast *shape, const int8_t *input,
                        const int8_t *other, int8_t *output);

/** The larger of input and other, which have one scale and zero point, that of the output. */
void tp_maximum_s8(int8_t clamp_low, int8_t clamp_high, const tp_broadcast *shape, const int8_t *input,
                   const int8_t *other, int8_t *output);

/** The smaller of input and other, which have one scale and zero point, that of the output. */
void tp_minimum_s8(int8_t clamp_low, int8_t clamp_high, const tp_broadcast *shape, const int8_t *input,
                   const int8_t *other, int8_t *output);

/** The largest value of each window; padding takes no part. Without padding at the top and left output may be input. */
void tp_max_pool_s8(const tp_window_params *params, int8_t clamp_low, int8_t clamp_high, const int8_t *input,
                    int8_t *output);

/**
 * The mean of each window's values inside the input, rounded half away from zero. Without padding at the top and left
 * output may be input.
 */
void tp_average_pool_s8(const tp_window_params *params, int8_t clamp_low, int8_t clamp_high, const int8_t *input,
                        int8_t *output);

/**
 * A sum or mean over any axes, requantized: two nested loops over the outputs and two over the values of each, with
 * their lengths and their steps in the input. The generator merges loops, so that a mean over height and width has
 * outputs {1, channels} and sums {1, pixels}.
 */
typedef struct {
    int32_t outputs[2], sums[2]; /**< sums[0] * sums[1] at most 2^22 */
    int32_t output_strides[2], sum_strides[2];
    int32_t multiplier; /**< the division of a mean is folded in */
    int8_t shift;
    int8_t input_zero_point, output_zero_point;
} tp_reduce_params;

/** Each output is the requantized sum of its values without their zero point. */
void tp_reduce_s8(const tp_reduce_params *params, const int8_t *input, int8_t *output);

/** output[i] = input[i] for `count` elements, at another place. */
void tp_copy_s8(const int8_t *input, int32_t count, int8_t *output);

#define TP_MOVE_RANK 6

/** A strided block: element i lies at i . stride, counted from where a pointer points. Unused extents, first, are 1. */
typedef struct {
    int32_t extent[TP_MOVE_RANK];
    int32_t input_stride[TP_MOVE_RANK];
    int32_t output_stride[TP_MOVE_RANK];
} tp_block_copy;

/** output[i . output_stride] = input[i . input_stride] for every index i below extent; the two do not overlap. */
void tp_move_s8(const tp_block_copy *copy, const int8_t *input, int8_t *output);

/** output[i] = value for `count` elements. */
void tp_fill_s8(int8_t value, int32_t count, int8_t *output);

/** Nearest-neighbour resizing by tables: output row y is made of input row rows[y], its pixel x of columns[x]. */
typedef struct {
    uint16_t input_width, channels;
    uint16_t output_height, output_width;
    const uint16_t *rows;    /**< output_height entries, each below the input's height */
    const uint16_t *columns; /**< output_width entries, each below input_width */
} tp_resize_params;

/** output[y][x][c] = input[rows[y]][columns[x]][c]. */
void tp_resize_nearest_s8(const tp_resize_params *params, const int8_t *input, int8_t *output);

/** Softmax over rows of `depth` elements, to scale 1/256 and zero point -128. */
typedef struct {
    uint16_t rows, depth; /**< depth at most 4095: the sum of exponentials is a Q12.19 */
    int32_t multiplier;   /**< a difference to the row's maximum, times this, is in Q5.26 */
    int8_t shift;
    int16_t diff_min; /**< differences below it count as zero */
} tp_softmax_params;

/** Row by row; output may be input. */
void tp_softmax_s8(const tp_softmax_params *params, const int8_t *input, int8_t *output);

/** output[i] = table[input[i] + 128] for `count` elements; output may be the input. */
void tp_lut_s8(const int8_t *table, const int8_t *input, int32_t count, int8_t *output);

/**
 * One gate of an LSTM: its argument is input_weights * input + recurrent_weights * hidden state + bias, with 12
 * fractional bits. Both sums saturate at int16, and so does their sum.
 */
typedef struct {
    const int8_t *input_weights;     /**< units x inputs */
    const int8_t *recurrent_weights; /**< units x units */
    const int32_t *input_bias;       /**< units entries, the input's zero point folded in */
    const int32_t *recurrent_bias;   /**< units entries: the hidden state's zero point */
    int32_t input_multiplier, recurrent_multiplier;
    int8_t input_shift, recurrent_shift;
} tp_lstm_gate;

/** An LSTM without peepholes, projection or normalization. The cell state's scale is a power of two, its zero point 0.
 */
typedef struct {
    uint16_t batches, steps, inputs, units;
    const tp_lstm_gate *input_gate, *forget_gate, *cell_gate, *output_gate;
    int32_t kept_multiplier, added_multiplier, hidden_multiplier; /**< of products of int16 values */
    int8_t kept_shift, added_shift, hidden_shift;                 /**< at most 0 */
    int8_t cell_left; /**< the cell state times 2^this has 12 fractional bits; in [-30, 14] */
    int8_t hidden_zero_point;
    uint8_t time_major; /**< input and output are steps x batches x values; else batches x steps x values */
    int16_t cell_low, cell_high;
} tp_lstm_params;

/**
 * All steps of all batches; each output row is the hidden state after its step. Input and output do not overlap.
 * @param hidden batches x units: the hidden state before the first step, then after the last one
 * @param cell   batches x units: the cell state, likewise
 */
void tp_lstm_s8(const tp_lstm_params *params, const int8_t *input, int8_t *hidden, int16_t *cell, int8_t *output);

/** An SVDF layer: units * rank filters, each of which remembers its last `memory` features. */
typedef struct {
    uint16_t batches, inputs, units, rank, memory;
    const int32_t *feature_bias; /**< units * rank entries: the input's zero point */
    int32_t feature_multiplier, output_multiplier;
    int8_t feature_shift, output_shift; /**< of the output at most 0: its sums may take any value */
    int8_t state_zero_point, output_zero_point;
} tp_svdf_params;

/**
 * One step. Sums over time wrap around at 32 bits.
 * @param feature_weights units * rank rows of inputs
 * @param time_weights    units * rank rows of memory, for the oldest feature first
 * @param state           batches x units * rank x memory
 */
void tp_svdf_state8_s8(const tp_svdf_params *params, const int8_t *input, const int8_t *feature_weights,
                       const int8_t *time_weights, const int32_t *bias, int8_t *state, int8_t *output);

/** As tp_svdf_state8_s8, with a state of int16 whose zero point is 0. */
void tp_svdf_state16_s8(const tp_svdf_params *params, const int8_t *input, const int8_t *feature_weights,
                        const int16_t *time_weights, const int32_t *bias, int16_t *state, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
