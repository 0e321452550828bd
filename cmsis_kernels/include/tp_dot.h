/**
 * @file
 * Inner products of one weight row with one input vector. Zero points never enter: they are folded into the bias.
 */
#ifndef TP_DOT_H
#define TP_DOT_H

#include <stdint.h>

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

#endif
