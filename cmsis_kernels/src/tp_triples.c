#include "tp_triples.h"

#include "tp_thumb.h"

#if TP_HAS_THUMB
/* r0 to r3 words, r8 to r11 their sums; r4 the weight. 8 cycles. */
#define TP_TRIPLE_PRODUCTS(weight)                                                                                     \
    "muls r0, " weight ", r0\n\t"                                                                                      \
    "muls r1, " weight ", r1\n\t"                                                                                      \
    "muls r2, " weight ", r2\n\t"                                                                                      \
    "muls r3, " weight ", r3\n\t"                                                                                      \
    "add r8, r0\n\t"                                                                                                   \
    "add r9, r1\n\t"                                                                                                   \
    "add r10, r2\n\t"                                                                                                  \
    "add r11, r3\n\t"

#define TP_TRIPLE_ZERO                                                                                                 \
    "movs r4, #0\n\t"                                                                                                  \
    "mov r8, r4\n\t"                                                                                                   \
    "mov r9, r4\n\t"                                                                                                   \
    "mov r10, r4\n\t"                                                                                                  \
    "mov r11, r4\n\t"

/* The sums to the address at the top of the stack, which is taken away. */
#define TP_TRIPLE_STORE                                                                                                \
    "mov r0, r8\n\t"                                                                                                   \
    "mov r1, r9\n\t"                                                                                                   \
    "mov r2, r10\n\t"                                                                                                  \
    "mov r3, r11\n\t"                                                                                                  \
    "pop {r4}\n\t"                                                                                                     \
    "stm r4!, {r0, r1, r2, r3}\n\t"

/* Four weights in r4. 60 cycles with its load, 24 products. */
#define TP_TRIPLE_FOUR_WEIGHTS                                                                                         \
    "ldm r6!, {r4}\n\t"                                                                                                \
    "sxtb r5, r4\n\t"                                                                                                  \
    "ldm r7!, {r0, r1, r2, r3}\n\t" TP_TRIPLE_PRODUCTS(                                                                \
        "r5") "lsls r5, r4, #16\n\t"                                                                                   \
              "asrs r5, r5, #24\n\t"                                                                                   \
              "ldm r7!, {r0, r1, r2, r3}\n\t" TP_TRIPLE_PRODUCTS(                                                      \
                  "r5") "lsls r5, r4, #8\n\t"                                                                          \
                        "asrs r5, r5, #24\n\t"                                                                         \
                        "ldm r7!, {r0, r1, r2, r3}\n\t" TP_TRIPLE_PRODUCTS(                                            \
                            "r5") "asrs r5, r4, #24\n\t"                                                               \
                                  "ldm r7!, {r0, r1, r2, r3}\n\t" TP_TRIPLE_PRODUCTS("r5")

TP_NAKED void tp_multiply_triples(TP_IN_REGISTER const uint32_t *words, TP_IN_REGISTER const uint32_t *weights,
                                  TP_IN_REGISTER const uint32_t *end, TP_IN_REGISTER uint32_t sums[TP_TRIPLE_WORDS]) {
    /* clang-format off */
    __asm__(TP_SAVE_ALL
            "push {r3}\n\t"
            "mov r12, r2\n\t"
            "mov r6, r1\n\t"
            "mov r7, r0\n\t"
            TP_TRIPLE_ZERO
            "1:\n\t"
            TP_TRIPLE_FOUR_WEIGHTS
            TP_TRIPLE_FOUR_WEIGHTS
            "cmp r6, r12\n\t"
            "bne 1b\n\t"
            TP_TRIPLE_STORE
            TP_RESTORE_ALL);
    /* clang-format on */
}

/* One entry: 13 instructions of 2 bytes, 18 cycles, 6 products. */
#define TP_TRIPLE_ENTRY                                                                                                \
    "ldm r6!, {r4}\n\t"                                                                                                \
    "uxth r5, r4\n\t"                                                                                                  \
    "add r5, r12\n\t"                                                                                                  \
    "asrs r4, r4, #24\n\t"                                                                                             \
    "ldm r5!, {r0, r1, r2, r3}\n\t" TP_TRIPLE_PRODUCTS("r4")

TP_NAKED void tp_multiply_some_triples(TP_IN_REGISTER const uint32_t *words, TP_IN_REGISTER const uint32_t *entries,
                                       TP_IN_REGISTER const uint32_t *end,
                                       TP_IN_REGISTER uint32_t sums[TP_TRIPLE_WORDS]) {
    /* Four entries a round; the first one is entered where as many are left as make whole rounds of the rest. */
    /* clang-format off */
    __asm__(TP_SAVE_ALL
            "push {r3}\n\t"
            "mov r12, r0\n\t"
            "mov r6, r1\n\t"
            "mov lr, r2\n\t"
            TP_TRIPLE_ZERO
            "subs r5, r1, r2\n\t" /* -4 for each entry */
            "lsls r5, r5, #28\n\t"
            "lsrs r5, r5, #28\n\t" /* 4 for each that a round lacks */
            "movs r4, #13\n\t"
            "muls r5, r4, r5\n\t"
            "lsrs r5, r5, #1\n\t"
            "add pc, r5\n\t"
            "nop\n"
            "1:\n\t"
            TP_TRIPLE_ENTRY
            TP_TRIPLE_ENTRY
            TP_TRIPLE_ENTRY
            TP_TRIPLE_ENTRY
            "cmp r6, lr\n\t"
            "bne 1b\n\t"
            TP_TRIPLE_STORE
            TP_RESTORE_ALL);
    /* clang-format on */
}
#else
static void clear(uint32_t sums[TP_TRIPLE_WORDS]) {
    for (int32_t i = 0; i < TP_TRIPLE_WORDS; i++) {
        sums[i] = 0;
    }
}

void tp_multiply_triples(const uint32_t *words, const uint32_t *weights, const uint32_t *end,
                         uint32_t sums[TP_TRIPLE_WORDS]) {
    clear(sums);
    for (; weights != end; weights++) {
        for (int32_t shift = 0; shift < 32; shift += 8, words += TP_TRIPLE_WORDS) {
            const uint32_t weight = (uint32_t)(int8_t)(uint8_t)(*weights >> shift);
            for (int32_t i = 0; i < TP_TRIPLE_WORDS; i++) {
                sums[i] += words[i] * weight;
            }
        }
    }
}

void tp_multiply_some_triples(const uint32_t *words, const uint32_t *entries, const uint32_t *end,
                              uint32_t sums[TP_TRIPLE_WORDS]) {
    clear(sums);
    for (; entries != end; entries++) {
        const uint32_t *at = words + (*entries & 0xFFFFU) / 4, weight = (uint32_t)((int32_t)*entries >> 24);
        for (int32_t i = 0; i < TP_TRIPLE_WORDS; i++) {
            sums[i] += at[i] * weight;
        }
    }
}
#endif
