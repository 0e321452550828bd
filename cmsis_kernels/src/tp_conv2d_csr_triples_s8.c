#include "tp_kernels.h"
#include "tp_triple_patches.h"

/** The sums of one channel, `sweep` with its list ahead; leaves the next channel's there. */
static void sweep_runs(tp_sweep *sweep) {
    uint32_t head;
    sweep->adds = 0;
    do {
        head = *sweep->weights++;
        sweep->weights_end = sweep->weights + (head & 0xFFFFU);
        tp_sweep_some_triples(sweep);
        sweep->weights = sweep->weights_end;
        sweep->adds = 1;
    } while (head >> 16);
}

void tp_conv2d_csr_triples_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                              const tp_conv2d_csr_triples_weights *weights, const int32_t *bias, int8_t *scratch,
                              int8_t *output) {
    (void)requant;
    (void)bias;
    const int32_t channels = params->output_channels,
                  tile_words = TP_TRIPLE_WORDS * params->window_height * params->window_width * params->input_channels;
    const tp_tile_memory memory = tp_tile_memory_of(params, scratch, weights->tiles, tile_words);
    const int32_t block = TP_TRIPLE_VALUES * weights->tiles;
    tp_window_place place = {-params->pad_top, -params->pad_left, 0};
    for (int32_t left = params->output_height * params->output_width; left > 0; left -= block) {
        const int32_t count = left < block ? left : block, tiles = (count + TP_TRIPLE_VALUES - 1) / TP_TRIPLE_VALUES;
        tp_sums to = {memory.sums, memory.sums + count, output, channels, 1, 0, 0, 0};
        tp_sweep sweep = tp_sweep_of(&memory, tiles, tile_words, weights->lists);
        const uint32_t *stair = weights->stairs;
        tp_pack_tiles(params, input, memory.padding, &place, left, tiles, tile_words, memory.packed);
        for (int32_t i = 0; i < channels; i++, to.output++, stair += TP_STAIR_WORDS) {
            sweep_runs(&sweep);
            tp_step_sums(&to, stair);
        }
        output += count * channels;
    }
}
