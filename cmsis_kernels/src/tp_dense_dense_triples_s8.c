#include "tp_kernels.h"
#include "tp_staircase.h"
#include "tp_triples.h"

/** The sums of products of six outputs: words of weights are the tile here, inputs its weights. Returns the next six's
 * words. */
static const uint32_t *sweep_runs(const tp_dense_dense_triples_weights *weights, const uint32_t *words,
                                  const uint32_t *input, int32_t sums[TP_TRIPLE_VALUES]) {
    tp_sweep sweep = {words, 0, input, input, sums, sums + TP_TRIPLE_VALUES, 0};
    for (int32_t i = 0; i < weights->run_count; i++) {
        sweep.weights_end = sweep.weights + weights->runs[i];
        sweep.adds = i;
        tp_sweep_triples(&sweep);
        sweep.weights = sweep.weights_end;
        sweep.words += 4 * TP_TRIPLE_WORDS * weights->runs[i];
    }
    return sweep.words;
}

void tp_dense_dense_triples_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                               const tp_dense_dense_triples_weights *weights, const int32_t *bias, int8_t *scratch,
                               int8_t *output) {
    (void)requant;
    (void)bias;
    const int32_t inputs = params->inputs, outputs = params->outputs;
    for (int32_t row = 0; row < params->rows; row++, input += inputs) {
        for (int32_t i = 0; i < inputs; i++) {
            scratch[i] = input[i]; /* whole words of inputs; what a last one lacks meets weights of 0 */
        }
        const uint32_t *words = weights->words, *stair = weights->stairs;
        for (int32_t i = 0; i < outputs; i += TP_TRIPLE_VALUES) {
            int32_t sums[TP_TRIPLE_VALUES];
            words = sweep_runs(weights, words, (const uint32_t *)(const void *)scratch, sums);
            for (int32_t j = 0; j < TP_TRIPLE_VALUES && i + j < outputs; j++, stair += TP_STAIR_WORDS) {
                *output++ = tp_stair(stair, sums[j]);
            }
        }
    }
}
