#include "tp_broadcast.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

/** The inner product of a row and a column. */
static int32_t product(const tp_batch_matmul_params *params, const int8_t *row, const int8_t *column) {
    int32_t sum = 0;
    for (int32_t i = 0; i < params->depth; i++) {
        sum += (*row - params->input_zero_point) * (*column - params->other_zero_point);
        row += params->input_depth_step;
        column += params->other_depth_step;
    }
    return sum;
}

/** Multiplies one pair of matrices; returns the end of what was written. */
static int8_t *multiply(const tp_batch_matmul_params *params, const int8_t *input, const int8_t *other,
                        int8_t *output) {
    for (int32_t row = 0; row < params->rows; row++) {
        for (int32_t column = 0; column < params->columns; column++) {
            const int32_t sum =
                product(params, input + row * params->input_row_step, other + column * params->other_column_step);
            const int32_t scaled = tp_multiply(sum, params->multiplier, params->shift) + params->output_zero_point;
            *output++ = (int8_t)tp_clamp(scaled, INT8_MIN, INT8_MAX);
        }
    }
    return output;
}

void tp_batch_matmul_s8(const tp_batch_matmul_params *params, const tp_broadcast *shape, const int8_t *input,
                        const int8_t *other, int8_t *output) {
    const int32_t input_size = params->rows * params->depth;
    const int32_t other_size = params->depth * params->columns;
    for (int32_t row = 0; row < tp_rows(shape); row++) {
        const int32_t a = tp_row_start(shape, shape->input_strides, row);
        const int32_t b = tp_row_start(shape, shape->other_strides, row);
        for (int32_t i = 0; i < shape->sizes[3]; i++) {
            output = multiply(params, input + (a + i * shape->input_strides[3]) * input_size,
                              other + (b + i * shape->other_strides[3]) * other_size, output);
        }
    }
}
