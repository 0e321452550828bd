#include "tp_kernels.h"
#include "tp_quarters.h"
#include "tp_staircase.h"

/** `count` inputs, and zeros up to `filled`. Returns their sum. */
static int32_t widen(const int8_t *input, int32_t count, int32_t filled, int32_t *target) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        target[i] = input[i];
        sum += input[i];
    }
    for (int32_t i = count; i < filled; i++) {
        target[i] = 0;
    }
    return sum;
}

void tp_dense_dense_quarters_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                                const tp_dense_dense_quarters_weights *weights, const int32_t *bias, int8_t *scratch,
                                int8_t *output) {
    (void)requant;
    (void)bias;
    const int32_t inputs = params->inputs, outputs = params->outputs;
    const int32_t filled = (inputs + TP_QUARTERS_ROUND - 1) & -TP_QUARTERS_ROUND;
    int32_t *widened = (int32_t *)(void *)scratch;
    for (int32_t row = 0; row < params->rows; row++, input += inputs) {
        const uint32_t *words = weights->words, *stair = weights->stairs;
        const int32_t raised = 128 * widen(input, inputs, filled, widened);
        for (int32_t i = 0; i < outputs; i += 4, words += filled) {
            int32_t sums[4];
            tp_multiply_quarters(widened, widened + filled, words, sums);
            sums[0] += raised; /* as if its weights were raised too */
            for (int32_t j = 0; j < 4 && i + j < outputs; j++, stair += TP_STAIR_WORDS) {
                *output++ = tp_stair(stair, sums[j] - raised);
            }
        }
    }
}
