/**
 * @file
 * Fully connected layer on 1:4 or 2:4 weights: pairs of them, times pairs of inputs (tp_input_pairs.h).
 */
#ifndef TP_DENSE_NM_DSP_S8_H
#define TP_DENSE_NM_DSP_S8_H

#include "tp_clamp.h"
#include "tp_dsp.h"
#include "tp_input_pairs.h"
#include "tp_repeat.h"
#include "tp_requantize_row.h"
#include "tp_types.h"

/**
 * For each output `rounds` times five words for eight runs of inputs: the codes of their pairs, 4 bits each, those of
 * runs 0 to 3 in the low halves of bytes 0 to 3, of runs 4 to 7 in the high halves; four words of two pairs of weights
 * each, bytes 0 and 2, bytes 1 and 3. A zero word ends it all.
 */
typedef struct {
    const uint32_t *words;
    uint16_t rounds;
} tp_dense_nm_dsp_weights;

/* Four runs from number `first` of eight on, whose codes `shift` puts four times in e, and whose weights lie at `at`:
 * 19 instructions of 4 bytes, 8 products. `ahead` is one more load. */
#define TP_NM_FOUR_RUNS(shift, first, at, ahead)                                                                       \
    "and.w %[e], %[mask], %[d], " shift "\n\t"                                                                         \
    "uxtab %[y0], %[x], %[e]\n\t"                                                                                      \
    "uxtab %[y1], %[x], %[e], ror #8\n\t"                                                                              \
    "uxtab %[y2], %[x], %[e], ror #16\n\t"                                                                             \
    "uxtab %[y3], %[x], %[e], ror #24\n\t"                                                                             \
    "ldr.w %[y0], [%[y0], %[stride] * " #first "]\n\t"                                                                 \
    "ldr.w %[y1], [%[y1], %[stride] * (" #first " + 1)]\n\t"                                                           \
    "ldr.w %[y2], [%[y2], %[stride] * (" #first " + 2)]\n\t"                                                           \
    "ldr.w %[y3], [%[y3], %[stride] * (" #first " + 3)]\n\t"                                                           \
    "ldr %[v0], [%[w], #" #at "]\n\t"                                                                                  \
    "ldr %[v1], [%[w], #" #at " + 4]\n\t" ahead "sxtb16 %[e], %[v0]\n\t"                                               \
    "sxtb16 %[v0], %[v0], ror #8\n\t"                                                                                  \
    "smlad %[sum], %[e], %[y0], %[sum]\n\t"                                                                            \
    "smlad %[sum], %[v0], %[y1], %[sum]\n\t"                                                                           \
    "sxtb16 %[e], %[v1]\n\t"                                                                                           \
    "sxtb16 %[v1], %[v1], ror #8\n\t"                                                                                  \
    "smlad %[sum], %[e], %[y2], %[sum]\n\t"                                                                            \
    "smlad %[sum], %[v1], %[y3], %[sum]\n\t"

#define TP_NM_NEXT_RUNS "addw %[x], %[x], %[stride] * 8\n\t"

/* A round, whose codes are in d and whose weights end at w; loads the codes of the next one: 40 instructions of 4
 * bytes, 42 cycles, 16 products. */
#define TP_NM_ROUND_BYTES 160
#define TP_NM_ROUND                                                                                                    \
    TP_NM_FOUR_RUNS("lsl #2", 0, -16, "")                                                                              \
    TP_NM_FOUR_RUNS("lsr #2", 4, -8, "ldr.w %[d], [%[w]], #20\n\t") TP_NM_NEXT_RUNS

/**
 * Twice the sum of products of each of `outputs` outputs.
 * @param pairs  of the inputs
 * @param stride bytes of the pairs of one run, a compile-time constant
 */
// cppcheck-suppress constParameterPointer // the assembly writes the sums
static inline __attribute__((always_inline)) void tp_nm_products(const uint32_t *words, const uint32_t *pairs,
                                                                 int32_t rounds, int32_t outputs, int32_t *sums,
                                                                 const int32_t stride) {
#if TP_HAS_DSP
    /* Four rounds a loop; for each output it is entered where as many are left as make whole loops of the rest. Where
     * the pairs begin, this entry, and the end of the sums wait on the stack. */
    const uint32_t *const stop = pairs + rounds * 2 * stride;
    uint32_t d, e = (uint32_t)(-rounds & 3) * TP_NM_ROUND_BYTES, y0, y1, y2, y3, v0, v1;
    uint32_t sum = (uint32_t)(uintptr_t)(sums + outputs);
    __asm__ volatile(
        "sub sp, #12\n\t"
        "str.w %[x], [sp]\n\t"
        "str.w %[e], [sp, #4]\n\t"
        "str.w %[sum], [sp, #8]\n\t"
        "ldr.w %[d], [%[w]], #20\n"
        "2:\n\t"
        "ldr.w %[x], [sp]\n\t"
        "ldr.w %[e], [sp, #4]\n\t"
        "mov.w %[sum], #0\n\t"
        "add pc, %[e]\n\t"
        "nop\n"
        "1:\n\t" TP_REPEAT_4(TP_NM_ROUND) "cmp.w %[x], %[stop]\n\t"
                                          "bne.w 1b\n\t"
                                          "lsl.w %[sum], %[sum], #1\n\t"
                                          "ldr.w %[e], [sp, #8]\n\t"
                                          "str.w %[sum], [%[out]], #4\n\t"
                                          "cmp.w %[out], %[e]\n\t"
                                          "bne.w 2b\n\t"
                                          "add sp, #12"
        : [w] "+&r"(words), [x] "+&r"(pairs), [out] "+&r"(sums), [e] "+&r"(e), [sum] "+&r"(sum), [d] "=&r"(d),
          [y0] "=&r"(y0), [y1] "=&r"(y1), [y2] "=&r"(y2), [y3] "=&r"(y3), [v0] "=&r"(v0), [v1] "=&r"(v1)
        : [mask] "r"(0x3C3C3C3CU), [stop] "r"(stop), [stride] "i"(stride)
        : "cc", "memory");
#else
    for (int32_t output = 0; output < outputs; output++) {
        const uint32_t *x = pairs;
        int32_t sum = 0;
        for (const uint32_t *const end = words + 5 * rounds; words != end; words += 5) {
            for (int32_t i = 0; i < 8; i++, x += stride / 4) {
                const uint32_t weights = words[1 + i / 2], code = *words >> (8 * (i & 3) + 4 * (i >> 2)) & 15U;
                sum = tp_smlad(i & 1 ? tp_sxtb16_ror8(weights) : tp_sxtb16(weights), x[code], sum);
            }
        }
        sums[output] = 2 * sum;
    }
#endif
}

/**
 * Fully connected layer, 1:4 or 2:4 weights, for the DSP extension. The generator proves for each output channel
 * |bias| + 128 * sum(|weights|) < 2^29 and a shift in [-23, -1].
 * @param scratch the pairs of the inputs, in whole rounds: 8 runs of 64 bytes for 1:4, of 24 bytes for 2:4; behind them
 *                4 bytes for each output; aligned to 4
 * @param kept    1 or 2, a compile-time constant
 */
static inline __attribute__((always_inline)) void tp_dense_nm_dsp_s8(const tp_dense_params *params,
                                                                     const tp_requant *requant, const int8_t *input,
                                                                     const tp_dense_nm_dsp_weights *weights,
                                                                     const int32_t *bias, int8_t *scratch,
                                                                     int8_t *output, const int32_t kept) {
    const int32_t inputs = params->inputs, outputs = params->outputs, stride = kept == 1 ? 64 : 24;
    uint32_t *pairs = (uint32_t *)(void *)scratch;
    int32_t *sums = (int32_t *)(void *)(scratch + weights->rounds * 8 * stride);
    for (int32_t row = 0; row < params->rows; row++) {
        tp_input_pairs(input + row * inputs, inputs, pairs, kept);
        tp_nm_products(weights->words, pairs, weights->rounds, outputs, sums, stride);
        tp_requantize_row(requant, bias, sums, outputs, output + row * outputs);
    }
    tp_clamp_all(requant, params->rows * outputs, output);
}

#endif
