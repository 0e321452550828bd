/** @file The input that is compiled into the firmware. */
#ifndef SAMPLE_INPUT_H
#define SAMPLE_INPUT_H

#include "model.h"

extern const int8_t tp_sample_input[TP_INPUT_BYTES];

#endif
