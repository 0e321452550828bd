#define TP_DEPTHWISE_WIDE 1
#include "tp_depthwise_dsp.h"

void tp_depthwise_conv2d_dense_dsp_wide_s8(const tp_window_params *params, const tp_requant *requant,
                                           const int8_t *input, const tp_depthwise_conv2d_dense_dsp_weights *weights,
                                           const int32_t *bias, int8_t *scratch, int8_t *output) {
    const int32_t padded = params->output_channels + params->output_channels % 2;
    tp_depthwise_dsp(params, requant, input, weights, bias, scratch, output, 2 * padded);
}
