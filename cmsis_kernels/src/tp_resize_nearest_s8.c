#include <string.h>

#include "tp_kernels.h"

void tp_resize_nearest_s8(const tp_resize_params *params, const int8_t *input, int8_t *output) {
    const int32_t channels = params->channels, row_size = params->input_width * channels;
    for (int32_t y = 0; y < params->output_height; y++) {
        const int8_t *row = input + params->rows[y] * row_size;
        for (int32_t x = 0; x < params->output_width; x++) {
            (void)memcpy(output, row + params->columns[x] * channels, (size_t)channels);
            output += channels;
        }
    }
}
