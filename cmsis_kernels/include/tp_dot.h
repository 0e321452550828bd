/**
 * @file
 * Inner products of one weight row with one input vector. Zero points never enter: they are folded into the bias.
 */
#ifndef TP_DOT_H
#define TP_DOT_H

#include <stdint.h>

#include "tp_types.h"

/** acc + sum of input[i] * weights[i] over `count` elements. */
static inline int32_t tp_dot_dense(int32_t acc, const int8_t *input, const int8_t *weights, int32_t count) {
    int32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        acc += (int32_t)input[i] * weights[i];
        acc += (int32_t)input[i + 1] * weights[i + 1];
        acc += (int32_t)input[i + 2] * weights[i + 2];
        acc += (int32_t)input[i + 3] * weights[i + 3];
    }
    for (; i < count; i++) {
        acc += (int32_t)input[i] * weights[i];
    }
    return acc;
}

/** acc + sum of input[columns[i]] * values[i] over `nonzeros` elements. */
static inline int32_t tp_dot_csr(int32_t acc, const int8_t *input, const int8_t *values, const uint16_t *columns,
                                 int32_t nonzeros) {
    int32_t i = 0;
    for (; i + 4 <= nonzeros; i += 4) {
        acc += (int32_t)input[columns[i]] * values[i];
        acc += (int32_t)input[columns[i + 1]] * values[i + 1];
        acc += (int32_t)input[columns[i + 2]] * values[i + 2];
        acc += (int32_t)input[columns[i + 3]] * values[i + 3];
    }
    for (; i < nonzeros; i++) {
        acc += (int32_t)input[columns[i]] * values[i];
    }
    return acc;
}

/** acc + sum over `count` entries of values[i] * the input that lies distances[i] behind the entry before it. */
static inline int32_t tp_dot_csr_delta(int32_t acc, const int8_t *input, const int8_t *values, const uint8_t *distances,
                                       int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        input += distances[i];
        acc += (int32_t)*input * values[i];
    }
    return acc;
}

/** The same over entries [first, first + count) of weights with two distances a byte. */
static inline int32_t tp_dot_csr_delta4(int32_t acc, const int8_t *input, const tp_csr_delta4_weights *weights,
                                        int32_t first, int32_t count) {
    for (int32_t i = first; i < first + count; i++) {
        input += weights->distances[i / 2] >> 4 * (i & 1) & 15;
        acc += (int32_t)*input * weights->values[i];
    }
    return acc;
}

/** acc + sum of input[i] * the next value, for each i whose bit is set in `bytes` bytes; moves on behind the values. */
static inline int32_t tp_dot_bitmap(int32_t acc, const int8_t *input, const int8_t **values, const uint8_t *bits,
                                    int32_t bytes) {
    for (int32_t i = 0; i < bytes; i++, input += 8) {
        const int8_t *x = input;
        for (uint32_t rest = bits[i]; rest; rest >>= 1, x++) {
            if (rest & 1U) {
                acc += (int32_t)*x * *(*values)++;
            }
        }
    }
    return acc;
}

/** acc + the inner product of one row of `blocks` blocks of weights, whose values of this row begin at `values`. */
static inline int32_t tp_dot_bsr(int32_t acc, const int8_t *input, int32_t inputs, const tp_bsr_weights *weights,
                                 const int8_t *values, const uint16_t *columns, int32_t blocks) {
    const int32_t width = weights->block_columns, size = weights->block_rows * width;
    for (int32_t i = 0; i < blocks; i++, values += size) {
        const int32_t first = columns[i] * width; /* the last block may reach beyond the inputs */
        const int32_t count = first + width <= inputs ? width : inputs - first;
        acc = tp_dot_dense(acc, input + first, values, count);
    }
    return acc;
}

/**
 * acc + the inner product of groups [first, first + groups) of N:M weights. A place may lie in two bytes.
 * @param width of a place, in bits: 2 or 3, a compile-time constant
 */
static inline __attribute__((always_inline)) int32_t tp_dot_nm_of(int32_t acc, const int8_t *input,
                                                                  const tp_nm_weights *weights, int32_t first,
                                                                  int32_t groups, const int32_t width) {
    const int32_t kept = weights->kept;
    int32_t bit = first * kept * width;
    const int8_t *value = weights->values + first * kept;
    for (int32_t i = 0; i < groups; i++, input += 1 << width) {
        for (const int8_t *const end = value + kept; value != end; value++, bit += width) {
            const int32_t low = weights->positions[bit / 8], high = weights->positions[(bit + width - 1) / 8];
            acc += (int32_t)input[(low | high << 8) >> bit % 8 & ((1 << width) - 1)] * *value;
        }
    }
    return acc;
}

static inline int32_t tp_dot_nm(int32_t acc, const int8_t *input, const tp_nm_weights *weights, int32_t first,
                                int32_t groups) {
    return weights->group == 8 ? tp_dot_nm_of(acc, input, weights, first, groups, 3)
                               : tp_dot_nm_of(acc, input, weights, first, groups, 2);
}

#endif
