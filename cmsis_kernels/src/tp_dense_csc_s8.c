#include "tp_kernels.h"
#include "tp_requantize.h"

/* Adds what the columns of one input vector contribute, those at the zero point left out. Sums may wrap around on the
 * way: what they come to is proved to fit. */
static void add_columns(const tp_csc_weights *weights, const int8_t *input, int32_t inputs, uint32_t *sums) {
    const int8_t *values = weights->values;
    const uint16_t *rows = weights->rows;
    for (int32_t column = 0; column < inputs; column++) {
        const int32_t x = input[column] - weights->input_zero_point, nonzeros = weights->column_nonzeros[column];
        for (int32_t i = 0; x != 0 && i < nonzeros; i++) {
            sums[rows[i]] += (uint32_t)(x * values[i]);
        }
        values += nonzeros;
        rows += nonzeros;
    }
}

void tp_dense_csc_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                     const tp_csc_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    uint32_t *sums = (uint32_t *)(void *)scratch;
    for (int32_t row = 0; row < params->rows; row++, input += params->inputs) {
        for (int32_t i = 0; i < params->outputs; i++) {
            sums[i] = (uint32_t)bias[i] + (uint32_t)weights->zero_sums[i];
        }
        add_columns(weights, input, params->inputs, sums);
        for (int32_t i = 0; i < params->outputs; i++) {
            *output++ = tp_requantize(requant, i, (int32_t)sums[i]);
        }
    }
}
