#include "tp_kernels.h"
#include "tp_staircase.h"
#include "tp_triples.h"

/** How one input channel is packed: for each row of the window, and each residue of columns modulo the stride, a line
 * of `length` pairs of words, one for each column: the values that three output rows see there. */
typedef struct {
    int32_t length;
    int32_t padding;     /**< the value beyond the input */
    const int8_t *empty; /**< an input row of it */
} strip_lines;

static uint32_t *pack_padding(int32_t value, int32_t count, uint32_t *target) {
    for (; count > 0; count--) {
        *target++ = (uint32_t)value + ((uint32_t)value << 21);
        *target++ = (uint32_t)value + ((uint32_t)value << 10);
    }
    return target;
}

/** `count` columns of three rows, `step` values apart. */
static uint32_t *pack_columns(const int8_t *const rows[3], int32_t offset, int32_t count, int32_t step,
                              uint32_t *target) {
    const int8_t *a = rows[0] + offset, *b = rows[1] + offset, *c = rows[2] + offset;
    for (int32_t i = 0; i < count * step; i += step) {
        const uint32_t third = (uint32_t)c[i];
        *target++ = (uint32_t)a[i] + (third << 21);
        *target++ = (uint32_t)b[i] + (third << 10);
    }
    return target;
}

static int32_t within(int32_t value, int32_t most) { return value < 0 ? 0 : value > most ? most : value; }

/** The lines of one channel of three input rows. */
static uint32_t *pack_lines(const tp_window_params *params, const strip_lines *lines, const int8_t *const rows[3],
                            int32_t channel, uint32_t *target) {
    const int32_t stride = params->stride_width, channels = params->input_channels;
    for (int32_t residue = 0; residue < stride; residue++) {
        const int32_t x = residue - params->pad_left; /* of the line's first column */
        const int32_t left = within((stride - 1 - x) / stride, lines->length);
        const int32_t end = within((params->input_width - x + stride - 1) / stride, lines->length);
        const int32_t inside = end > left ? end - left : 0;
        target = pack_padding(lines->padding, left, target);
        target = pack_columns(rows, (x + left * stride) * channels + channel, inside, stride * channels, target);
        target = pack_padding(lines->padding, lines->length - left - inside, target);
    }
    return target;
}

/** One channel of what output rows [row, row + 3) see; the last one's again in the place of rows that do not exist. */
static void pack_strip(const tp_window_params *params, const strip_lines *lines, const int8_t *input, int32_t row,
                       int32_t channel, uint32_t *target) {
    for (int32_t i = 0; i < params->window_height; i++) {
        const int8_t *rows[3];
        for (int32_t j = 0; j < 3; j++) {
            const int32_t output_row = row + j < params->output_height ? row + j : params->output_height - 1;
            const int32_t y = output_row * params->stride_height - params->pad_top + i * params->dilation_height;
            const int inside = y >= 0 && y < params->input_height;
            rows[j] = inside ? input + y * params->input_width * params->input_channels : lines->empty;
        }
        target = pack_lines(params, lines, rows, channel, target);
    }
}

void tp_depthwise_conv2d_dense_triples_s8(const tp_window_params *params, const tp_requant *requant,
                                          const int8_t *input, const tp_depthwise_conv2d_dense_triples_weights *weights,
                                          const int32_t *bias, int8_t *scratch, int8_t *output) {
    (void)requant;
    (void)bias;
    const int32_t channels = params->output_channels, width = params->output_width, height = params->output_height;
    const int32_t multiplier = channels / params->input_channels,
                  row_values = params->input_width * params->input_channels;
    int32_t *sums = (int32_t *)(void *)scratch; /* three rows of an even number of columns */
    const int32_t columns = width + width % 2;
    uint32_t *packed = (uint32_t *)(void *)(sums + 3 * columns);
    int8_t *empty = (int8_t *)(packed + 2 * weights->length * params->stride_width * params->window_height);
    for (int32_t i = 0; i < row_values; i++) {
        empty[i] = params->input_zero_point;
    }
    const strip_lines lines = {weights->length, params->input_zero_point, empty};
    for (int32_t row = 0; row < height; row += 3) {
        const uint32_t *list = weights->lists, *stair = weights->stairs;
        for (int32_t channel = 0; channel < channels; channel++, stair += TP_STAIR_WORDS) {
            if (channel % multiplier == 0) {
                pack_strip(params, &lines, input, row, channel / multiplier, packed);
            }
            const uint32_t *entries = list + 1, *end = entries + *list;
            for (int32_t column = 0; column < columns; column += 2) {
                int32_t found[TP_TRIPLE_VALUES] = {0, 0, 0, 0, 0, 0};
                uint32_t products[TP_TRIPLE_WORDS];
                tp_multiply_some_triples(packed + 2 * column, entries, end, products);
                tp_add_triples(products, found);
                for (int32_t i = 0; i < 3; i++) {
                    sums[i * columns + column] = found[i];
                    sums[i * columns + column + 1] = found[3 + i];
                }
            }
            list = end;
            for (int32_t i = 0; i < 3 && row + i < height; i++) {
                const int32_t *from = sums + i * columns;
                const tp_sums to = {from, from + width, output + (row + i) * width * channels + channel, channels};
                tp_step_sums(&to, stair);
            }
        }
    }
}
