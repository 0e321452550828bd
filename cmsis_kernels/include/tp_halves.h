/**
 * @file
 * Four weights in a word, for cores without the DSP extension: two halfwords 256 * a + b, of four outputs and one
 * input. The sum of halfwords times inputs is S = 256 * A + B, that of their low bytes, which are b modulo 256, is B:
 * so A = (S - B) / 256, exactly where |A| < 2^23. S may wrap.
 */
#ifndef TP_HALVES_H
#define TP_HALVES_H

#include <stdint.h>

/** Words of weights in an unrolled loop. */
#define TP_HALVES_ROUND 8

/**
 * The sums of four outputs, into `sums`.
 * @param inputs widened; a positive multiple of TP_HALVES_ROUND
 * @param end    behind the last of them
 * @param words  one for each input: outputs 0 (a) and 1 (b) low, 2 and 3 high
 */
void tp_multiply_halves(const int32_t *inputs, const int32_t *end, const uint32_t *words, int32_t *sums);

#endif
