/**
 * @file
 * Two operands of different shapes: rows of the output, and where each begins in an operand.
 */
#ifndef TP_BROADCAST_H
#define TP_BROADCAST_H

#include <stdint.h>

#include "tp_kernels.h"

/** The number of rows: runs of sizes[3] outputs. Operands of equal shapes make one row. */
static inline int32_t tp_rows(const tp_broadcast *shape) { return shape->sizes[0] * shape->sizes[1] * shape->sizes[2]; }

/** Where row number `row` begins in an operand with these strides. */
static inline int32_t tp_row_start(const tp_broadcast *shape, const int32_t *strides, int32_t row) {
    const int32_t outer = row / shape->sizes[2];
    return row % shape->sizes[2] * strides[2] + outer % shape->sizes[1] * strides[1] +
           outer / shape->sizes[1] * strides[0];
}

#endif
