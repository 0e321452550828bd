#define TP_DEPTHWISE_WIDE 0
#include "tp_depthwise_dsp.h"

void tp_depthwise_conv2d_dense_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                      const tp_depthwise_conv2d_dense_dsp_weights *weights, const int32_t *bias,
                                      int8_t *scratch, int8_t *output) {
    const int32_t channels = params->output_channels;
    tp_depthwise_dsp(params, requant, input, weights, bias, scratch, output, channels);
    tp_clamp_all(requant, params->output_height * params->output_width * channels, output);
}
