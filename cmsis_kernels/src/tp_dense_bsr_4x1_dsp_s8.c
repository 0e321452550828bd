#include "tp_clamp.h"
#include "tp_h_column.h"
#include "tp_kernels.h"
#include "tp_repeat.h"
#include "tp_requantize_row.h"

/* Four blocks: 26 instructions of 4 bytes, 27 cycles, 16 products. */
#define FOUR                                                                                                           \
    "ldrh.w %[y0], [%[w]], #24\n\t"                                                                                    \
    "ldrh %[x0], [%[w], #-22]\n\t"                                                                                     \
    "ldrh %[y1], [%[w], #-20]\n\t"                                                                                     \
    "ldrh %[x1], [%[w], #-18]\n\t"                                                                                     \
    "ldr %[h0], [%[w], #-16]\n\t"                                                                                      \
    "ldr %[h1], [%[w], #-12]\n\t"                                                                                      \
    "ldr %[h2], [%[w], #-8]\n\t"                                                                                       \
    "ldr %[h3], [%[w], #-4]\n\t"                                                                                       \
    "ldrsb.w %[y0], [%[x], %[y0]]\n\t"                                                                                 \
    "ldrsb.w %[x0], [%[x], %[x0]]\n\t"                                                                                 \
    "ldrsb.w %[y1], [%[x], %[y1]]\n\t"                                                                                 \
    "ldrsb.w %[x1], [%[x], %[x1]]\n\t"                                                                                 \
    "pkhbt %[x0], %[y0], %[x0], lsl #16\n\t"                                                                           \
    "pkhbt %[x1], %[y1], %[x1], lsl #16\n\t" TP_H_PRODUCTS

#define ROUND TP_REPEAT_8(FOUR)

/** Twice the accumulator of each output. */
// cppcheck-suppress constParameterPointer // the assembly writes the sums
static void multiply(const uint32_t *weights, const int8_t *input, int32_t *sums) {
#if TP_HAS_DSP
    /* Eight fours a round; a header says where the first round of its outputs is entered. All fourteen registers are
     * taken: the end of the blocks and the place of the sums wait on the stack. */
    uint32_t x0 = (uint32_t)(uintptr_t)sums, x1, y0, y1, h0, h1, h2, h3;
    int32_t s0, s1, l0, l1;
    __asm__ volatile("sub sp, #8\n\t"
                     "str.w %[x0], [sp, #4]\n\t"
                     "ldr.w %[x0], [%[w]], #4\n"
                     "2:\n\t"
                     "ldr.w %[s1], [%[w], #4]\n\t"
                     "ldr.w %[l0], [%[w], #8]\n\t"
                     "ldr.w %[l1], [%[w], #12]\n\t"
                     "ldr.w %[s0], [%[w]], #16\n\t"
                     "uxtah %[x1], %[w], %[x0]\n\t"
                     "str.w %[x1], [sp]\n\t"
                     "lsr.w %[x0], %[x0], #16\n\t"
                     "add pc, %[x0]\n\t"
                     "nop\n"
                     "1:\n\t" ROUND "ldr.w %[x0], [sp]\n\t"
                     "cmp.w %[w], %[x0]\n\t"
                     "bne.w 1b\n\t"
                     "sub.w %[s0], %[s0], %[l0]\n\t"
                     "sub.w %[s1], %[s1], %[l1]\n\t"
                     "asr.w %[s0], %[s0], #7\n\t"
                     "asr.w %[s1], %[s1], #7\n\t"
                     "lsl.w %[l0], %[l0], #1\n\t"
                     "lsl.w %[l1], %[l1], #1\n\t"
                     "ldr.w %[x1], [sp, #4]\n\t"
                     "ldr.w %[x0], [%[w]], #4\n\t"
                     "str.w %[l0], [%[x1], #4]\n\t"
                     "str.w %[s1], [%[x1], #8]\n\t"
                     "str.w %[l1], [%[x1], #12]\n\t"
                     "str.w %[s0], [%[x1]], #16\n\t"
                     "str.w %[x1], [sp, #4]\n\t"
                     "cmp.w %[x0], #0\n\t"
                     "bne.w 2b\n\t"
                     "add sp, #8"
                     : [w] "+&r"(weights), [x] "+&r"(input), [x0] "+&r"(x0), [x1] "=&r"(x1), [y0] "=&r"(y0),
                       [y1] "=&r"(y1), [h0] "=&r"(h0), [h1] "=&r"(h1), [h2] "=&r"(h2), [h3] "=&r"(h3), [s0] "=&r"(s0),
                       [s1] "=&r"(s1), [l0] "=&r"(l0), [l1] "=&r"(l1)
                     :
                     : "cc", "memory");
#else
    for (uint32_t header = *weights++; header != 0; header = *weights++, sums += 4) {
        tp_h_column column = {(int32_t)weights[0], (int32_t)weights[1], (int32_t)weights[2], (int32_t)weights[3]};
        weights += 4;
        const uint32_t *const end = weights + (header & 0xFFFFU) / 4;
        for (; weights != end; weights += 6) {
            const uint32_t x[2] = {tp_pair(input[weights[0] & 0xFFFFU], input[weights[0] >> 16]),
                                   tp_pair(input[weights[1] & 0xFFFFU], input[weights[1] >> 16])};
            column = tp_h_add_products(column, weights + 2, x);
        }
        tp_h_double_column(column, sums);
    }
#endif
}

void tp_dense_bsr_4x1_dsp_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                             const uint32_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    (void)bias;
    const int32_t inputs = params->inputs, outputs = params->outputs;
    int32_t *sums = (int32_t *)(void *)scratch;
    for (int32_t row = 0; row < params->rows; row++) {
        multiply(weights, input + row * inputs, sums);
        tp_requantize_accumulators(requant, sums, outputs, output + row * outputs);
    }
    tp_clamp_all(requant, params->rows * outputs, output);
}
