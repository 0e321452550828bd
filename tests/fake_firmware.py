"""A hand-written model of two layers, in the firmware that a generated one would get."""

from tinyprune.board import Board
from tinyprune.codegen.files import Files
from tinyprune.codegen.firmware import firmware_files

MODEL_H = """
#ifndef MODEL_H
#define MODEL_H
#include <stdint.h>
#define TP_MODEL_NAME "fake"
#define TP_INPUT_BYTES 8
#define TP_INPUTS_BYTES 8
#define TP_INPUT_COUNT 1
#define TP_OUTPUT_COUNT 1
#define TP_OUTPUT_BYTES 20
#define TP_LAYER_COUNT 2
extern int8_t tp_input[TP_INPUT_BYTES];
extern int8_t tp_output[TP_OUTPUT_BYTES];
void tp_invoke(void);
typedef struct { const char *name; int8_t *data; uint32_t bytes; } tp_edge;
extern const tp_edge tp_inputs[TP_INPUT_COUNT], tp_outputs[TP_OUTPUT_COUNT];
void tp_reset(void);
typedef struct { const char *name; void (*run)(void); const int8_t *output; uint32_t output_bytes; } tp_layer;
extern const tp_layer tp_layers[TP_LAYER_COUNT];
#endif
"""

MODEL_C = """
#include "model.h"
#include "string.h"
int8_t tp_arena[4096] __attribute__((section(".bss.tp_arena"), aligned(16)));
int8_t tp_input[TP_INPUT_BYTES];
int8_t tp_output[TP_OUTPUT_BYTES];
static const volatile int8_t weights[%d] __attribute__((section(".tp_weights"))) = {3, -5, 7};
int32_t tp_bias = -7; /* in .data */
#define LAYER static __attribute__((noinline)) void
LAYER tp_layer_scale(void)
{
    for (int i = 0; i < TP_INPUT_BYTES; i++) {
        tp_arena[i] = (int8_t)(tp_input[i] * weights[i % 3]);
    }
}
LAYER tp_layer_spread(void)
{
    for (int i = 0; i < TP_OUTPUT_BYTES; i++) {
        tp_output[i] = (int8_t)(tp_arena[i % TP_INPUT_BYTES] + tp_bias);
    }
    tp_input[0] = 99; /* as the arena's reuse would */
}
const tp_layer tp_layers[TP_LAYER_COUNT] = {{"scale", tp_layer_scale, tp_arena, 8},
                                               {"spread", tp_layer_spread, tp_output, 20}};
const tp_edge tp_inputs[TP_INPUT_COUNT] = {{"x", tp_input, TP_INPUT_BYTES}};
const tp_edge tp_outputs[TP_OUTPUT_COUNT] = {{"y", tp_output, TP_OUTPUT_BYTES}};
void tp_invoke(void);
__attribute__((noinline)) void tp_invoke(void) { tp_layer_scale(); tp_layer_spread(); }
void tp_reset(void) {}
"""

SAMPLE_INPUT_H = '#include "model.h"\nextern const int8_t tp_sample_input[TP_INPUT_BYTES];\n'
SAMPLE_INPUT_C = (
    '#include "sample_input.h"\nconst int8_t tp_sample_input[TP_INPUT_BYTES] = {1, -2, 3, 4, -5, 6, 7, 8};\n'
)


def fake_outputs() -> list[int]:
    """What the model above answers."""
    sample = [1, -2, 3, 4, -5, 6, 7, 8]
    scaled = [value * (3, -5, 7)[i % 3] for i, value in enumerate(sample)]
    return [scaled[i % 8] - 7 for i in range(20)]


def fake_files(stm32f4: Board, *, weights_bytes: int = 1000, stack_bytes: int = 4096) -> Files:
    """The whole firmware of the model above."""
    return firmware_files(stm32f4, arena_bytes=4096, stack_bytes=stack_bytes) | {
        "model/model.c": MODEL_C.replace("weights[%d]", f"weights[{weights_bytes}]"),
        "model/model.h": MODEL_H,
        "sample_input.c": SAMPLE_INPUT_C,
        "sample_input.h": SAMPLE_INPUT_H,
    }
