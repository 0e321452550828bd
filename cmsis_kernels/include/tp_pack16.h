/**
 * @file
 * Input of a convolution, widened to int16 in scratch memory, where it can be read in pairs: row after row of the
 * padded input (strips), or gathered for each output position (patches). Padding is the input's zero point.
 */
#ifndef TP_PACK16_H
#define TP_PACK16_H

#include <stdint.h>

#include "tp_dsp.h"
#include "tp_types.h"

/** Widens `count` values; `target` is aligned to 4 where `count` is 4 or more. Returns the end of what was written. */
static inline int16_t *tp_widen(const int8_t *source, int32_t count, int16_t *target) {
#if TP_HAS_DSP
    uint32_t *words = (uint32_t *)(void *)target;
    for (; count >= 4; count -= 4, source += 4) {
        const uint32_t bytes = tp_load_word(source);
        const uint32_t even = tp_sxtb16(bytes), odd = tp_sxtb16_ror8(bytes);
        *words++ = tp_pkhbt(even, odd);
        *words++ = tp_pkhtb(odd, even);
    }
    target = (int16_t *)(void *)words;
#endif
    for (; count > 0; count--) {
        *target++ = *source++;
    }
    return target;
}

/** Sets `count` values. Returns the end of what was written. */
static inline int16_t *tp_fill16(int16_t value, int32_t count, int16_t *target) {
    for (; count > 0; count--) {
        *target++ = value;
    }
    return target;
}

/** Copies `count` words, an even number: what is read often from a slow flash. Returns the copy. */
static inline const uint32_t *tp_copy_words(const uint32_t *source, int32_t count, uint32_t *target) {
    for (int32_t i = 0; i < count; i += 2) {
        const uint32_t first = source[i], second = source[i + 1];
        target[i] = first;
        target[i + 1] = second;
    }
    return target;
}

/**
 * The input that output rows [row, row + rows) see: each input row from -pad_left on, `width` pixels of `channels`
 * values, which is input_channels rounded up to even (what is added is never written, and weighs nothing).
 */
__attribute__((noinline, unused)) static void tp_pack_strip(const tp_window_params *params, const int8_t *input,
                                                            int32_t row, int32_t rows, int32_t width, int16_t *target) {
    const int32_t channels = params->input_channels, padded = (channels + 1) & ~1;
    const int32_t top = row * params->stride_height - params->pad_top;
    const int32_t bottom =
        top + (rows - 1) * params->stride_height + (params->window_height - 1) * params->dilation_height;
    const int32_t right = width - params->pad_left;
    const int32_t inside = right < params->input_width ? right : params->input_width;
    for (int32_t y = top; y <= bottom; y++) {
        if (y < 0 || y >= params->input_height) {
            target = tp_fill16(params->input_zero_point, width * padded, target);
            continue;
        }
        const int8_t *source = input + y * params->input_width * channels;
        target = tp_fill16(params->input_zero_point, params->pad_left * padded, target);
        if (padded == channels) {
            target = tp_widen(source, inside * channels, target);
        } else {
            for (int32_t x = 0; x < inside; x++) {
                target = tp_widen(source + x * channels, channels, target) + 1;
            }
        }
        target = tp_fill16(params->input_zero_point, (right - inside) * padded, target);
    }
}

/** The patch of each output position of rows [row, row + rows), `size` values a patch: HWI, rounded up to even. */
__attribute__((noinline, unused)) static void tp_pack_patches(const tp_window_params *params, const int8_t *input,
                                                              int32_t row, int32_t rows, int32_t size,
                                                              int16_t *target) {
    const int32_t channels = params->input_channels;
    for (int32_t position = 0; position < rows * params->output_width; position++, target += size) {
        const int32_t top = (row + position / params->output_width) * params->stride_height - params->pad_top;
        const int32_t left = position % params->output_width * params->stride_width - params->pad_left;
        int16_t *end = target;
        for (int32_t i = 0; i < params->window_height; i++) {
            const int32_t y = top + i * params->dilation_height;
            const int8_t *source = input + y * params->input_width * channels;
            for (int32_t j = 0; j < params->window_width; j++) {
                const int32_t x = left + j * params->dilation_width;
                const int inside = y >= 0 && y < params->input_height && x >= 0 && x < params->input_width;
                end = inside ? tp_widen(source + x * channels, channels, end)
                             : tp_fill16(params->input_zero_point, channels, end);
            }
        }
    }
}

#endif
