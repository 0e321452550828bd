#include "tp_svdf.h"

/** Takes the oldest feature out and puts `feature` in. */
static void remember(const tp_svdf_params *params, int32_t feature, int16_t *state) {
    for (int32_t i = 0; i + 1 < params->memory; i++) {
        state[i] = state[i + 1];
    }
    state[params->memory - 1] = (int16_t)feature;
}

/** `sum` and the weighted sum of a filter's features; it wraps around. */
static uint32_t weigh(const tp_svdf_params *params, uint32_t sum, const int16_t *state, const int16_t *weights) {
    for (int32_t i = 0; i < params->memory; i++) {
        sum += (uint32_t)(state[i] * weights[i]);
    }
    return sum;
}

void tp_svdf_state16_s8(const tp_svdf_params *params, const int8_t *input, const int8_t *feature_weights,
                        const int16_t *time_weights, const int32_t *bias, int16_t *state, int8_t *output) {
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t unit = 0; unit < params->units; unit++) {
            uint32_t sum = (uint32_t)bias[unit];
            for (int32_t filter = unit * params->rank; filter < (unit + 1) * params->rank; filter++) {
                const int32_t feature = tp_svdf_feature(params, filter, input, feature_weights, INT16_MIN, INT16_MAX);
                remember(params, feature, state);
                sum = weigh(params, sum, state, time_weights + filter * params->memory);
                state += params->memory;
            }
            *output++ = tp_svdf_output(params, sum);
        }
        input += params->inputs;
    }
}
