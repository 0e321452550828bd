/**
 * @file
 * Four weights in a word, for cores without the DSP extension: of four outputs a, b, c, d and one input. The upper
 * byte is a, the others are b, c, d raised by 128, so that they have no sign. Shifted to the right by none to three
 * bytes, with its sign, a word w is
 *
 *     w >> 24 = a,  w >> 16 = 256 * a + b,  w >> 8 = 256 * (w >> 16) + c,  w = 256 * (w >> 8) + d
 *
 * So the sums of inputs times these four are A, 256 * A + B and so on, modulo 2^32; and 256 times each of them, taken
 * away from the next one, leaves A, B, C, D, modulo 2^32 too. No sum of products is too large, whatever overflows on
 * the way. B, C and D are more than they should be by 128 times the sum of the inputs.
 */
#ifndef TP_QUARTERS_H
#define TP_QUARTERS_H

#include <stdint.h>

/** Words of weights in an unrolled loop. */
#define TP_QUARTERS_ROUND 8

/**
 * The sums A, B, C, D of four outputs, into `sums`; the last three with raised weights.
 * @param inputs widened; a positive multiple of TP_QUARTERS_ROUND
 * @param end    behind the last of them
 * @param words  one for each input
 */
void tp_multiply_quarters(const int32_t *inputs, const int32_t *end, const uint32_t *words, int32_t *sums);

#endif
