#include "tp_staircase.h"
#include "tp_thumb.h"

#if TP_HAS_THUMB
/* The next sum, moved, in r1, and where its outputs end in `range`; r8 what moves it. */
#define NEXT_SUM(range)                                                                                                \
    "ldm r0!, {r1}\n\t"                                                                                                \
    "add r1, r8\n\t"                                                                                                   \
    "cmp r1, " range "\n\t"                                                                                            \
    "bls 2f\n\t"                                                                                                       \
    "asrs r1, r1, #31\n\t" /* 0 below the range, its end above it */                                                   \
    "mvns r1, r1\n\t"

/* Ahead of the next row, back to 1; after the last one, to 4. On the stack: the structure, a distance, rows. */
#define NEXT_ROW                                                                                                       \
    "ldr r5, [sp, #8]\n\t"                                                                                             \
    "subs r5, r5, #1\n\t"                                                                                              \
    "beq 4f\n\t"                                                                                                       \
    "str r5, [sp, #8]\n\t"                                                                                             \
    "ldr r5, [sp]\n\t"                                                                                                 \
    "ldr r1, [r5, #20]\n\t"                                                                                            \
    "adds r7, r7, r1\n\t"                                                                                              \
    "ldr r1, [r5, #24]\n\t"                                                                                            \
    "adds r0, r0, r1\n\t"                                                                                              \
    "ldr r1, [r5, #28]\n\t"                                                                                            \
    "adds r2, r2, r1\n\t"                                                                                              \
    "b 1b\n"

/* r1 times the multiplier in r4 and r3, without what is below its lower part. */
#ifdef __thumb2__
#define SCALE                                                                                                          \
    "mul r5, r1, r3\n\t"                                                                                               \
    "muls r1, r4, r1\n\t"                                                                                              \
    "add r1, r1, r5, lsr #13\n\t"
#else
#define SCALE                                                                                                          \
    "movs r5, r1\n\t"                                                                                                  \
    "muls r5, r3, r5\n\t"                                                                                              \
    "lsrs r5, r5, #13\n\t"                                                                                             \
    "muls r1, r4, r1\n\t"                                                                                              \
    "adds r1, r1, r5\n\t"
#endif

/* 19 cycles an output, 17 where instructions may shift. r3 low, r4 high, r6 range, r9 distance, r10 offset */
#define TWO_PARTS                                                                                                      \
    "movs r3, r5\n\t"                                                                                                  \
    "movs r5, r4\n\t"                                                                                                  \
    "movs r4, r6\n\t"                                                                                                  \
    "movs r6, r5\n"                                                                                                    \
    "1:\n\t" NEXT_SUM("r6") "ands r1, r6\n"                                                                            \
                            "2:\n\t" SCALE "add r1, r10\n\t"                                                           \
                            "lsrs r1, r1, #24\n\t"                                                                     \
                            "strb r1, [r2]\n\t"                                                                        \
                            "add r2, r9\n\t"                                                                           \
                            "cmp r0, r7\n\t"                                                                           \
                            "bne 1b\n\t" NEXT_ROW

/* 30 cycles an output. r3 below, r6 zero, r9 range, r10 offset, r11 low, r12 middle, lr high */
#define THREE_PARTS                                                                                                    \
    "mov r9, r4\n\t"                                                                                                   \
    "mov r11, r5\n\t"                                                                                                  \
    "mov lr, r6\n\t"                                                                                                   \
    "ldm r1!, {r3, r4, r5}\n\t"                                                                                        \
    "mov r12, r3\n\t"                                                                                                  \
    "movs r6, r4\n\t"                                                                                                  \
    "movs r3, r5\n"                                                                                                    \
    "1:\n\t" NEXT_SUM("r9") "mov r4, r9\n\t"                                                                           \
                            "ands r1, r4\n"                                                                            \
                            "2:\n\t"                                                                                   \
                            "mov r4, r11\n\t"                                                                          \
                            "muls r4, r1, r4\n\t"                                                                      \
                            "lsrs r4, r4, #10\n\t"                                                                     \
                            "mov r5, r12\n\t"                                                                          \
                            "muls r5, r1, r5\n\t"                                                                      \
                            "adds r4, r4, r5\n\t"                                                                      \
                            "lsrs r4, r4, #10\n\t"                                                                     \
                            "mov r5, lr\n\t"                                                                           \
                            "muls r5, r1, r5\n\t"                                                                      \
                            "adds r4, r4, r5\n\t"                                                                      \
                            "subs r1, r1, r6\n\t"                                                                      \
                            "asrs r1, r1, #31\n\t"                                                                     \
                            "ands r1, r3\n\t"                                                                          \
                            "adds r4, r4, r1\n\t"                                                                      \
                            "add r4, r10\n\t"                                                                          \
                            "lsrs r4, r4, #23\n\t"                                                                     \
                            "strb r4, [r2]\n\t"                                                                        \
                            "ldr r5, [sp, #4]\n\t"                                                                     \
                            "adds r2, r2, r5\n\t"                                                                      \
                            "cmp r0, r7\n\t"                                                                           \
                            "bne 1b\n\t" NEXT_ROW

TP_NAKED void tp_step_sums(TP_IN_REGISTER const tp_sums *sums, TP_IN_REGISTER const uint32_t *stair) {
    /* r0 sums, r1 v, r2 output, r7 end of the row, r8 start */
    /* clang-format off */
    __asm__(TP_SAVE_ALL
            "ldr r2, [r0, #12]\n\t"
            "ldr r3, [r0, #16]\n\t"
            "push {r0, r2, r3}\n\t"
            "mov r9, r2\n\t"
            "ldm r1!, {r3, r4, r5, r6, r7}\n\t" /* start, range, low, high, offset */
            "mov r8, r3\n\t"
            "mov r10, r7\n\t"
            "ldr r2, [r0, #8]\n\t"
            "ldr r7, [r0, #4]\n\t"
            "ldr r0, [r0]\n\t"
            "ldr r3, [r1]\n\t"
            "adds r3, r3, #1\n\t" /* TP_STAIR_TWO_PARTS */
            "bne 3f\n\t"
            TWO_PARTS
            "3:\n\t"
            THREE_PARTS
            "4:\n\t"
            "add sp, #12\n\t"
            TP_RESTORE_ALL);
    /* clang-format on */
}
#else
void tp_step_sums(const tp_sums *sums, const uint32_t *stair) {
    const int32_t *sum = sums->sums, *end = sums->end;
    int8_t *output = sums->output;
    for (int32_t row = 0; row < sums->rows; row++) {
        for (; sum != end; sum++, output += sums->distance) {
            *output = tp_stair(stair, *sum);
        }
        sum += sums->gap_bytes / 4;
        end += sums->row_bytes / 4;
        output += sums->row_distance;
    }
}
#endif
