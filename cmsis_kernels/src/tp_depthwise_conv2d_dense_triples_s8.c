#include "tp_kernels.h"
#include "tp_staircase.h"
#include "tp_triples.h"

/** Where three output rows find each row of their windows in the input; a row of padding beyond it. */
typedef const int8_t *strip_rows[TP_TRIPLE_WINDOW_ROWS][3];

/** The last output row again in the place of rows that do not exist. */
static void find_rows(const tp_window_params *params, const int8_t *input, const int8_t *padding, int32_t row,
                      strip_rows rows) {
    for (int32_t i = 0; i < params->window_height; i++) {
        for (int32_t j = 0; j < 3; j++) {
            const int32_t output_row = row + j < params->output_height ? row + j : params->output_height - 1;
            const int32_t y = output_row * params->stride_height - params->pad_top + i * params->dilation_height;
            const int inside = y >= 0 && y < params->input_height;
            rows[i][j] = inside ? input + y * params->input_width * params->input_channels : padding;
        }
    }
}

/** Columns of padding, which stay when a channel is packed into what lies between them. */
static void pack_padding(int32_t value, const uint32_t *end, uint32_t *target) {
    for (; target != end; target += 2) {
        target[0] = (uint32_t)value + ((uint32_t)value << 21);
        target[1] = (uint32_t)value + ((uint32_t)value << 10);
    }
}

/** `count` columns of three rows, from `first` on, `step` values apart. */
static void pack_columns(const int8_t *const rows[3], int32_t first, int32_t count, int32_t step, uint32_t *target) {
    const int8_t *a = rows[0] + first, *b = rows[1] + first, *c = rows[2] + first;
    for (const uint32_t *end = target + 2 * count; target != end; a += step, b += step, c += step, target += 2) {
        const uint32_t third = (uint32_t)*c;
        target[0] = (uint32_t)*a + (third << 21);
        target[1] = (uint32_t)*b + (third << 10);
    }
}

/** One input channel of what three output rows see. */
static void pack_channel(const tp_window_params *params, const tp_depthwise_conv2d_dense_triples_weights *weights,
                         strip_rows rows, int32_t channel, uint32_t *target) {
    const int32_t channels = params->input_channels, stride = params->stride_width;
    for (int32_t i = 0; i < params->window_height; i++) {
        const uint16_t *line = weights->lines;
        for (int32_t residue = 0; residue < stride; residue++, line += 3, target += 2 * weights->length) {
            pack_columns(rows[i], line[2] * channels + channel, line[1], stride * channels, target + 2 * line[0]);
        }
    }
}

void tp_depthwise_conv2d_dense_triples_s8(const tp_window_params *params, const tp_requant *requant,
                                          const int8_t *input, const tp_depthwise_conv2d_dense_triples_weights *weights,
                                          const int32_t *bias, int8_t *scratch, int8_t *output) {
    (void)requant;
    (void)bias;
    const int32_t channels = params->output_channels, width = params->output_width, columns = width + width % 2;
    const int32_t multiplier = channels / params->input_channels, row_bytes = 4 * columns;
    int32_t *sums = (int32_t *)(void *)scratch;
    uint32_t *packed = (uint32_t *)(void *)(sums + 3 * columns);
    uint32_t *end = packed + 2 * weights->length * params->stride_width * params->window_height;
    int8_t *padding = (int8_t *)end;
    pack_padding(params->input_zero_point, end, packed);
    for (int32_t i = 0; i < params->input_width * params->input_channels; i++) {
        padding[i] = params->input_zero_point;
    }
    for (int32_t row = 0; row < params->output_height; row += 3, output += 3 * width * channels) {
        const int32_t left = params->output_height - row;
        strip_rows rows;
        find_rows(params, input, padding, row, rows);
        tp_slide slide = {packed, packed + 2 * columns, 0, weights->lists, sums, row_bytes};
        tp_sums to = {sums, sums + width, output, channels, left < 3 ? left : 3, row_bytes, row_bytes - 4 * width, 0};
        const uint32_t *stair = weights->stairs;
        for (int32_t i = 0; i < params->input_channels; i++) {
            pack_channel(params, weights, rows, i, packed);
            for (int32_t j = 0; j < multiplier; j++, stair += TP_STAIR_WORDS, to.output++) {
                slide.entries = slide.entries_end + 1;
                slide.entries_end = slide.entries + slide.entries[-1];
                tp_slide_triples(&slide);
                tp_step_sums(&to, stair);
            }
        }
    }
}
