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
static uint32_t load_few(const int8_t *pixel, int32_t channels) {
    uint32_t word = 0;
    for (int32_t i = 0; i < channels && i < PLANES; i++) {
        word |= (uint32_t)(uint8_t)pixel[i] << 8 * i;
    }
    return word;
}

/** `columns` pixels of two rows, beside padding, or of fewer than four channels. */
static __attribute__((noinline)) void pack_beside(const tp_window_params *params, const int8_t *input, int32_t y,
                                                  int32_t columns, int32_t pitch, int32_t plane, uint32_t *target) {
    const int8_t zero = params->input_zero_point, padding[PLANES] = {zero, zero, zero, zero};
    source_row upper = row_at(params, input, padding, y), lower = row_at(params, input, padding, y + 1);
    for (; columns > 0; columns--, upper.pixel += upper.step, lower.pixel += lower.step, target += pitch) {
        pack_pixel(load_few(upper.pixel, params->input_channels), load_few(lower.pixel, params->input_channels), plane,
                   target);
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

static tp_depthwise_channel channel_of(const tp_requant *requant, const int32_t *bias, int32_t channel, int32_t right,
                                       int32_t level) {
    if (level) {
        const tp_level_requant to = tp_level_requant_of(requant, channel);
        return (tp_depthwise_channel){256 * bias[channel], to.multiplier, to.addend, 0, right, 0, 0, 0};
    }
    const tp_right_requant to = tp_right_requant_of(requant, channel);
    return (tp_depthwise_channel){256 * bias[channel], to.multiplier, to.addend, to.exponent, right, 0, 0, 0};
}

/** `rows` output rows of a channel: an odd last one in tiles that are one output high. */
static void run_rows(const tp_window_params *params, tp_depthwise_channel channel, const uint32_t *words,
                     const uint32_t *weights, int32_t rows, tp_depthwise_tiles *tiles, int8_t *output) {
    const int32_t stride = params->stride_height, row_step = params->output_width * channel.right;
    if (rows > 1) {
        channel.below = row_step;
        channel.words = 4 * stride * (rows / 2);
        channel.gap = 2 * channel.right - rows / 2 * 2 * row_step;
        tiles(words, output, weights, params->output_width, channel);
    }
    if (rows % 2 != 0) {
        channel.below = 0;
        channel.words = 4 * stride;
        channel.gap = 2 * channel.right;
        tiles(words + stride * (rows / 2), output + (rows - 1) * row_step, weights, params->output_width, channel);
    }
}

void tp_depthwise_strips(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                         const uint32_t *weights, const int32_t *bias, uint32_t *packed, int8_t *output, int32_t pitch,
                         int32_t level, int32_t wide, tp_depthwise_tiles *tiles) {
    const int32_t channels = params->output_channels, stride = params->stride_height;
    const int32_t width = (params->output_width - 1) * stride + 3, strip = (pitch - 1) * (stride == 1 ? 2 : 1);
    const int32_t value_bytes = wide ? 2 : 1, pixel_bytes = wide ? 2 * (channels + channels % 2) : channels;
    fill_columns(params, pitch, width, packed);
    for (int32_t row = 0; row < params->output_height; row += strip) {
        const int32_t left = params->output_height - row, rows = left < strip ? left : strip;
        const int32_t pairs = 1 + (stride == 1 ? (rows + 1) / 2 : rows);
        for (int32_t channel = 0; channel < channels;) {
            /* four channels that are there are read, so the last ones may be among them again */
            const int32_t first = channel > channels - PLANES && channels > PLANES ? channels - PLANES : channel;
            pack_rows(params, input + first, row * stride - params->pad_top, pairs, pitch, width, packed);
            for (; channel < channels && channel < first + PLANES; channel++) {
                const tp_depthwise_channel one = channel_of(requant, bias, channel, pixel_bytes, level);
                run_rows(params, one, packed + (channel - first) * width * pitch, weights + 3 * channel, rows, tiles,
                         output + row * params->output_width * pixel_bytes + channel * value_bytes);
            }
        }
    }
    if (!wide) {
        tp_clamp_all(requant, params->output_height * params->output_width * channels, output);
    }
}
