/**
 * @file
 * Weights as instructions: groups of ten outputs, as tinyprune/formats/code.py says. A core executes them where they
 * lie, which must be memory that it may fetch from; any other machine reads them.
 */
#ifndef TP_CODE_H
#define TP_CODE_H

#include <stdint.h>

#define TP_CODE_OUTPUTS 10 /* of a group */

/**
 * Runs a group.
 * @param raised the inputs, as `tp_raise` gives them
 * @param sums   of products of raised inputs, modulo 2^32
 * @return the next group
 */
const uint16_t *tp_run_code(const uint16_t *group, const uint8_t *raised, uint32_t sums[TP_CODE_OUTPUTS]);

/** Inputs raised by 128: bytes without a sign. `raised` is aligned as words. */
void tp_raise(const int8_t *input, int32_t count, uint8_t *raised);

#endif
