#include "tp_triples.h"

#include "tp_thumb.h"

#if TP_HAS_THUMB
/* r0 to r3 words, r8 to r11 their sums. 8 cycles. */
#define PRODUCTS(weight)                                                                                               \
    "muls r0, " weight ", r0\n\t"                                                                                      \
    "muls r1, " weight ", r1\n\t"                                                                                      \
    "muls r2, " weight ", r2\n\t"                                                                                      \
    "muls r3, " weight ", r3\n\t"                                                                                      \
    "add r8, r0\n\t"                                                                                                   \
    "add r9, r1\n\t"                                                                                                   \
    "add r10, r2\n\t"                                                                                                  \
    "add r11, r3\n\t"

#define CLEAR                                                                                                          \
    "movs r4, #0\n\t"                                                                                                  \
    "mov r8, r4\n\t"                                                                                                   \
    "mov r9, r4\n\t"                                                                                                   \
    "mov r10, r4\n\t"                                                                                                  \
    "mov r11, r4\n\t"

/* The three sums of two words in r1, r2, r3; as tp_add_triple has it. ASRS leaves the last bit that it shifts out in
 * the carry: what the low bits have borrowed. */
#ifdef __thumb2__
#define TAKE_APART(first, second)                                                                                      \
    "asrs r0, " first ", #21\n\t"                                                                                      \
    "adc r0, r0, #0\n\t"                                                                                               \
    "sbfx r1, " first ", #0, #21\n\t"                                                                                  \
    "sub r3, " second ", r0, lsl #10\n\t"                                                                              \
    "sbfx r2, r3, #0, #21\n\t"                                                                                         \
    "asrs r3, r3, #21\n\t"                                                                                             \
    "adc r3, r3, #0\n\t"                                                                                               \
    "add r3, r0, r3, lsl #11\n\t"
#else
#define TAKE_APART(first, second)                                                                                      \
    "mov r0, " first "\n\t"                                                                                            \
    "lsls r1, r0, #11\n\t"                                                                                             \
    "asrs r1, r1, #11\n\t"                                                                                             \
    "subs r0, r0, r1\n\t"                                                                                              \
    "asrs r0, r0, #21\n\t"                                                                                             \
    "mov r3, " second "\n\t"                                                                                           \
    "lsls r2, r0, #10\n\t"                                                                                             \
    "subs r3, r3, r2\n\t"                                                                                              \
    "lsls r2, r3, #11\n\t"                                                                                             \
    "asrs r2, r2, #11\n\t"                                                                                             \
    "subs r3, r3, r2\n\t"                                                                                              \
    "asrs r3, r3, #21\n\t"                                                                                             \
    "lsls r3, r3, #11\n\t"                                                                                             \
    "adds r3, r3, r0\n\t"
#endif

/* Adds what is in memory at r4. */
#define ADD_MEMORY                                                                                                     \
    "ldr r0, [r4]\n\t"                                                                                                 \
    "adds r1, r1, r0\n\t"                                                                                              \
    "ldr r0, [r4, #4]\n\t"                                                                                             \
    "adds r2, r2, r0\n\t"                                                                                              \
    "ldr r0, [r4, #8]\n\t"                                                                                             \
    "adds r3, r3, r0\n\t"

/* The end of a tile, r5 the sweep and r4 where its sums go, which is on top of the stack; then back to 1. */
#define STORE_SIX                                                                                                      \
    "ldr r0, [r5, #24]\n\t"                                                                                            \
    "cmp r0, #0\n\t"                                                                                                   \
    "bne 2f\n\t" TAKE_APART("r8", "r9") "stm r4!, {r1, r2, r3}\n\t" TAKE_APART(                                        \
        "r10", "r11") "stm r4!, {r1, r2, r3}\n\t"                                                                      \
                      "b 3f\n"                                                                                         \
                      "2:\n\t" TAKE_APART("r8", "r9") ADD_MEMORY "stm r4!, {r1, r2, r3}\n\t" TAKE_APART("r10", "r11")  \
                          ADD_MEMORY "stm r4!, {r1, r2, r3}\n"                                                         \
                                     "3:\n\t"                                                                          \
                                     "str r4, [sp]\n\t"                                                                \
                                     "ldr r0, [r5, #20]\n\t"                                                           \
                                     "cmp r4, r0\n\t"                                                                  \
                                     "beq 4f\n\t"                                                                      \
                                     "b 1b\n"                                                                          \
                                     "4:\n\t"

/* Byte 1 or 2 of r4, sign extended; the address of an entry in r4. */
#ifdef __thumb2__
#define ADDRESS "add r5, r12, r4, lsr #16\n\t"
#define BYTE_1 "sxtb.w r5, r4, ror #8\n\t"
#define BYTE_2 "sxtb.w r5, r4, ror #16\n\t"
#else
#define ADDRESS "lsrs r5, r4, #16\n\tadd r5, r12\n\t"
#define BYTE_1 "lsls r5, r4, #16\n\tasrs r5, r5, #24\n\t"
#define BYTE_2 "lsls r5, r4, #8\n\tasrs r5, r5, #24\n\t"
#endif

/* Four weights at r6. 60 cycles, 24 products. */
#define WEIGHT "ldm r7!, {r0, r1, r2, r3}\n\t" PRODUCTS("r5")
#define FOUR_WEIGHTS                                                                                                   \
    "ldm r6!, {r4}\n\t"                                                                                                \
    "sxtb r5, r4\n\t" WEIGHT BYTE_1 WEIGHT BYTE_2 WEIGHT "asrs r5, r4, #24\n\t" WEIGHT

TP_NAKED void tp_sweep_triples(TP_IN_REGISTER const tp_sweep *sweep) {
    /* r12 end of the weights, lr from one tile's last word to the next one's first; on the stack sums, the sweep */
    /* clang-format off */
    __asm__(TP_SAVE_ALL
            "ldm r0!, {r3, r4, r5, r6, r7}\n\t"
            "subs r0, r0, #20\n\t"
            "push {r0}\n\t"
            "push {r7}\n\t"
            "mov r12, r6\n\t"
            "subs r6, r6, r5\n\t"
            "lsls r6, r6, #4\n\t"
            "subs r4, r4, r6\n\t"
            "mov lr, r4\n\t"
            "movs r7, r3\n\t"
            "movs r6, r5\n"
            "1:\n\t"
            CLEAR
            "5:\n\t"
            FOUR_WEIGHTS
            FOUR_WEIGHTS
            "cmp r6, r12\n\t"
            "bne 5b\n\t"
            "add r7, lr\n\t"
            "ldr r4, [sp]\n\t"
            "ldr r5, [sp, #4]\n\t"
            "ldr r6, [r5, #8]\n\t"
            STORE_SIX
            "add sp, #8\n\t"
            TP_RESTORE_ALL);
    /* clang-format on */
}

/* One entry at r6: 26 bytes, 18 cycles (17 where instructions may shift), 6 products. Four a round, which ends at lr;
 * the first one is entered where as many are left as make whole rounds of the rest: SKIPPED bytes are jumped over. */
#define ENTRY                                                                                                          \
    "ldm r6!, {r4}\n\t" ADDRESS "sxtb r4, r4\n\t"                                                                      \
    "ldm r5!, {r0, r1, r2, r3}\n\t" PRODUCTS("r4")
#define ENTRIES                                                                                                        \
    "add pc, r5\n\t"                                                                                                   \
    "nop\n"                                                                                                            \
    "6:\n\t" ENTRY ENTRY ENTRY ENTRY "cmp r6, lr\n\t"                                                                  \
    "bne 6b\n\t"

/* Of entries from r1 to r2: 4 bytes each, modulo four of them. */
#define SKIPPED                                                                                                        \
    "subs r5, r1, r2\n\t"                                                                                              \
    "lsls r5, r5, #28\n\t"                                                                                             \
    "lsrs r5, r5, #28\n\t"                                                                                             \
    "movs r4, #13\n\t"                                                                                                 \
    "muls r5, r4, r5\n\t"                                                                                              \
    "lsrs r5, r5, #1\n\t"

TP_NAKED void tp_sweep_some_triples(TP_IN_REGISTER const tp_sweep *sweep) {
    /* r12 the tile, lr end of the list; on the stack: sums, bytes that are jumped over, the sweep */
    /* clang-format off */
    __asm__(TP_SAVE_ALL
            "ldr r3, [r0]\n\t"
            "mov r12, r3\n\t"
            "ldr r1, [r0, #8]\n\t"
            "ldr r2, [r0, #12]\n\t"
            "ldr r3, [r0, #16]\n\t"
            "mov lr, r2\n\t"
            SKIPPED
            "push {r0}\n\t"
            "push {r5}\n\t"
            "push {r3}\n"
            "1:\n\t"
            "ldr r5, [sp, #8]\n\t"
            "ldr r6, [r5, #8]\n\t"
            CLEAR
            "ldr r5, [sp, #4]\n\t"
            ENTRIES
            "ldr r4, [sp]\n\t"
            "ldr r5, [sp, #8]\n\t"
            "ldr r0, [r5, #4]\n\t"
            "add r12, r0\n\t"
            STORE_SIX
            "add sp, #12\n\t"
            TP_RESTORE_ALL);
    /* clang-format on */
}

/* Stores r1, r2, r3 at r4 and, r5 bytes apart, behind it. */
#define STORE_APART                                                                                                    \
    "str r1, [r4]\n\t"                                                                                                 \
    "str r2, [r4, r5]\n\t"                                                                                             \
    "adds r0, r5, r5\n\t"                                                                                              \
    "str r3, [r4, r0]\n\t"                                                                                             \
    "adds r4, r4, #4\n\t"

TP_NAKED void tp_slide_triples(TP_IN_REGISTER const tp_slide *slide) {
    /* On the stack: bytes that are jumped over, where the next sums go, the slide. */
    /* clang-format off */
    __asm__(TP_SAVE_ALL
            "ldm r0!, {r3, r4}\n\t"
            "mov r12, r3\n\t"
            "ldm r0!, {r1, r2, r3}\n\t"
            "mov lr, r2\n\t"
            "subs r0, r0, #20\n\t"
            SKIPPED
            "push {r0}\n\t"
            "push {r3}\n\t"
            "push {r5}\n"
            "2:\n\t"
            "ldr r5, [sp, #8]\n\t"
            "ldr r6, [r5, #8]\n\t"
            CLEAR
            "ldr r5, [sp]\n\t"
            ENTRIES
            "ldr r4, [sp, #4]\n\t"
            "ldr r7, [sp, #8]\n\t"
            "ldr r5, [r7, #20]\n\t"
            TAKE_APART("r8", "r9")
            STORE_APART
            TAKE_APART("r10", "r11")
            STORE_APART
            "str r4, [sp, #4]\n\t"
            "mov r0, r12\n\t"
            "adds r0, r0, #16\n\t"
            "mov r12, r0\n\t"
            "ldr r1, [r7, #4]\n\t"
            "cmp r0, r1\n\t"
            "beq 3f\n\t"
            "b 2b\n"
            "3:\n\t"
            "add sp, #12\n\t"
            TP_RESTORE_ALL);
    /* clang-format on */
}
#else
/** A tile's six sums. */
static void store(const uint32_t found[TP_TRIPLE_WORDS], int32_t adds, int32_t *sums) {
    for (int32_t i = 0; !adds && i < TP_TRIPLE_VALUES; i++) {
        sums[i] = 0;
    }
    tp_add_triple(found, sums);
    tp_add_triple(found + 2, sums + 3);
}

void tp_sweep_triples(const tp_sweep *sweep) {
    const uint32_t *tile = sweep->words;
    for (int32_t *sums = sweep->sums; sums != sweep->sums_end; sums += TP_TRIPLE_VALUES) {
        uint32_t found[TP_TRIPLE_WORDS] = {0, 0, 0, 0};
        const uint32_t *words = tile;
        for (const uint32_t *weights = sweep->weights; weights != sweep->weights_end; weights++) {
            for (int32_t shift = 0; shift < 32; shift += 8, words += TP_TRIPLE_WORDS) {
                const uint32_t weight = (uint32_t)(int8_t)(uint8_t)(*weights >> shift);
                for (int32_t i = 0; i < TP_TRIPLE_WORDS; i++) {
                    found[i] += words[i] * weight;
                }
            }
        }
        store(found, sweep->adds, sums);
        tile += sweep->tile_bytes / 4;
    }
}

/** A list's sums of one tile. */
static void multiply_some(const uint32_t *words, const uint32_t *entries, const uint32_t *end,
                          uint32_t found[TP_TRIPLE_WORDS]) {
    for (int32_t i = 0; i < TP_TRIPLE_WORDS; i++) {
        found[i] = 0;
    }
    for (; entries != end; entries++) {
        const uint32_t *at = words + (*entries >> 16) / 4, weight = (uint32_t)(int8_t)(uint8_t)*entries;
        for (int32_t i = 0; i < TP_TRIPLE_WORDS; i++) {
            found[i] += at[i] * weight;
        }
    }
}

void tp_sweep_some_triples(const tp_sweep *sweep) {
    const uint32_t *tile = sweep->words;
    for (int32_t *sums = sweep->sums; sums != sweep->sums_end; sums += TP_TRIPLE_VALUES) {
        uint32_t found[TP_TRIPLE_WORDS];
        multiply_some(tile, sweep->weights, sweep->weights_end, found);
        store(found, sweep->adds, sums);
        tile += sweep->tile_bytes / 4;
    }
}

void tp_slide_triples(const tp_slide *slide) {
    int32_t *next = slide->sums;
    for (const uint32_t *words = slide->words; words != slide->end; words += TP_TRIPLE_WORDS, next += 2) {
        uint32_t found[TP_TRIPLE_WORDS];
        int32_t sums[TP_TRIPLE_VALUES];
        multiply_some(words, slide->entries, slide->entries_end, found);
        store(found, 0, sums);
        for (int32_t i = 0; i < TP_TRIPLE_VALUES; i++) {
            next[i % 3 * (slide->row_bytes / 4) + i / 3] = sums[i];
        }
    }
}
#endif
