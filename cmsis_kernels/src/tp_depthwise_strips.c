#include "tp_depthwise_strips.h"
#include "tp_clamp.h"

#include "tp_columns.h"
#include "tp_dsp.h"
#include "tp_pixels.h"
#include "tp_requantize.h"

enum { CHANNELS = TP_PIXEL_CHANNELS };

/** A row of the input, or of padding: its pixels lie `step` bytes apart. */
typedef struct {
    const int8_t *pixel;
    int32_t step;
} source_row;

/** What is the same for all strips and channels. */
typedef struct {
    const tp_window_params *params;
    const tp_requant *requant;
    const uint32_t *weights;
    const int32_t *bias;
    tp_depthwise_tiles *tiles;
    int32_t pitch, level;
    int32_t value_bytes, pixel_bytes; /**< of the output */
    tp_columns columns;
    int8_t padding[CHANNELS];
} depthwise;

/** `pairs` times two rows, `columns` pixels of each: at least one of either. A pixel's words lie `step` bytes apart. */
static __attribute__((noinline)) void pack_pairs(const depthwise *layer, source_row upper, source_row lower,
                                                 int32_t pairs, uint32_t *words) {
    const int32_t channels = layer->params->input_channels, columns = layer->columns.inside;
    const int32_t step = 4 * CHANNELS * layer->pitch;
    const int32_t gap = (2 * layer->params->input_width - columns) * channels; /* there are no two rows of padding */
#if TP_HAS_DSP
    if (channels >= CHANNELS) {
        const int32_t words_gap = 4 * CHANNELS - columns * step;
        const uint32_t *end = words + columns * (step / 4);
        uint32_t a, b, c;
        __asm__ volatile(".balign 4\n"
                         "1:\n\t"
                         "ldr %[a], [%[upper]]\n\t"
                         "ldr %[b], [%[lower]]\n\t"
                         "add %[upper], %[upper], %[upper_step]\n\t"
                         "add %[lower], %[lower], %[lower_step]\n\t"
                         "pkhbt %[c], %[a], %[b], lsl #16\n\t"
                         "pkhtb %[b], %[b], %[a], asr #16\n\t"
                         "sxtb16 %[a], %[c]\n\t"
                         "sxtb16 %[c], %[c], ror #8\n\t"
                         "str %[a], [%[words]]\n\t"
                         "str %[c], [%[words], #4]\n\t"
                         "sxtb16 %[a], %[b]\n\t"
                         "sxtb16 %[b], %[b], ror #8\n\t"
                         "str %[a], [%[words], #8]\n\t"
                         "str %[b], [%[words], #12]\n\t"
                         "add %[words], %[words], %[step]\n\t"
                         "cmp %[words], %[end]\n\t"
                         "bne 1b\n\t"
                         "add %[upper], %[upper], %[gap]\n\t"
                         "add %[lower], %[lower], %[gap]\n\t"
                         "add %[words], %[words], %[words_gap]\n\t"
                         "add %[end], %[end], #16\n\t"
                         "subs %[pairs], %[pairs], #1\n\t"
                         "bne 1b"
                         : [upper] "+&r"(upper.pixel), [lower] "+&r"(lower.pixel), [words] "+&r"(words),
                           [end] "+&r"(end), [pairs] "+&r"(pairs), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c)
                         : [step] "r"(step), [words_gap] "r"(words_gap), [upper_step] "r"(upper.step),
                           [lower_step] "r"(lower.step), [gap] "r"(gap)
                         : "cc", "memory");
        return;
    }
#endif
    for (; pairs > 0; pairs--, upper.pixel += gap, lower.pixel += gap, words += CHANNELS) {
        for (int32_t i = 0; i < columns; i++, upper.pixel += upper.step, lower.pixel += lower.step) {
            tp_pack_pixels(tp_load_few(upper.pixel, channels), tp_load_few(lower.pixel, channels),
                           words + i * (step / 4));
        }
    }
}

static source_row row_at(const depthwise *layer, const int8_t *input, int32_t y) {
    const tp_window_params *params = layer->params;
    const source_row outside = {layer->padding, 0};
    const source_row inside = {input + y * params->input_width * params->input_channels, params->input_channels};
    return y < 0 || y >= params->input_height ? outside : inside;
}

/** The words of `pairs` times two input rows from row y on; not those of padding columns. */
static void pack_rows(const depthwise *layer, const int8_t *input, int32_t y, int32_t pairs, uint32_t *packed) {
    uint32_t *target = packed + layer->columns.left * layer->pitch * CHANNELS;
    while (pairs > 0 && layer->columns.inside > 0) {
        const int32_t inside =
            y >= 0 && y < layer->params->input_height - 1 ? (layer->params->input_height - y) / 2 : 1;
        const int32_t count = inside < pairs ? inside : pairs;
        pack_pairs(layer, row_at(layer, input, y), row_at(layer, input, y + 1), count, target);
        pairs -= count;
        y += 2 * count;
        target += CHANNELS * count;
    }
}

/** The words of padding columns, which no strip changes. */
static void fill_columns(const depthwise *layer, uint32_t *packed) {
    const int32_t zero_point = layer->params->input_zero_point, step = layer->pitch * CHANNELS;
    const int32_t left = layer->columns.left * step, right = layer->columns.right * step;
    uint32_t *const behind = packed + left + layer->columns.inside * step;
    for (int32_t i = 0; i < left; i++) {
        packed[i] = tp_pair(zero_point, zero_point);
    }
    for (int32_t i = 0; i < right; i++) {
        behind[i] = tp_pair(zero_point, zero_point);
    }
}

/** What the tiles of `rows` output rows have in common. */
static tp_depthwise_channel strip_of(const depthwise *layer, int32_t rows) {
    const tp_window_params *params = layer->params;
    const int32_t stride = params->stride_height, tall = rows / 2, odd = rows % 2;
    const int32_t pair_bytes = 4 * CHANNELS, pixel_bytes = layer->pixel_bytes;
    tp_depthwise_channel strip = {0};
    strip.below = rows > 1 ? params->output_width * pixel_bytes : 0;
    strip.odd = odd ? strip.below : 0;
    strip.right = pixel_bytes;
    strip.words = (rows > 1 ? tall : 1) * stride * pair_bytes;
    strip.words_gap = (2 * stride * layer->pitch - (tall + odd) * stride) * pair_bytes;
    strip.gap = 2 * (pixel_bytes - tall * strip.below);
    strip.columns = params->output_width;
    return strip;
}

/** The outputs of channels from `channel` to before `end`, of a strip. */
static __attribute__((noinline)) void run_channels(const depthwise *layer, tp_depthwise_channel *strip, int32_t channel,
                                                   int32_t end, const uint32_t *packed, int8_t *output) {
    for (; channel < end; channel++, packed++, output += layer->value_bytes) {
        strip->bias = 256 * layer->bias[channel];
        if (layer->level) {
            const tp_level_requant to = tp_level_requant_of(layer->requant, channel, TP_LEVEL_FRACTION);
            strip->multiplier = to.multiplier;
            strip->addend = to.addend;
        } else {
            const tp_right_requant to = tp_right_requant_of(layer->requant, channel);
            strip->multiplier = to.multiplier;
            strip->addend = to.addend;
            strip->exponent = to.exponent;
        }
        layer->tiles(packed, output, layer->weights + 3 * channel, strip);
    }
}

void tp_depthwise_strips(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                         const uint32_t *weights, const int32_t *bias, uint32_t *packed, int8_t *output, int32_t pitch,
                         int32_t level, int32_t wide, tp_depthwise_tiles *tiles) {
    const int32_t channels = params->output_channels, stride = params->stride_height;
    const int8_t zero = params->input_zero_point;
    const int32_t value_bytes = wide ? 2 : 1, pixel_bytes = wide ? 2 * (channels + channels % 2) : channels;
    const tp_columns columns = tp_columns_of(params, (params->output_width - 1) * stride + 3);
    const depthwise layer = {params,
                             requant,
                             weights,
                             bias,
                             tiles,
                             pitch,
                             level,
                             value_bytes,
                             pixel_bytes,
                             columns,
                             {zero, zero, zero, zero}};
    const int32_t most = (pitch - 1) * (stride == 1 ? 2 : 1);
    fill_columns(&layer, packed);
    for (int32_t row = 0; row < params->output_height; row += most) {
        const int32_t left = params->output_height - row, rows = left < most ? left : most;
        const int32_t pairs = 1 + (stride == 1 ? (rows + 1) / 2 : rows);
        tp_depthwise_channel strip = strip_of(&layer, rows);
        for (int32_t channel = 0; channel < channels; channel += CHANNELS) {
            const int32_t first = tp_first_of_four(channel, channels);
            const int32_t end = channel + CHANNELS < channels ? channel + CHANNELS : channels;
            pack_rows(&layer, input + first, row * stride - params->pad_top, pairs, packed);
            run_channels(&layer, &strip, channel, end, packed + channel - first,
                         output + row * params->output_width * pixel_bytes + channel * value_bytes);
        }
    }
    if (!wide) {
        tp_clamp_all(requant, params->output_height * params->output_width * channels, output);
    }
}
