#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

void tp_dense_csr_delta_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                           const tp_csr_delta_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    (void)scratch;
    for (int32_t i = 0; i < params->rows; i++, input += params->inputs) {
        const int8_t *values = weights->values;
        const uint8_t *distances = weights->distances;
        for (int32_t channel = 0; channel < params->outputs; channel++) {
            const int32_t entries = weights->row_entries[channel];
            const int32_t acc = tp_dot_csr_delta(bias[channel], input, values, distances, entries);
            *output++ = tp_requantize(requant, channel, acc);
            values += entries;
            distances += entries;
        }
    }
}
