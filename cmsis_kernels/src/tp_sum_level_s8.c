#include "tp_broadcast.h"
#include "tp_dsp.h"
#include "tp_kernels.h"

#define TP_SUM_FRACTION 21
#define HIGHEST_BYTE 0xFF000000U

/** One output; inputs are raised by 24 bits. */
static inline int8_t finish(const tp_sum_level *to, uint32_t input, uint32_t other) {
    const int32_t with_other = tp_smmla((int32_t)other, to->other_multiplier, to->addend);
    return (int8_t)tp_saturate_right(tp_smmla((int32_t)input, to->input_multiplier, with_other), TP_SUM_FRACTION);
}

/** Outputs of inputs that are neighbours, four at a time. Returns how many are left. */
static int32_t sum_quads(const tp_sum_level *to, const int8_t *input, const int8_t *other, int32_t count,
                         int8_t *output) {
    const tp_sum_level constants = *to; /* in registers */
    for (; count >= 4; count -= 4, input += 4, other += 4, output += 4) {
        const uint32_t a = tp_load_word(input), b = tp_load_word(other);
        output[0] = finish(&constants, a << 24, b << 24);
        output[1] = finish(&constants, a << 16 & HIGHEST_BYTE, b << 16 & HIGHEST_BYTE);
        output[2] = finish(&constants, a << 8 & HIGHEST_BYTE, b << 8 & HIGHEST_BYTE);
        output[3] = finish(&constants, a & HIGHEST_BYTE, b & HIGHEST_BYTE);
    }
    return count;
}

void tp_sum_level_s8(const tp_sum_level *to, const tp_broadcast *shape, const int8_t *input, const int8_t *other,
                     int8_t *output) {
    const int32_t input_step = shape->input_strides[3], other_step = shape->other_strides[3];
    const int32_t columns = shape->sizes[3];
    for (int32_t row = 0; row < tp_rows(shape); row++, output += columns) {
        const int8_t *a = input + tp_row_start(shape, shape->input_strides, row);
        const int8_t *b = other + tp_row_start(shape, shape->other_strides, row);
        const int32_t quads = input_step == 1 && other_step == 1 ? columns - sum_quads(to, a, b, columns, output) : 0;
        for (int32_t i = quads; i < columns; i++) {
            output[i] = finish(to, (uint32_t)a[i * input_step] << 24, (uint32_t)b[i * other_step] << 24);
        }
    }
}
