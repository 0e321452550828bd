#include <string.h>

#include "tp_kernels.h"

enum { INNER = TP_MOVE_RANK - 1 };

static void copy_run(const tp_block_copy *copy, const int8_t *input, int8_t *output) {
    const int32_t from = copy->input_stride[INNER], to = copy->output_stride[INNER];
    if (from == 1 && to == 1) {
        (void)memcpy(output, input, (size_t)copy->extent[INNER]);
        return;
    }
    for (int32_t i = 0; i < copy->extent[INNER]; i++) {
        output[i * to] = input[i * from];
    }
}

void tp_move_s8(const tp_block_copy *copy, const int8_t *input, int8_t *output) {
    int32_t at[INNER] = {0};
    int32_t axis;
    do {
        copy_run(copy, input, output);
        /* count on: an axis that is through goes back to its start and carries */
        for (axis = INNER - 1; axis >= 0 && ++at[axis] == copy->extent[axis]; axis--) {
            input -= (copy->extent[axis] - 1) * copy->input_stride[axis];
            output -= (copy->extent[axis] - 1) * copy->output_stride[axis];
            at[axis] = 0;
        }
        if (axis >= 0) {
            input += copy->input_stride[axis];
            output += copy->output_stride[axis];
        }
    } while (axis >= 0);
}
