/**
 * @file
 * Four channels of two pixels, as words of two halfwords: what depthwise kernels pack.
 */
#ifndef TP_PIXELS_H
#define TP_PIXELS_H

#include "tp_dsp.h"

enum { TP_PIXEL_CHANNELS = 4 };

/** Where four channels that are there begin, `channel` among them: beside the last ones, some of those before them. */
static inline int32_t tp_first_of_four(int32_t channel, int32_t channels) {
    const int32_t last = channels - TP_PIXEL_CHANNELS;
    return channel > last && last > 0 ? last : channel;
}

/** The first four channels of a pixel, of which there may be fewer. */
static inline uint32_t tp_load_few(const int8_t *pixel, int32_t channels) {
    uint32_t word = 0;
    for (int32_t i = 0; i < channels && i < TP_PIXEL_CHANNELS; i++) {
        word |= (uint32_t)(uint8_t)pixel[i] << 8 * i;
    }
    return word;
}

/** Four channels of two pixels: a word for each channel. */
static inline void tp_pack_pixels(uint32_t first, uint32_t second, uint32_t *words) {
    const uint32_t low = tp_pkhbt(first, second), high = tp_pkhtb(second, first);
    words[0] = tp_sxtb16(low);
    words[1] = tp_sxtb16_ror8(low);
    words[2] = tp_sxtb16(high);
    words[3] = tp_sxtb16_ror8(high);
}

#endif
