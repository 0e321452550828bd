#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

void tp_dense_csr_delta4_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                            const tp_csr_delta4_weights *weights, const int32_t *bias, int8_t *scratch,
                            int8_t *output) {
    (void)scratch;
    for (int32_t i = 0; i < params->rows; i++, input += params->inputs) {
        int32_t first = 0;
        for (int32_t channel = 0; channel < params->outputs; channel++) {
            const int32_t entries = weights->row_entries[channel];
            const int32_t acc = tp_dot_csr_delta4(bias[channel], input, weights, first, entries);
            *output++ = tp_requantize(requant, channel, acc);
            first += entries;
        }
    }
}
