/**
 * @file
 * The clamp of all outputs at once, for kernels that saturate to int8 as they go.
 */
#ifndef TP_CLAMP_H
#define TP_CLAMP_H

#include <stdint.h>

#include "tp_types.h"

/** The clamp of a layer's outputs, where it is not that of int8: that one they have. */
void tp_clamp_all(const tp_requant *requant, int32_t count, int8_t *output);

#endif
