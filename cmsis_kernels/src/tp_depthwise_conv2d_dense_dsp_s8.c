/*
 * Depthwise 3x3. Two input rows share a word: row y low, row y + 1 high. For a column of the window with weights w0, w1
 * and w2, and words (x0, x1) and (x2, x3), one output is w0 * x0 + w1 * x1 + w2 * x2, the one below it
 * w0 * x1 + w1 * x2 + w2 * x3: of the six products SMLAD takes two at a time, so the words (w0, w1) and (w1, w2) are
 * all that is needed. Channels lie one after the other, so that the weights of one stay in registers.
 */
#include "tp_dsp.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

/** The weights of one channel, doubled, by column; and what its outputs need. */
typedef struct {
    uint32_t upper[3]; /**< (w0, w1) */
    uint32_t lower[3]; /**< (w1, w2) */
    int32_t bias;      /**< doubled */
    tp_right_requant requant;
} channel_weights;

/** Where the words of one channel are read, and its outputs written. */
typedef struct {
    const uint32_t *words;
    int32_t row_words; /**< from a pair of rows to the next */
    int8_t *output;
    int32_t right, below; /**< bytes from an output to the next one, and to the one in the next row */
} place;

static channel_weights load_weights(const tp_requant *requant, const int8_t *weights, const int32_t *bias,
                                    int32_t channel, int32_t channels) {
    channel_weights loaded = {{0, 0, 0}, {0, 0, 0}, 2 * bias[channel], tp_right_requant_of(requant, channel)};
    for (int32_t i = 0; i < 3; i++) {
        const int8_t *column = weights + i * channels + channel;
        const int32_t w0 = 2 * column[0], w1 = 2 * column[3 * channels], w2 = 2 * column[6 * channels];
        loaded.upper[i] = tp_pair(w0, w1);
        loaded.lower[i] = tp_pair(w1, w2);
    }
    return loaded;
}

static inline void store(const channel_weights *weights, int32_t doubled, int8_t *output) {
    *output = (int8_t)tp_requantize_right(weights->requant, doubled);
}

/** One column of the window adds to an output, and to the one below it. */
static inline void add_column(uint32_t first, uint32_t second, uint32_t upper, uint32_t lower, int32_t *above,
                              int32_t *below) {
    *above = tp_smlabt(second, lower, tp_smlad(first, upper, *above));
    *below = tp_smlatb(first, upper, tp_smlad(second, lower, *below));
}

/** Two rows of outputs, stride 1, two columns at a time. */
static void run_two_rows(const channel_weights *weights, place at, int32_t columns) {
    const uint32_t u0 = weights->upper[0], u1 = weights->upper[1], u2 = weights->upper[2];
    const uint32_t l0 = weights->lower[0], l1 = weights->lower[1], l2 = weights->lower[2];
    const uint32_t *first = at.words, *second = at.words + at.row_words;
    for (; columns > 0; columns -= 2) {
        int32_t above = weights->bias, below = above, above_right = above, below_right = above;
        uint32_t a = first[0], b = second[0];
        add_column(a, b, u0, l0, &above, &below);
        a = first[1], b = second[1];
        add_column(a, b, u1, l1, &above, &below);
        add_column(a, b, u0, l0, &above_right, &below_right);
        a = first[2], b = second[2];
        add_column(a, b, u2, l2, &above, &below);
        add_column(a, b, u1, l1, &above_right, &below_right);
        a = first[3], b = second[3];
        add_column(a, b, u2, l2, &above_right, &below_right);
        const int32_t right = columns > 1 ? at.right : 0; /* where there is none, it is written over */
        store(weights, below_right, at.output + at.below + right);
        store(weights, below, at.output + at.below);
        store(weights, above_right, at.output + right);
        store(weights, above, at.output);
        first += 2;
        second += 2;
        at.output += 2 * at.right;
    }
}

/** One row of outputs, any horizontal stride; the window's top row is low in its word. */
static void run_row(const channel_weights *weights, place at, int32_t columns, int32_t stride) {
    const uint32_t *first = at.words, *second = at.words + at.row_words;
    for (; columns > 0; columns--, first += stride, second += stride, at.output += at.right) {
        int32_t sum = weights->bias;
        for (int32_t i = 0; i < 3; i++) {
            sum = tp_smlabt(second[i], weights->lower[i], tp_smlad(first[i], weights->upper[i], sum));
        }
        store(weights, sum, at.output);
    }
}

/** One pixel of two rows, up to four channels, to words that lie `plane` apart. */
static inline void pack_pixel(const int8_t *upper, const int8_t *lower, int32_t channels, int32_t plane,
                              uint32_t *target) {
    if (channels < 4) {
        for (int32_t i = 0; i < channels; i++) {
            target[i * plane] = tp_pair(upper[i], lower[i]);
        }
        return;
    }
    const uint32_t a = tp_load_word(upper), b = tp_load_word(lower);
    const uint32_t a02 = tp_sxtb16(a), a13 = tp_sxtb16_ror8(a), b02 = tp_sxtb16(b), b13 = tp_sxtb16_ror8(b);
    target[0] = tp_pkhbt(a02, b02);
    target[plane] = tp_pkhbt(a13, b13);
    target[2 * plane] = tp_pkhtb(b02, a02);
    target[3 * plane] = tp_pkhtb(b13, a13);
}

/** A row of the input, or of padding, from the first of up to four channels on. */
typedef struct {
    const int8_t *pixel;
    int32_t step; /**< to the next pixel */
} source_row;

static source_row source_of(const tp_window_params *params, const int8_t *input, const int8_t *padding, int32_t y) {
    const source_row outside = {padding, 0};
    const source_row inside = {input + y * params->input_width * params->input_channels, params->input_channels};
    return y < 0 || y >= params->input_height ? outside : inside;
}

/** The words of input rows (y, y + 1), up to four channels: `width` of them each, from column -pad_left on. */
static void pack_rows(const tp_window_params *params, const int8_t *input, int32_t y, int32_t channels, int32_t width,
                      int32_t plane, uint32_t *target) {
    const int8_t zero = params->input_zero_point, padding[4] = {zero, zero, zero, zero};
    source_row upper = source_of(params, input, padding, y), lower = source_of(params, input, padding, y + 1);
    for (int32_t x = -params->pad_left; x < width - params->pad_left; x++, target++) {
        if (x < 0 || x >= params->input_width) {
            pack_pixel(padding, padding, channels, plane, target);
            continue;
        }
        pack_pixel(upper.pixel, lower.pixel, channels, plane, target);
        upper.pixel += upper.step;
        lower.pixel += lower.step;
    }
}

/** All rows of a strip, one channel. */
static void run_channel(const tp_window_params *params, const channel_weights *weights, place at, int32_t rows) {
    const int32_t paired = params->stride_height == 1;
    for (int32_t row = 0; row < rows; row += 1 + paired) {
        if (paired) {
            place pair = at;
            pair.below = row + 1 < rows ? at.below : 0; /* where there is none, it is written over */
            run_two_rows(weights, pair, params->output_width);
        } else {
            run_row(weights, at, params->output_width, params->stride_width);
        }
        at.words += at.row_words;
        at.output += (1 + paired) * at.below;
    }
}

void tp_depthwise_conv2d_dense_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                      const tp_depthwise_conv2d_dense_dsp_weights *weights, const int32_t *bias,
                                      int8_t *scratch, int8_t *output) {
    const int32_t channels = params->output_channels, paired = params->stride_height == 1;
    const int32_t width = (params->output_width - 1) * params->stride_width + 3 + paired;
    uint32_t *words = (uint32_t *)(void *)scratch;
    for (int32_t row = 0; row < params->output_height; row += weights->strip_rows) {
        const int32_t left = params->output_height - row;
        const int32_t rows = left < weights->strip_rows ? left : weights->strip_rows;
        const int32_t pairs = 1 + (paired ? (rows + 1) / 2 : rows), plane = pairs * width;
        const int32_t top = row * params->stride_height - params->pad_top;
        for (int32_t channel = 0; channel < channels; channel += 4) {
            const int32_t count = channels - channel < 4 ? channels - channel : 4;
            for (int32_t i = 0; i < pairs; i++) {
                pack_rows(params, input + channel, top + 2 * i, count, width, plane, words + i * width);
            }
            for (int32_t i = channel; i < channel + count; i++) {
                const channel_weights loaded = load_weights(requant, weights->values, bias, i, channels);
                const place at = {words + (i - channel) * plane, width,
                                  output + row * params->output_width * channels + i, channels,
                                  params->output_width * channels};
                run_channel(params, &loaded, at, rows);
            }
        }
    }
    tp_clamp_all(requant, params->output_height * params->output_width * channels, output);
}
