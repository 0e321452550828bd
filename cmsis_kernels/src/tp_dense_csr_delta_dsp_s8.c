#include "tp_clamp.h"
#include "tp_dsp.h"
#include "tp_kernels.h"
#include "tp_repeat.h"
#include "tp_requantize_row.h"

/* Four non-zeros: their weights are in v, their deltas in d; loads those of the next four: 16 instructions of 4 bytes,
 * 17 cycles. */
#define FOUR                                                                                                           \
    "uxtab %[x0], %[x], %[d]\n\t"                                                                                      \
    "uxtab %[x1], %[x0], %[d], ror #8\n\t"                                                                             \
    "uxtab %[x2], %[x1], %[d], ror #16\n\t"                                                                            \
    "uxtab %[x], %[x2], %[d], ror #24\n\t"                                                                             \
    "sxtb16 %[even], %[v]\n\t"                                                                                         \
    "sxtb16 %[odd], %[v], ror #8\n\t"                                                                                  \
    "ldrsb.w %[x0], [%[x0]]\n\t"                                                                                       \
    "ldrsb.w %[x1], [%[x1]]\n\t"                                                                                       \
    "ldrsb.w %[x2], [%[x2]]\n\t"                                                                                       \
    "ldrsb.w %[x3], [%[x]]\n\t"                                                                                        \
    "ldr.w %[d], [%[w], #4]\n\t"                                                                                       \
    "ldr.w %[v], [%[w]], #8\n\t"                                                                                       \
    "smlabb %[sum], %[x0], %[even], %[sum]\n\t"                                                                        \
    "smlabb %[sum], %[x1], %[odd], %[sum]\n\t"                                                                         \
    "smlabt %[sum], %[x2], %[even], %[sum]\n\t"                                                                        \
    "smlabt %[sum], %[x3], %[odd], %[sum]\n\t"

#define ROUND TP_REPEAT_8(FOUR)

/** Twice the sum of products of each output. */
// cppcheck-suppress constParameterPointer // the assembly writes the sums
static void multiply(const uint32_t *weights, const int8_t *input, int32_t *sums) {
#if TP_HAS_DSP
    /* Eight fours a round; a row's header says where its first round is entered. The loads of a row's last four have
     * the next header in v, and its first weights in d. */
    uint32_t v, d, x0 = (uint32_t)(uintptr_t)input, x1, x2, x3, even, odd, end;
    int32_t sum;
    const int8_t *x;
    __asm__ volatile("str.w %[x0], [sp, #-4]!\n\t"
                     "ldr.w %[d], [%[w], #4]\n\t"
                     "ldr.w %[v], [%[w]], #8\n"
                     "2:\n\t"
                     "uxtah %[end], %[w], %[v]\n\t"
                     "lsr.w %[x0], %[v], #16\n\t"
                     "mov.w %[v], %[d]\n\t"
                     "ldr.w %[x], [sp]\n\t"
                     "ldr.w %[d], [%[w]], #4\n\t"
                     "mov.w %[sum], #0\n\t"
                     "add pc, %[x0]\n\t"
                     "nop\n"
                     "1:\n\t" ROUND "cmp.w %[w], %[end]\n\t"
                     "bne.w 1b\n\t"
                     "lsl.w %[sum], %[sum], #1\n\t"
                     "str.w %[sum], [%[out]], #4\n\t"
                     "cmp.w %[v], #0\n\t"
                     "bne.w 2b\n\t"
                     "add sp, #4"
                     : [w] "+&r"(weights), [out] "+&r"(sums), [x0] "+&r"(x0), [x1] "=&r"(x1), [x2] "=&r"(x2),
                       [x3] "=&r"(x3), [x] "=&r"(x), [v] "=&r"(v), [d] "=&r"(d), [even] "=&r"(even), [odd] "=&r"(odd),
                       [sum] "=&r"(sum), [end] "=&r"(end)
                     :
                     : "cc", "memory");
#else
    for (uint32_t header = *weights++; header != 0; header = *weights++) {
        const uint32_t *const end = weights + ((header & 0xFFFFU) - 4) / 4;
        const int8_t *x = input;
        int32_t sum = 0;
        for (; weights != end; weights += 2) {
            for (uint32_t i = 0; i < 32; i += 8) {
                x += weights[1] >> i & 0xFFU;
                sum += *x * (int8_t)(weights[0] >> i & 0xFFU);
            }
        }
        *sums++ = 2 * sum;
    }
#endif
}

void tp_dense_csr_delta_dsp_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                               const uint32_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    const int32_t inputs = params->inputs, outputs = params->outputs;
    int32_t *sums = (int32_t *)(void *)scratch;
    for (int32_t row = 0; row < params->rows; row++) {
        multiply(weights, input + row * inputs, sums);
        tp_requantize_row(requant, bias, sums, outputs, output + row * outputs);
    }
    tp_clamp_all(requant, params->rows * outputs, output);
}
