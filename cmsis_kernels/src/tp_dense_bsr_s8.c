#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

void tp_dense_bsr_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                     const tp_bsr_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    (void)scratch;
    const int32_t height = weights->block_rows, width = weights->block_columns;
    const int32_t inputs = params->inputs;
    for (int32_t i = 0; i < params->rows; i++, input += params->inputs) {
        const int8_t *values = weights->values;
        const uint16_t *columns = weights->columns;
        for (int32_t channel = 0; channel < params->outputs; channel++) {
            const int32_t blocks = weights->row_blocks[channel / height], row = channel % height;
            const int32_t acc =
                tp_dot_bsr(bias[channel], input, inputs, weights, values + row * width, columns, blocks);
            *output++ = tp_requantize(requant, channel, acc);
            if (row == height - 1) {
                values += blocks * height * width;
                columns += blocks;
            }
        }
    }
}
