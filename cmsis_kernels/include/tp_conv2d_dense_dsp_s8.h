/**
 * @file
 * Dense convolution on two pixels and four output channels at a time, with h-packed weights (tp_h_group.h).
 */
#ifndef TP_CONV2D_DENSE_DSP_S8_H
#define TP_CONV2D_DENSE_DSP_S8_H

#include "tp_apart.h"
#include "tp_clamp.h"
#include "tp_h_tile.h"
#include "tp_pack16.h"
#include "tp_requantize.h"
#include "tp_types.h"

/**
 * For each four output channels, each segment and each two inputs of it, two words: channels 0 and 1, channels 2 and 3;
 * in a word the first input is low. Channels that there are not have zeros.
 */
typedef struct {
    const uint32_t *halves;

    uint16_t width;      /**< of a strip, in pixels; 0: patches */
    uint16_t strip_rows; /**< output rows for which input is packed at a time */
    uint8_t buffered;    /**< whether the words of four channels are copied into scratch before they are used */
} tp_conv2d_dense_dsp_weights;

/** The lines of a convolution, one after another: for each strip, each four channels and each row, or all at once. */
typedef struct {
    tp_h_line line;
    tp_h_shape shape;
    const tp_window_params *params;
    const tp_requant *requant;
    const int8_t *input;
    const tp_conv2d_dense_dsp_weights *weights;
    const int32_t *bias;
    uint32_t *buffer, *strip;
    const uint32_t *packed; /**< the strip, or the input */
    int8_t *output;
    int32_t wide;                   /**< whether the input is packed */
    int32_t row_words;              /**< of a packed row; 0: patches */
    int32_t row, channel, line_row; /**< that the line is in: `line_row` of its strip */
    int32_t rows;                   /**< of the strip */
    int32_t together;               /**< rows of it that are one line */
    int32_t positions;              /**< of the row that are still to do */
} tp_h_lines;

static inline int32_t tp_h_group_words(const tp_h_shape *shape) { return 2 * shape->pairs * shape->segments; }

/** Packs the strip that begins in output row `row`. */
static inline void tp_h_pack(tp_h_lines *of) {
    const int32_t left = of->params->output_height - of->row, most = of->weights->strip_rows;
    const int32_t pixel = of->shape.pixel_step / 2 / of->params->stride_width;
    int16_t *const strip = (int16_t *)(void *)of->strip;
    of->rows = left < most ? left : most;
    of->together = of->row_words && of->params->output_width % 2 ? 1 : of->rows;
    if (of->wide) {
        return;
    }
    if (of->row_words) {
        tp_pack_strip(of->params, of->input, of->row, of->rows, of->weights->width, pixel, strip);
    } else {
        tp_pack_patches(of->params, of->input, of->row, of->rows, 2 * of->shape.pairs, strip);
    }
}

/** Loads channels [channel, channel + 4). */
static inline void tp_h_load(tp_h_lines *of) {
    const int32_t words = tp_h_group_words(&of->shape);
    const uint32_t *const halves = of->weights->halves + of->channel / 4 * words;
    of->line.weights = of->weights->buffered ? tp_copy_words(halves, words, of->buffer) : halves;
    of->line.first_end = of->line.weights + 2 * of->shape.pairs;
    of->line.last_end = of->line.weights + words;
    tp_h_load_channels(&of->line, of->requant, of->bias, of->channel, of->params->output_channels, of->shape.fraction);
}

/** Goes on to the next row of the strip, or of the next four channels, or of the next strip; at the end clamps all, and
 * returns 0. */
static inline int32_t tp_h_next_row(tp_h_lines *of) {
    const int32_t channels = of->params->output_channels, width = of->params->output_width;
    of->line_row += of->together;
    if (of->line_row >= of->rows) {
        of->line_row = 0;
        of->channel += 4;
        if (of->channel >= channels) {
            of->channel = 0;
            of->row += of->weights->strip_rows;
            if (of->row >= of->params->output_height) {
                tp_clamp_all(of->requant, of->params->output_height * width * channels, of->output);
                return 0;
            }
            tp_h_pack(of);
        }
        tp_h_load(of);
    }
    of->line.inputs = of->packed + of->line_row * of->params->stride_height * of->row_words;
    of->line.output = of->output + (of->row + of->line_row) * width * channels + of->channel;
    of->positions = of->row_words ? width : of->rows * width;
    return 1;
}

/** Makes the next line ready; 0 where there is none. Rows of an even width are one; an odd position is both pixels of a
 * tile. */
static TP_APART int32_t tp_h_next_line(tp_h_lines *of) {
    if (of->positions == 0 && !tp_h_next_row(of)) {
        return 0;
    }
    const int32_t positions = of->positions > 1 ? of->positions & ~1 : 1;
    of->positions -= positions;
    of->line.rows = of->row_words ? of->together : 1;
    of->line.distance = positions > 1 ? of->params->output_channels : 0;
    of->line.end = of->line.output + positions * of->line.distance;
    return 1;
}

/** Before the first line. */
static TP_APART void tp_h_begin(tp_h_lines *of, int8_t *scratch) {
    const int32_t pixel = of->shape.pixel_step / 2 / of->params->stride_width, pairs = of->shape.pairs;
    of->buffer = (uint32_t *)(void *)scratch;
    of->strip = of->buffer + (of->weights->buffered ? tp_h_group_words(&of->shape) : 0);
    of->packed = of->wide ? (const uint32_t *)(const void *)of->input : of->strip;
    of->row_words = of->weights->width * pixel / 2;
    of->row = -of->weights->strip_rows;
    of->channel = of->params->output_channels;
    of->line_row = of->rows = of->together = of->positions = 0;
    of->line.row_outputs = of->params->output_width * of->params->output_channels;
    of->line.row_gap = 4 * of->params->stride_height * of->row_words - of->params->output_width * of->shape.pixel_step;
    const int32_t segment_step = 4 * of->params->dilation_height * of->row_words, segments = of->shape.segments;
    of->line.segment_gap = segment_step - 4 * pairs;
    const int32_t moved = tp_h_is_straight(&of->shape) ? (segments - 1) * of->line.segment_gap
                          : segments > 1               ? segments * segment_step
                                                       : 4 * pairs;
    of->line.advance = 2 * of->shape.pixel_step - moved;
}

/** Lines of this shape; if `wide`, of an input that is packed. */
static inline __attribute__((always_inline)) void tp_h_run_lines(const tp_window_params *params,
                                                                 const tp_requant *requant, const int8_t *input,
                                                                 const tp_conv2d_dense_dsp_weights *weights,
                                                                 const int32_t *bias, int8_t *scratch, int8_t *output,
                                                                 const tp_h_shape shape, const int32_t wide) {
    tp_h_lines of;
    of.params = params;
    of.requant = requant;
    of.input = input;
    of.weights = weights;
    of.bias = bias;
    of.output = output;
    of.shape = shape;
    of.wide = wide;
    tp_h_begin(&of, scratch);
    while (tp_h_next_line(&of)) {
        tp_h_run_tiles(&of.line, shape);
    }
}

/**
 * Convolution, dense h-packed weights.
 *
 * The generator proves for each output channel |bias| + 128 * sum(|weights|) < 2^23, that no weight of -128 stands
 * beside a negative one in a halfword, and a shift in [-23, -1] or, if `fraction`, the words that `requant` then has.
 * @param scratch    the words of four channels, if buffered; the strip or the patches, and one pixel more; aligned to 4
 * @param pixel_step bytes from one output position's packed input to the next one's: below 4096; this and what follows
 *                   are compile-time constants
 * @param pairs      of inputs, in each segment
 * @param segments   runs of input that one output reads: 1 (patches), or one for each row of the window (strips)
 * @param fraction   the common shift of requantizations, 0 where they have none
 * @param whole      whether output channels are a multiple of four
 */
static inline __attribute__((always_inline)) void
tp_conv2d_dense_dsp_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                       const tp_conv2d_dense_dsp_weights *weights, const int32_t *bias, int8_t *scratch, int8_t *output,
                       const int32_t pixel_step, const int32_t pairs, const int32_t segments, const int32_t fraction,
                       const int32_t whole) {
    tp_h_run_lines(params, requant, input, weights, bias, scratch, output,
                   (tp_h_shape){pixel_step, pairs, segments, fraction, whole}, 0);
}

#endif
