#include "tp_broadcast.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

enum { SMALLEST_SHIFT = -23 }; /* of tp_requantize_right */

/** A product, |product| < 2^16, on the scale of outputs; `right` is for shifts to the right. */
static inline int32_t rescale(const tp_mul_params *params, tp_right_requant right, int32_t product) {
    if (params->shift < 0 && params->shift >= SMALLEST_SHIFT) {
        return tp_requantize_right(right, 2 * product);
    }
    return tp_multiply(product, params->multiplier, params->shift) + params->output_zero_point;
}

void tp_mul_s8(const tp_mul_params *params, const tp_broadcast *shape, const int8_t *input, const int8_t *other,
               int8_t *output) {
    const int32_t columns = shape->sizes[3];
    const int32_t input_step = shape->input_strides[3];
    const int32_t other_step = shape->other_strides[3];
    const tp_mul_params of = *params; /* which no output can change */
    const tp_right_requant right =
        tp_right_requant_by(of.multiplier, of.shift < 0 ? of.shift : -1, of.output_zero_point);
    for (int32_t row = 0; row < tp_rows(shape); row++) {
        const int8_t *a = input + tp_row_start(shape, shape->input_strides, row);
        const int8_t *b = other + tp_row_start(shape, shape->other_strides, row);
        for (int32_t i = 0; i < columns; i++) {
            const int32_t product = (*a - of.input_zero_point) * (*b - of.other_zero_point);
            *output++ = (int8_t)tp_clamp(rescale(&of, right, product), of.clamp_low, of.clamp_high);
            a += input_step;
            b += other_step;
        }
    }
}
