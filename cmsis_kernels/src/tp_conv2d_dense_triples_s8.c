#include "tp_kernels.h"
#include "tp_triple_patches.h"

/** The sums of one channel, `sweep` with its words ahead; leaves the next channel's there. */
static void sweep_runs(const tp_conv2d_dense_triples_weights *weights, const uint32_t *packed, tp_sweep *sweep) {
    sweep->words = packed;
    for (int32_t i = 0; i < weights->run_count; i++) {
        sweep->weights_end = sweep->weights + weights->runs[i];
        sweep->adds = i;
        tp_sweep_triples(sweep);
        sweep->words += 4 * TP_TRIPLE_WORDS * weights->runs[i];
        sweep->weights = sweep->weights_end;
    }
}

void tp_conv2d_dense_triples_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                const tp_conv2d_dense_triples_weights *weights, const int32_t *bias, int8_t *scratch,
                                int8_t *output) {
    (void)requant;
    (void)bias;
    const int32_t channels = params->output_channels, tile_words = TP_TRIPLE_WORDS * 4 * weights->words_per_channel;
    const tp_tile_memory memory = tp_tile_memory_of(params, scratch, weights->tiles, tile_words);
    const int32_t block = TP_TRIPLE_VALUES * weights->tiles;
    tp_window_place place = {-params->pad_top, -params->pad_left, 0};
    for (int32_t left = params->output_height * params->output_width; left > 0; left -= block) {
        const int32_t count = left < block ? left : block, tiles = (count + TP_TRIPLE_VALUES - 1) / TP_TRIPLE_VALUES;
        tp_sums to = {memory.sums, memory.sums + count, output, channels, 1, 0, 0, 0};
        tp_sweep sweep = tp_sweep_of(&memory, tiles, tile_words, weights->words);
        const uint32_t *stair = weights->stairs;
        tp_pack_tiles(params, input, memory.padding, &place, left, tiles, tile_words, memory.packed);
        for (int32_t i = 0; i < channels; i++, to.output++, stair += TP_STAIR_WORDS) {
            sweep_runs(weights, memory.packed, &sweep);
            tp_step_sums(&to, stair);
        }
        output += count * channels;
    }
}
