#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_patch.h"
#include "tp_requantize.h"

void tp_conv2d_csr_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                      const tp_csr_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    for (int32_t row = 0; row < params->output_height; row++) {
        for (int32_t column = 0; column < params->output_width; column++) {
            const int8_t *patch = tp_patch(params, input, row, column, scratch);
            const int8_t *values = weights->values;
            const uint16_t *columns = weights->columns;
            for (int32_t channel = 0; channel < params->output_channels; channel++) {
                const int32_t nonzeros = weights->row_nonzeros[channel];
                const int32_t acc = tp_dot_csr(bias[channel], patch, values, columns, nonzeros);
                *output++ = tp_requantize(requant, channel, acc);
                values += nonzeros;
                columns += nonzeros;
            }
        }
    }
}
