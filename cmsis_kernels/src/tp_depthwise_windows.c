#include "tp_depthwise_windows.h"

#include "tp_apart.h"
#include "tp_clamp.h"
#include "tp_columns.h"
#include "tp_pixels.h"

enum { CHANNELS = TP_PIXEL_CHANNELS, SHORT = 4 };

/** Height or width: how the window goes along it, and the bytes from one position to the next. */
typedef struct {
    int32_t input, output, window, stride, dilation, pad;
    int32_t input_step, output_step;
} axis;

/** What is the same for all strips and channels. Words have two positions down of one across. */
typedef struct {
    axis down, across;
    int32_t channels; /**< of the input */
    int32_t columns;  /**< positions across that all outputs see */
    int32_t pitch;    /**< words of a column */
    int32_t words;    /**< of a column of the window */
    tp_depthwise_run_line *run_line;
    int8_t padding[CHANNELS];
} depthwise;

/** One position down: values `step` bytes apart across; of padding they are all in one place. */
typedef struct {
    const int8_t *pixel;
    int32_t step;
} source;

static source source_at(const depthwise *layer, const int8_t *input, int32_t position) {
    const source outside = {layer->padding, 0};
    const source inside = {input + position * layer->down.input_step, layer->across.input_step};
    return position < 0 || position >= layer->down.input ? outside : inside;
}

static inline uint32_t load(const int8_t *pixel, int32_t channels) {
    return channels < CHANNELS ? tp_load_few(pixel, channels) : tp_load_word(pixel);
}

/** The words of `count` columns of two positions down; where those of the next column go. */
static inline uint32_t *pack_columns(const depthwise *layer, source upper, source lower, int32_t count,
                                     uint32_t *words) {
    for (; count > 0; count--, words += CHANNELS * layer->pitch) {
        tp_pack_pixels(load(upper.pixel, layer->channels), load(lower.pixel, layer->channels), words);
        upper.pixel += upper.step;
        lower.pixel += lower.step;
    }
    return words;
}

/** Four channels of a strip whose first window begins at input position `position`. */
static TP_APART void pack(const depthwise *layer, const int8_t *input, int32_t position, uint32_t *words) {
    const axis *across = &layer->across;
    const source outside = {layer->padding, 0};
    const tp_columns columns = tp_columns_in(across->pad, across->input, layer->columns);
    for (int32_t i = 0; i < layer->pitch; i++, position += 2, words += CHANNELS) {
        const source upper = source_at(layer, input, position), lower = source_at(layer, input, position + 1);
        uint32_t *next = pack_columns(layer, outside, outside, columns.left, words);
        next = pack_columns(layer, upper, lower, columns.inside, next);
        pack_columns(layer, outside, outside, columns.right, next);
    }
}

/** The window of one channel in words, column by column, beginning in the low (`odd` 0) or the high halfword. */
static TP_APART void expand(const depthwise *layer, const int8_t *weights, int32_t odd, uint32_t *words) {
    for (int32_t i = 0; i < layer->across.window; i++, words += layer->words) {
        for (int32_t j = 0; j < layer->words; j++) {
            words[j] = 0;
        }
        for (int32_t j = 0; j < layer->down.window; j++) {
            const int32_t half = odd + j * layer->down.dilation;
            words[half / 2] |= tp_pair(half % 2 ? 0 : *weights, half % 2 ? *weights : 0);
            weights++;
        }
    }
}

/** One channel of `rows` positions down: in lines across, or, where these are short, down, at every other position. */
static void run_channel(const depthwise *layer, const uint32_t *packed, const uint32_t *weights, tp_depthwise_line of,
                        int32_t rows, int8_t *output) {
    const axis *down = &layer->down, *across = &layer->across;
    const int32_t window_words = layer->words * across->window, column = CHANNELS * layer->pitch * across->stride;
    const int32_t is_across = across->output >= SHORT || across->output >= rows, alike = down->stride % 2 ? 2 : 1;
    const int32_t lines = is_across || rows < alike ? rows : alike, columns = is_across ? 1 : across->output;
    of.step = 4 * (is_across ? column : CHANNELS * alike * down->stride / 2);
    of.output_step = is_across ? across->output_step : alike * down->output_step;
    for (int32_t i = 0; i < lines; i++) {
        const int32_t half = i * down->stride;
        of.weights = weights + (half % 2 ? window_words : 0);
        of.weights_end = of.weights + window_words;
        of.count = is_across ? across->output : (rows - i + alike - 1) / alike;
        for (int32_t j = 0; j < columns; j++) {
            of.words = packed + CHANNELS * (half / 2) + j * column;
            of.output = output + i * down->output_step + j * across->output_step;
            layer->run_line(&of);
        }
    }
}

/** Height and width as they are, or turned where the input is one row: words then have two of its values. */
static depthwise depthwise_of(const tp_window_params *params, int32_t strip_rows, int32_t words) {
    const int32_t channels = params->input_channels, outputs = params->output_channels;
    const int8_t zero = params->input_zero_point;
    const axis height = {params->input_height,           params->output_height,         params->window_height,
                         params->stride_height,          params->dilation_height,       params->pad_top,
                         params->input_width * channels, params->output_width * outputs};
    const axis width = {params->input_width,
                        params->output_width,
                        params->window_width,
                        params->stride_width,
                        params->dilation_width,
                        params->pad_left,
                        channels,
                        outputs};
    const int32_t is_row = params->input_height == 1 && params->window_height == 1 && params->pad_top == 0;
    depthwise layer = {is_row ? width : height, is_row ? height : width, channels, 0, 0, words, 0,
                       {zero, zero, zero, zero}};
    const axis *across = &layer.across;
    layer.columns = (across->output - 1) * across->stride + (across->window - 1) * across->dilation + 1;
    layer.pitch = (strip_rows - 1) * layer.down.stride / 2 + words;
    return layer;
}

void tp_depthwise_windows(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                          const int8_t *weights, int32_t strip_rows, const int32_t *bias, uint32_t *scratch,
                          int8_t *output, int32_t words, tp_depthwise_run_line *run_line) {
    depthwise layer = depthwise_of(params, strip_rows, words);
    layer.run_line = run_line;
    const axis *down = &layer.down;
    const int32_t channels = params->input_channels, multiplier = params->output_channels / channels;
    const int32_t window = down->window * layer.across.window, window_words = words * layer.across.window;
    uint32_t *const packed = scratch + (down->stride % 2 ? 2 : 1) * window_words;
    tp_depthwise_line line = {0};
    line.gap = 4 * CHANNELS * (layer.across.dilation * layer.pitch - words);
    for (int32_t row = 0; row < down->output; row += strip_rows) {
        const int32_t left = down->output - row, rows = left < strip_rows ? left : strip_rows;
        int32_t first = 0, behind = 0; /* the channels that are packed */
        for (int32_t i = 0; i < params->output_channels; i++) {
            const int32_t channel = i / multiplier;
            if (channel >= behind) {
                first = tp_first_of_four(channel, channels);
                behind = first + CHANNELS;
                pack(&layer, input + first, row * down->stride - down->pad, packed);
            }
            expand(&layer, weights + i * window, 0, scratch);
            if (down->stride % 2) {
                expand(&layer, weights + i * window, 1, scratch + window_words);
            }
            line.bias = bias[i];
            line.requant = tp_right_requant_of(requant, i);
            run_channel(&layer, packed + channel - first, scratch, line, rows, output + row * down->output_step + i);
        }
    }
    tp_clamp_all(requant, params->output_height * params->output_width * params->output_channels, output);
}
