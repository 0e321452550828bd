#include "tp_kernels.h"
#include "tp_triple_patches.h"

/** The sums of products of one channel at six positions. */
static void add_runs(const tp_conv2d_dense_triples_weights *weights, const uint32_t *words, const uint32_t *packed,
                     int32_t sums[TP_TRIPLE_VALUES]) {
    for (int32_t i = 0; i < TP_TRIPLE_VALUES; i++) {
        sums[i] = 0;
    }
    for (int32_t i = 0; i < weights->run_count; i++) {
        const int32_t length = weights->runs[i];
        uint32_t products[TP_TRIPLE_WORDS];
        tp_multiply_triples(packed, words, words + length, products);
        tp_add_triples(products, sums);
        words += length;
        packed += 4 * TP_TRIPLE_WORDS * length;
    }
}

void tp_conv2d_dense_triples_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                const tp_conv2d_dense_triples_weights *weights, const int32_t *bias, int8_t *scratch,
                                int8_t *output) {
    (void)requant;
    (void)bias;
    const int32_t channels = params->output_channels, inputs = 4 * weights->words_per_channel;
    uint32_t *packed = (uint32_t *)(void *)scratch;
    const int8_t *padding = tp_pixel_of_padding(params, (int8_t *)(packed + TP_TRIPLE_WORDS * inputs));
    tp_window_place place = {-params->pad_top, -params->pad_left, 0};
    for (int32_t left = params->output_height * params->output_width; left > 0; left -= TP_TRIPLE_VALUES) {
        const int32_t count = left < TP_TRIPLE_VALUES ? left : TP_TRIPLE_VALUES;
        int32_t sums[TP_TRIPLE_VALUES];
        tp_sums to = {sums, sums + count, output, channels};
        tp_pack_six_windows(params, input, padding, &place, left, packed);
        for (int32_t i = 0; i < channels; i++, to.output++) {
            add_runs(weights, weights->words + i * weights->words_per_channel, packed, sums);
            tp_step_sums(&to, weights->stairs + i * TP_STAIR_WORDS);
        }
        output += count * channels;
    }
}
