#include "tp_h_column.h"
#include "tp_kernels.h"
#include "tp_requantize_row.h"

void tp_dense_dense_dsp_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                           const uint32_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    const int32_t inputs = params->inputs, outputs = params->outputs, quads = inputs / 4, rest = inputs % 4;
    int32_t *sums = (int32_t *)(void *)scratch;
    for (int32_t row = 0; row < params->rows; row++, input += inputs) {
        const uint32_t *next = weights;
        int8_t last[4] = {0, 0, 0, 0};
        for (int32_t i = 0; i < rest; i++) {
            last[i] = input[4 * quads + i];
        }
        for (int32_t channel = 0; channel < outputs; channel += 4) {
            tp_h_column column = {0, 0, 0, 0};
            if (quads > 0) {
                column = tp_h_column_add(column, &next, input, quads);
            }
            if (rest > 0) {
                column = tp_h_column_add(column, &next, last, 1);
            }
            tp_h_double_column(column, sums + channel);
        }
        tp_requantize_row(requant, bias, sums, outputs, output + row * outputs);
    }
    tp_clamp_all(requant, params->rows * outputs, output);
}
