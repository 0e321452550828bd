#include "tp_staircase.h"
#include "tp_thumb.h"

#if TP_HAS_THUMB
TP_NAKED void tp_step_sums(TP_IN_REGISTER const tp_sums *sums, TP_IN_REGISTER const uint32_t *stair) {
    /* 30 cycles an output. r0 sums, r1 v, r2 output, r3 below, r6 zero, r7 distance; r8 start, r9 range, r10 offset,
     * r11 low, r12 middle, lr high */
    /* clang-format off */
    __asm__(TP_SAVE_ALL
            "ldr r2, [r0, #4]\n\t"
            "push {r2}\n\t"
            "ldm r1!, {r4, r5, r6}\n\t"
            "mov r8, r4\n\t"
            "mov r9, r5\n\t"
            "ldm r1!, {r3, r4, r5, r7}\n\t"
            "mov r11, r4\n\t"
            "mov r12, r5\n\t"
            "mov lr, r7\n\t"
            "ldr r4, [r1]\n\t"
            "mov r10, r4\n\t"
            "ldr r2, [r0, #8]\n\t"
            "ldr r7, [r0, #12]\n\t"
            "ldr r0, [r0]\n"
            "1:\n\t"
            "ldm r0!, {r1}\n\t"
            "add r1, r8\n\t"
            "cmp r1, r9\n\t"
            "bls 2f\n\t"
            "asrs r1, r1, #31\n\t" /* 0 below the range, its end above it */
            "mvns r1, r1\n\t"
            "mov r4, r9\n\t"
            "ands r1, r4\n"
            "2:\n\t"
            "mov r4, r11\n\t"
            "muls r4, r1, r4\n\t"
            "lsrs r4, r4, #10\n\t"
            "mov r5, r12\n\t"
            "muls r5, r1, r5\n\t"
            "adds r4, r4, r5\n\t"
            "lsrs r4, r4, #10\n\t"
            "mov r5, lr\n\t"
            "muls r5, r1, r5\n\t"
            "adds r4, r4, r5\n\t"
            "subs r1, r1, r6\n\t"
            "asrs r1, r1, #31\n\t"
            "ands r1, r3\n\t"
            "adds r4, r4, r1\n\t"
            "add r4, r10\n\t"
            "lsrs r4, r4, #23\n\t"
            "strb r4, [r2]\n\t"
            "adds r2, r2, r7\n\t"
            "ldr r5, [sp]\n\t"
            "cmp r0, r5\n\t"
            "bne 1b\n\t"
            "add sp, #4\n\t"
            TP_RESTORE_ALL);
    /* clang-format on */
}
#else
void tp_step_sums(const tp_sums *sums, const uint32_t *stair) {
    int8_t *output = sums->output;
    for (const int32_t *sum = sums->sums; sum != sums->end; sum++, output += sums->distance) {
        *output = tp_stair(stair, *sum);
    }
}
#endif
