#include "tp_code.h"
#include "tp_kernels.h"
#include "tp_staircase.h"

void tp_dense_code_stairs_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                             const tp_dense_code_stairs_weights *weights, const int32_t *bias, int8_t *scratch,
                             int8_t *output) {
    (void)requant;
    (void)bias;
    const int32_t inputs = params->inputs, outputs = params->outputs;
    uint8_t *raised = (uint8_t *)scratch;
    for (int32_t row = 0; row < params->rows; row++, input += inputs) {
        const uint16_t *group = weights->instructions;
        const uint32_t *stair = weights->stairs;
        tp_raise(input, inputs, raised);
        for (int32_t first = 0; first < outputs; first += TP_CODE_OUTPUTS) {
            uint32_t sums[TP_CODE_OUTPUTS];
            group = tp_run_code(group, raised, sums);
            for (int32_t i = 0; i < TP_CODE_OUTPUTS && first + i < outputs; i++, stair += TP_STAIR_WORDS) {
                *output++ = tp_stair(stair, (int32_t)sums[i]);
            }
        }
    }
}
