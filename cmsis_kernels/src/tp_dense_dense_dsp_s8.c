#include "tp_clamp.h"
#include "tp_h_column.h"
#include "tp_kernels.h"
#include "tp_requantize_row.h"

/** Four inputs as two words: inputs 0 and 2, inputs 1 and 3. */
static inline void widen_quad(uint32_t bytes, uint32_t *words) {
    words[0] = tp_sxtb16(bytes);
    words[1] = tp_sxtb16_ror8(bytes);
}

/** All of them, with zeros up to a multiple of four. */
static void widen(const int8_t *input, int32_t count, uint32_t *words) {
    for (; count >= 4; count -= 4, input += 4, words += 2) {
        widen_quad(tp_load_word(input), words);
    }
    if (count > 0) {
        uint32_t bytes = 0;
        for (int32_t i = 0; i < count; i++) {
            bytes |= (uint32_t)(uint8_t)input[i] << 8 * i;
        }
        widen_quad(bytes, words);
    }
}

void tp_dense_dense_dsp_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                           const uint32_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    const int32_t inputs = params->inputs, outputs = params->outputs, quads = (inputs + 3) / 4;
    uint32_t *const words = (uint32_t *)(void *)scratch;
    int32_t *const sums = (int32_t *)(void *)(words + 2 * quads);
    for (int32_t row = 0; row < params->rows; row++, input += inputs) {
        const uint32_t *next = weights;
        widen(input, inputs, words);
        for (int32_t channel = 0; channel < outputs; channel += 4) {
            const tp_h_column column = tp_h_column_add((tp_h_column){0, 0, 0, 0}, &next, words, quads);
            tp_h_double_column(column, sums + channel);
        }
        tp_requantize_row(requant, bias, sums, outputs, output + row * outputs);
    }
    tp_clamp_all(requant, params->rows * outputs, output);
}
