#include "tp_fixed_point.h"
#include "tp_kernels.h"

enum { SUM_INTEGER_BITS = 12, OUTPUT_BITS = 8 };

static int32_t row_maximum(const int8_t *input, int32_t depth) {
    int32_t largest = input[0];
    for (int32_t i = 1; i < depth; i++) {
        largest = input[i] > largest ? input[i] : largest;
    }
    return largest;
}

/** exp(difference) in Q0.31. Large, and called in two places. */
static __attribute__((noinline)) int32_t exponential(const tp_softmax_params *params, int32_t difference) {
    const int32_t raised = (int32_t)((uint32_t)difference << params->shift);
    return tp_exp_of_negative(tp_fixed_multiply(raised, params->multiplier));
}

/** round(value / 2^exponent) for a non-negative value; a sum above 512 takes the exponent beyond 31. */
static int32_t quotient(int32_t value, int32_t exponent) {
    return exponent > 31 ? 0 : tp_rounding_shift_right(value, exponent);
}

static void softmax_row(const tp_softmax_params *params, const int8_t *input, int8_t *output) {
    const int32_t largest = row_maximum(input, params->depth);
    int32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < params->depth; i++) {
        if (input[i] - largest >= params->diff_min) {
            sum += tp_rounding_shift_right(exponential(params, input[i] - largest), SUM_INTEGER_BITS);
        }
    }
    const int32_t headroom = tp_leading_zeros((uint32_t)sum);
    const int32_t reciprocal = tp_one_over_one_plus((int32_t)(((uint32_t)sum << headroom) - (UINT32_C(1) << 31)));
    const int32_t shift = SUM_INTEGER_BITS - headroom + 31 - OUTPUT_BITS;
    for (int32_t i = 0; i < params->depth; i++) {
        int32_t value = INT8_MIN;
        if (input[i] - largest >= params->diff_min) {
            const int32_t share = tp_fixed_multiply(reciprocal, exponential(params, input[i] - largest));
            value = tp_clamp(quotient(share, shift) + INT8_MIN, INT8_MIN, INT8_MAX);
        }
        output[i] = (int8_t)value;
    }
}

void tp_softmax_s8(const tp_softmax_params *params, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < params->rows; row++) {
        softmax_row(params, input + row * params->depth, output + row * params->depth);
    }
}
