#include "tp_quarters.h"

#include "tp_thumb.h"

#if TP_HAS_THUMB
/* A word and an input, in low registers: r8 to r11 the sums, of words that are shifted by three bytes first; r4 is
 * free. 11 cycles, 4 products. */
#define SHIFTED(word, input, shift, sum)                                                                               \
    "asrs r4, " word ", #" shift "\n\t"                                                                                \
    "muls r4, " input ", r4\n\t"                                                                                       \
    "add " sum ", r4\n\t"
#define WORD(word, input)                                                                                              \
    SHIFTED(word, input, "24", "r8")                                                                                   \
    SHIFTED(word, input, "16", "r9")                                                                                   \
    SHIFTED(word, input, "8", "r10")                                                                                   \
    "muls " word ", " input ", " word "\n\t"                                                                           \
    "add r11, " word "\n\t"
#define TWO_WORDS                                                                                                      \
    "ldm r6!, {r0, r1}\n\t"                                                                                            \
    "ldm r7!, {r2, r3}\n\t" WORD("r0", "r2") WORD("r1", "r3")

/* 256 times one sum, taken away from the one behind it. */
#define TAKE_AWAY(sum, next)                                                                                           \
    "lsls r4, " sum ", #8\n\t"                                                                                         \
    "subs " next ", " next ", r4\n\t"

TP_NAKED void tp_multiply_quarters(TP_IN_REGISTER const int32_t *inputs, TP_IN_REGISTER const int32_t *end,
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
            TAKE_AWAY("r2", "r3")
            TAKE_AWAY("r1", "r2")
            TAKE_AWAY("r0", "r1")
            "stm r5!, {r0, r1, r2, r3}\n\t"
            TP_RESTORE_ALL);
    /* clang-format on */
}
#else
void tp_multiply_quarters(const int32_t *inputs, const int32_t *end, const uint32_t *words, int32_t *sums) {
    uint32_t found[5] = {0, 0, 0, 0, 0}; /* the first is of no words */
    for (; inputs != end; inputs++, words++) {
        for (int32_t i = 0; i < 4; i++) {
            found[i + 1] += (uint32_t)((int32_t)*words >> (24 - 8 * i)) * (uint32_t)*inputs;
        }
    }
    for (int32_t i = 0; i < 4; i++) {
        sums[i] = (int32_t)(found[i + 1] - (found[i] << 8));
    }
}
#endif
