#include "tp_kernels.h"
#include "tp_triple_patches.h"

/** The sums of products of one channel at six positions. Returns the next channel's list. */
static const uint32_t *add_runs(const uint32_t *list, const uint32_t *packed, int32_t sums[TP_TRIPLE_VALUES]) {
    for (int32_t i = 0; i < TP_TRIPLE_VALUES; i++) {
        sums[i] = 0;
    }
    uint32_t head;
    do {
        head = *list++;
        const uint32_t *end = list + (head & 0xFFFFU);
        uint32_t products[TP_TRIPLE_WORDS];
        tp_multiply_some_triples(packed, list, end, products);
        tp_add_triples(products, sums);
        list = end;
    } while (head >> 16);
    return list;
}

void tp_conv2d_csr_triples_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                              const tp_conv2d_csr_triples_weights *weights, const int32_t *bias, int8_t *scratch,
                              int8_t *output) {
    (void)requant;
    (void)bias;
    const int32_t channels = params->output_channels;
    const int32_t inputs = params->window_height * params->window_width * params->input_channels;
    uint32_t *packed = (uint32_t *)(void *)scratch;
    const int8_t *padding = tp_pixel_of_padding(params, (int8_t *)(packed + TP_TRIPLE_WORDS * inputs));
    tp_window_place place = {-params->pad_top, -params->pad_left, 0};
    for (int32_t left = params->output_height * params->output_width; left > 0; left -= TP_TRIPLE_VALUES) {
        const int32_t count = left < TP_TRIPLE_VALUES ? left : TP_TRIPLE_VALUES;
        int32_t sums[TP_TRIPLE_VALUES];
        tp_sums to = {sums, sums + count, output, channels};
        const uint32_t *list = weights->lists;
        tp_pack_six_windows(params, input, padding, &place, left, packed);
        for (int32_t i = 0; i < channels; i++, to.output++) {
            list = add_runs(list, packed, sums);
            tp_step_sums(&to, weights->stairs + i * TP_STAIR_WORDS);
        }
        output += count * channels;
    }
}
