/** @file The sample that is compiled into the firmware: all inputs, one after another. */
#ifndef SAMPLE_INPUT_H
#define SAMPLE_INPUT_H

#include "model.h"

extern const int8_t tp_sample_input[TP_INPUTS_BYTES];

#endif
