#include "tp_halves.h"

#include "tp_thumb.h"

#if TP_HAS_THUMB
/* A word and an input, in low registers: r8 and r10 the sums of halfwords, r9 and r11 those of low bytes; r4 is free.
 * 12 cycles, 4 products. */
#define WORD(word, input)                                                                                              \
    "sxth r4, " word "\n\t"                                                                                            \
    "muls r4, " input ", r4\n\t"                                                                                       \
    "add r8, r4\n\t"                                                                                                   \
    "sxtb r4, " word "\n\t"                                                                                            \
    "muls r4, " input ", r4\n\t"                                                                                       \
    "add r9, r4\n\t"                                                                                                   \
    "asrs " word ", " word ", #16\n\t"                                                                                 \
    "sxtb r4, " word "\n\t"                                                                                            \
    "muls r4, " input ", r4\n\t"                                                                                       \
    "add r11, r4\n\t"                                                                                                  \
    "muls " word ", " input ", " word "\n\t"                                                                           \
    "add r10, " word "\n\t"
#define TWO_WORDS                                                                                                      \
    "ldm r6!, {r0, r1}\n\t"                                                                                            \
    "ldm r7!, {r2, r3}\n\t" WORD("r0", "r2") WORD("r1", "r3")

TP_NAKED void tp_multiply_halves(TP_IN_REGISTER const int32_t *inputs, TP_IN_REGISTER const int32_t *end,
                                 TP_IN_REGISTER const uint32_t *words,
                                 /* cppcheck-suppress constParameterPointer ; assembly writes to it */
                                 TP_IN_REGISTER int32_t *sums) {
    /* clang-format off */
    __asm__(TP_SAVE_ALL
            "mov r5, r3\n\t"
            "mov r6, r2\n\t"
            "mov r7, r0\n\t"
            "mov r12, r1\n\t"
            "movs r4, #0\n\t"
            "mov r8, r4\n\t"
            "mov r9, r4\n\t"
            "mov r10, r4\n\t"
            "mov r11, r4\n"
            "1:\n\t"
            TWO_WORDS
            TWO_WORDS
            TWO_WORDS
            TWO_WORDS
            "cmp r7, r12\n\t"
            "bne 1b\n\t"
            "mov r0, r8\n\t"
            "mov r1, r9\n\t"
            "mov r2, r10\n\t"
            "mov r3, r11\n\t"
            "subs r0, r0, r1\n\t"
            "asrs r0, r0, #8\n\t"
            "subs r2, r2, r3\n\t"
            "asrs r2, r2, #8\n\t"
            "stm r5!, {r0, r1, r2, r3}\n\t"
            TP_RESTORE_ALL);
    /* clang-format on */
}
#else
/** The sums of the two outputs in one halfword of each word. */
static void multiply(const int32_t *inputs, const int32_t *end, const uint32_t *words, int32_t shift, int32_t sums[2]) {
    uint32_t both = 0, low = 0;
    for (; inputs != end; inputs++, words++) {
        const uint32_t half = *words >> shift;
        both += (uint32_t)(int16_t)(uint16_t)half * (uint32_t)*inputs;
        low += (uint32_t)(int8_t)(uint8_t)half * (uint32_t)*inputs;
    }
    sums[0] = (int32_t)(both - low) >> 8;
    sums[1] = (int32_t)low;
}

void tp_multiply_halves(const int32_t *inputs, const int32_t *end, const uint32_t *words, int32_t *sums) {
    multiply(inputs, end, words, 0, sums);
    multiply(inputs, end, words, 16, sums + 2);
}
#endif
