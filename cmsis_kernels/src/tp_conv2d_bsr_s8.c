#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_patch.h"
#include "tp_requantize.h"

/** One row of a row of blocks, on one patch. `inputs` is what a patch holds: the last block may reach beyond. */
static int32_t dot_block_row(int32_t acc, const int8_t *patch, int32_t inputs, const tp_bsr_weights *weights,
                             const int8_t *values, const uint16_t *columns, int32_t blocks) {
    const int32_t width = weights->block_columns, size = weights->block_rows * width;
    for (int32_t i = 0; i < blocks; i++, values += size) {
        const int32_t first = columns[i] * width;
        const int32_t count = first + width <= inputs ? width : inputs - first;
        acc = tp_dot_dense(acc, patch + first, values, count);
    }
    return acc;
}

void tp_conv2d_bsr_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                      const tp_bsr_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    const int32_t height = weights->block_rows, width = weights->block_columns;
    const int32_t inputs = params->window_height * params->window_width * params->input_channels;
    for (int32_t position = 0; position < params->output_height * params->output_width; position++) {
        const int8_t *patch =
            tp_patch(params, input, position / params->output_width, position % params->output_width, scratch);
        const int8_t *values = weights->values;
        const uint16_t *columns = weights->columns;
        for (int32_t channel = 0; channel < params->output_channels; channel++) {
            const int32_t blocks = weights->row_blocks[channel / height], row = channel % height;
            const int32_t acc =
                dot_block_row(bias[channel], patch, inputs, weights, values + row * width, columns, blocks);
            *output++ = tp_requantize(requant, channel, acc);
            if (row == height - 1) {
                values += blocks * height * width;
                columns += blocks;
            }
        }
    }
}
