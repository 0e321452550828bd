#include "tp_depthwise_strips.h"

#include "tp_columns.h"
#include "tp_dsp.h"
#include "tp_requantize.h"

enum { PLANES = 4 };

/** A row of the input, or of padding: its pixels lie `step` bytes apart. */
typedef struct {
    const int8_t *pixel;
    int32_t step;
} source_row;

static source_row row_at(const tp_window_params *params, const int8_t *input, const int8_t *padding, int32_t y) {
    const source_row outside = {padding, 0};
    const source_row inside = {input + y * params->input_width * params->input_channels, params->input_channels};
    return y < 0 || y >= params->input_height ? outside : inside;
}

/** Four channels of a pixel of two rows: a word each. */
static inline void pack_pixel(uint32_t upper, uint32_t lower, int32_t plane, uint32_t *target) {
    const uint32_t upper02 = tp_sxtb16(upper), upper13 = tp_sxtb16_ror8(upper);
    const uint32_t lower02 = tp_sxtb16(lower), lower13 = tp_sxtb16_ror8(lower);
    target[0] = tp_pkhbt(upper02, lower02);
    target[plane] = tp_pkhbt(upper13, lower13);
    target[2 * plane] = tp_pkhtb(lower02, upper02);
    target[3 * plane] = tp_pkhtb(lower13, upper13);
}

/** `columns` pixels of `pairs` times two rows that are inside. */
static __attribute__((noinline)) void pack_inside(const tp_window_params *params, const int8_t *row, int32_t pairs,
                                                  int32_t columns, int32_t pitch, int32_t plane, uint32_t *target) {
    const int32_t step = params->input_channels, row_bytes = params->input_width * step;
    for (; pairs > 0; pairs--, row += 2 * row_bytes, target++) {
        const int8_t *pixel = row, *const end = row + columns * step;
        for (uint32_t *words = target; pixel != end; pixel += step, words += pitch) {
            pack_pixel(tp_load_word(pixel), tp_load_word(pixel + row_bytes), plane, words);
        }
    }
}

/** The first four channels of a pixel, of which there may be fewer. */
static inline uint32_t load_some(const int8_t *pixel, int32_t channels) {
    if (channels >= PLANES) {
        return tp_load_word(pixel);
    }
    const uint32_t second = channels > 1 ? (uint8_t)pixel[1] : 0, third = channels > 2 ? (uint8_t)pixel[2] : 0;
    return (uint8_t)pixel[0] | second << 8 | third << 16;
}

/** `columns` pixels of two rows, beside padding, or of fewer than four channels. */
static __attribute__((noinline)) void pack_beside(const tp_window_params *params, const int8_t *input, int32_t y,
                                                  int32_t columns, int32_t pitch, int32_t plane, uint32_t *target) {
    const int8_t zero = params->input_zero_point, padding[PLANES] = {zero, zero, zero, zero};
    const int32_t channels = params->input_channels;
    source_row upper = row_at(params, input, padding, y), lower = row_at(params, input, padding, y + 1);
    for (; columns > 0; columns--, upper.pixel += upper.step, lower.pixel += lower.step, target += pitch) {
        pack_pixel(load_some(upper.pixel, channels), load_some(lower.pixel, channels), plane, target);
    }
}

/** The words of `pairs` times two input rows from row y on; not those of padding columns. */
static void pack_rows(const tp_window_params *params, const int8_t *input, int32_t y, int32_t pairs, int32_t pitch,
                      int32_t width, uint32_t *target) {
    const tp_columns columns = tp_columns_of(params, width);
    target += columns.left * pitch;
    while (pairs > 0) {
        const int32_t inside = params->input_channels >= PLANES && y >= 0 ? (params->input_height - y) / 2 : 0;
        const int32_t packed = inside > pairs ? pairs : inside > 0 ? inside : 1;
        if (inside > 0) {
            pack_inside(params, input + y * params->input_width * params->input_channels, packed, columns.inside, pitch,
                        width * pitch, target);
        } else {
            pack_beside(params, input, y, columns.inside, pitch, width * pitch, target);
        }
        pairs -= packed;
        y += 2 * packed;
        target += packed;
    }
}

/** The words of padding columns, which no strip changes. */
static void fill_columns(const tp_window_params *params, int32_t pitch, int32_t width, uint32_t *packed) {
    const uint32_t padding = tp_pair(params->input_zero_point, params->input_zero_point);
    const tp_columns columns = tp_columns_of(params, width);
    for (int32_t i = 0; i < PLANES; i++, packed += width * pitch) {
        for (int32_t j = 0; j < columns.left * pitch; j++) {
            packed[j] = padding;
        }
        for (int32_t j = (columns.left + columns.inside) * pitch; j < width * pitch; j++) {
            packed[j] = padding;
        }
    }
}

/** What is the same for all channels of a layer. */
typedef struct {
    const tp_requant *requant;
    const uint32_t *weights;
    const int32_t *bias;
    tp_depthwise_tiles *tiles;
    int32_t level, plane;
} depthwise_layer;

/** The same rows of tiles of some channels; `words` and `output` are of the first one. */
static __attribute__((noinline)) void run_channels(const depthwise_layer *layer, tp_depthwise_channel *one,
                                                   int32_t channel, int32_t end, const uint32_t *words,
                                                   int8_t *output) {
    for (; channel < end; channel++, words += layer->plane, output++) {
        one->bias = 256 * layer->bias[channel];
        if (layer->level) {
            const tp_level_requant to = tp_level_requant_of(layer->requant, channel);
            one->multiplier = to.multiplier;
            one->addend = to.addend;
        } else {
            const tp_right_requant to = tp_right_requant_of(layer->requant, channel);
            one->multiplier = to.multiplier;
            one->addend = to.addend;
            one->exponent = to.exponent;
        }
        layer->tiles(words, output, layer->weights + 3 * channel, one);
    }
}

/** `rows` output rows of some channels: an odd last one in tiles that are one output high. */
static void run_rows(const tp_window_params *params, const depthwise_layer *layer, int32_t channel, int32_t end,
                     const uint32_t *words, int32_t rows, int8_t *output) {
    const int32_t stride = params->stride_height, row_step = params->output_width * params->output_channels;
    tp_depthwise_channel one = {0};
    one.right = params->output_channels;
    one.columns = params->output_width;
    if (rows > 1) {
        one.below = row_step;
        one.words = 4 * stride * (rows / 2);
        one.gap = 2 * one.right - rows / 2 * 2 * row_step;
        run_channels(layer, &one, channel, end, words, output);
    }
    if (rows % 2 != 0) {
        one.below = 0;
        one.words = 4 * stride;
        one.gap = 2 * one.right;
        run_channels(layer, &one, channel, end, words + stride * (rows / 2), output + (rows - 1) * row_step);
    }
}

void tp_depthwise_strips(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                         const uint32_t *weights, const int32_t *bias, uint32_t *packed, int8_t *output, int32_t pitch,
                         int32_t level, tp_depthwise_tiles *tiles) {
    const int32_t channels = params->output_channels, stride = params->stride_height;
    const int32_t width = (params->output_width - 1) * stride + 3, strip = (pitch - 1) * (stride == 1 ? 2 : 1);
    const depthwise_layer layer = {requant, weights, bias, tiles, level, width * pitch};
    fill_columns(params, pitch, width, packed);
    for (int32_t row = 0; row < params->output_height; row += strip) {
        const int32_t left = params->output_height - row, rows = left < strip ? left : strip;
        const int32_t pairs = 1 + (stride == 1 ? (rows + 1) / 2 : rows);
        int8_t *const target = output + row * params->output_width * channels;
        for (int32_t channel = 0; channel < channels; channel += PLANES) {
            /* four channels that are there are read: beside the last ones, some of those before them */
            const int32_t first = channel > channels - PLANES && channels > PLANES ? channels - PLANES : channel;
            const int32_t end = channel + PLANES < channels ? channel + PLANES : channels;
            pack_rows(params, input + first, row * stride - params->pad_top, pairs, pitch, width, packed);
            run_rows(params, &layer, channel, end, packed + (channel - first) * layer.plane, rows, target + channel);
        }
    }
    tp_clamp_all(requant, params->output_height * params->output_width * channels, output);
}
