#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

void tp_dense_nm_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                    const tp_nm_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    (void)scratch;
    const int32_t groups = (params->inputs + weights->group - 1) / weights->group;
    for (int32_t row = 0; row < params->rows; row++, input += params->inputs) {
        for (int32_t channel = 0; channel < params->outputs; channel++) {
            const int32_t acc = tp_dot_nm(bias[channel], input, weights, channel * groups, groups);
            *output++ = tp_requantize(requant, channel, acc);
        }
    }
}
