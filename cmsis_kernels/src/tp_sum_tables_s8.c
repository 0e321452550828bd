#include "tp_broadcast.h"
#include "tp_kernels.h"

/** `count` outputs, at least one, of inputs that are as far apart as the steps say. */
static void sum_row(const tp_sum_tables *tables, const uint8_t *input, int32_t input_step, const uint8_t *other,
                    int32_t other_step, int32_t count, int8_t *output) {
    const int32_t *first = tables->input, *second = tables->other;
    const int32_t above = tables->above, signs = tables->below - above, range = tables->range;
    const int32_t low = tables->clamp_low, fraction = tables->fraction;
    const int8_t *end = output + count;
    do {
        const int32_t sum = first[*input] + second[*other];
        int32_t value = (sum + above + (sum < 0 ? signs : 0)) >> fraction;
        if ((uint32_t)value > (uint32_t)range) {
            value = value < 0 ? 0 : range;
        }
        *output++ = (int8_t)(value + low);
        input += input_step;
        other += other_step;
    } while (output != end);
}

void tp_sum_tables_s8(const tp_sum_tables *tables, const tp_broadcast *shape, const int8_t *input, const int8_t *other,
                      int8_t *output) {
    const int32_t columns = shape->sizes[3];
    for (int32_t row = 0; row < tp_rows(shape); row++, output += columns) {
        const int8_t *a = input + tp_row_start(shape, shape->input_strides, row);
        const int8_t *b = other + tp_row_start(shape, shape->other_strides, row);
        sum_row(tables, (const uint8_t *)a, shape->input_strides[3], (const uint8_t *)b, shape->other_strides[3],
                columns, output);
    }
}
