#include "tp_kernels.h"
#include "tp_staircase.h"
#include "tp_walk.h"

/** What one output row sees: a row of padding beyond the input. Returns how many rows may follow as those inside do. */
static int32_t find_rows(const tp_window_params *params, const int8_t *input, const int8_t *padding, int32_t row,
                         const int8_t *rows[3]) {
    const int32_t row_bytes = params->input_width * params->input_channels, height = params->input_height;
    const int32_t top = row * params->stride_height - params->pad_top, bottom = top + 2 * params->dilation_height;
    for (int32_t i = 0, y = top; i < 3; i++, y += params->dilation_height) {
        rows[i] = y >= 0 && y < height ? input + y * row_bytes : padding;
    }
    return top >= 0 && bottom < height ? (height - 1 - bottom) / params->stride_height : 0;
}

/** Which columns a walk goes over, beginning at channel 0. */
static void find_columns(const tp_window_params *params, tp_walk *walk) {
    const int32_t stride = params->stride_width, step = params->input_channels, width = params->input_width;
    const int32_t ahead = 3 - stride - params->pad_left; /* columns with which no output ends */
    const int32_t inside = (width - ahead) / stride;     /* outputs that end inside */
    const int32_t outputs = params->output_width < inside ? params->output_width : inside;
    walk->step = step;
    walk->begin = 0;
    walk->first = ahead * step;
    walk->end = walk->first + outputs * stride * step;
    walk->last = walk->end + (params->output_width - outputs) * stride * step;
}

/** The weights of one channel, widened, and what padding adds to outputs at the edges; returns the next channel's. */
static const int8_t *take_weights(const tp_window_params *params, const int8_t *taps, tp_walk *walk) {
    for (int32_t i = 0; i < 9; i++) {
        walk->weights[i] = taps[i];
    }
    const int32_t *shared = params->stride_width == 1 ? walk->weights : walk->weights + 3;
    const int32_t distance = params->stride_width == 1 ? 3 : 2; /* from column 2, at `shared`, of one row to the next */
    const int32_t *first = shared + distance - 1;
    walk->right = params->input_zero_point * (shared[0] + shared[distance] + shared[2 * distance]);
    walk->left = params->input_zero_point * (first[0] + first[distance] + first[2 * distance]);
    return taps + 9;
}

static void take_stair(const uint32_t *stair, tp_walk *walk) {
    walk->start = (int32_t)stair[TP_STAIR_START];
    walk->range = stair[TP_STAIR_RANGE];
    walk->low = stair[TP_STAIR_LOW];
    walk->high = stair[TP_STAIR_HIGH];
    walk->offset = stair[TP_STAIR_OFFSET];
}

/** All rows of one channel. */
static void walk_rows(const tp_window_params *params, const int8_t *input, const int8_t *padding, tp_walk *walk) {
    for (int32_t row = 0; row < params->output_height;) {
        const int32_t more = find_rows(params, input, padding, row, walk->rows), left = params->output_height - row;
        walk->count = more < left ? 1 + more : left;
        row += walk->count;
        if (params->stride_width == 1) {
            tp_walk_columns(walk);
        } else {
            tp_walk_column_pairs(walk);
        }
    }
}

void tp_depthwise_conv2d_dense_walk_s8(const tp_window_params *params, const tp_requant *requant, const int8_t *input,
                                       const tp_depthwise_conv2d_dense_walk_weights *weights, const int32_t *bias,
                                       int8_t *scratch, int8_t *output) {
    (void)requant;
    (void)bias;
    const int32_t input_bytes = params->input_width * params->input_channels;
    for (int32_t i = 0; i < input_bytes; i++) {
        scratch[i] = params->input_zero_point;
    }
    tp_walk walk;
    const int8_t *taps = weights->taps;
    const uint32_t *stair = weights->stairs;
    find_columns(params, &walk);
    walk.rows_distance = params->stride_height * input_bytes;
    walk.row_bytes = params->output_width * params->output_channels;
    for (int32_t i = 0; i < params->output_channels; i++, stair += TP_STAIR_WORDS) {
        walk.output = output + i;
        taps = take_weights(params, taps, &walk);
        take_stair(stair, &walk);
        walk_rows(params, input, scratch, &walk);
        walk.begin++;
        walk.first++;
        walk.end++;
        walk.last++;
    }
}
