#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

void tp_dense_bitmap_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                        const tp_bitmap_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    (void)scratch;
    const int32_t bytes = (params->inputs + 7) / 8;
    for (int32_t i = 0; i < params->rows; i++, input += params->inputs) {
        const int8_t *values = weights->values;
        for (int32_t channel = 0; channel < params->outputs; channel++) {
            const uint8_t *bits = weights->bits + channel * bytes;
            const int32_t acc = tp_dot_bitmap(bias[channel], input, &values, bits, bytes);
            *output++ = tp_requantize(requant, channel, acc);
        }
    }
}
