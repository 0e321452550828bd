#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

void tp_dense_dense_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                       const int8_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    (void)scratch;
    for (int32_t row = 0; row < params->rows; row++) {
        const int8_t *channel_weights = weights;
        for (int32_t channel = 0; channel < params->outputs; channel++) {
            const int32_t acc = tp_dot_dense(bias[channel], input, channel_weights, params->inputs);
            *output++ = tp_requantize(requant, channel, acc);
            channel_weights += params->inputs;
        }
        input += params->inputs;
    }
}
