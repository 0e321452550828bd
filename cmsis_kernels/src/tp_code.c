#include "tp_code.h"

#include "tp_dsp.h"
#include "tp_thumb.h"

void tp_raise(const int8_t *input, int32_t count, uint8_t *raised) {
    int32_t i = 0;
    if (((uintptr_t)input & 3U) == 0) {
        for (; i + 4 <= count; i += 4) {
            const uint32_t word = tp_load_word(__builtin_assume_aligned(input + i, 4)) ^ UINT32_C(0x80808080);
            __builtin_memcpy(__builtin_assume_aligned(raised + i, 4), &word, 4);
        }
    }
    for (; i < count; i++) {
        raised[i] = (uint8_t)(input[i] + 128);
    }
}

#if TP_HAS_THUMB && __ARM_ARCH_PROFILE == 'M'
TP_NAKED const uint16_t *tp_run_code(TP_IN_REGISTER const uint16_t *group, TP_IN_REGISTER const uint8_t *raised,
                                     TP_IN_REGISTER uint32_t sums[TP_CODE_OUTPUTS]) {
    /* A group leaves r0 as the next one, and its sums in r4 to r12 and lr; it returns to the top of the stack. */
    /* clang-format off */
    __asm__(TP_SAVE_ALL
            "push {r2}\n\t"
            "adr r3, 1f\n\t"
            "adds r3, #1\n\t" /* of a place to jump to, bit 0 says Thumb */
            "push {r3}\n\t"
            "mov r3, r1\n\t"
            "movs r4, #0\n\t"
            "movs r5, #0\n\t"
            "movs r6, #0\n\t"
            "movs r7, #0\n\t"
            "mov r8, r4\n\t"
            "mov r9, r4\n\t"
            "mov r10, r4\n\t"
            "mov r11, r4\n\t"
            "mov r12, r4\n\t"
            "mov lr, r4\n\t"
            "mov pc, r0\n\t"
            ".p2align 2\n"
            "1:\n\t"
            "pop {r1}\n\t"
            "stm r1!, {r4, r5, r6, r7}\n\t"
            "mov r2, r8\n\t"
            "mov r3, r9\n\t"
            "mov r4, r10\n\t"
            "mov r5, r11\n\t"
            "mov r6, r12\n\t"
            "mov r7, lr\n\t"
            "stm r1!, {r2, r3, r4, r5, r6, r7}\n\t"
            TP_RESTORE_ALL);
    /* clang-format on */
}
#else
const uint16_t *tp_run_code(const uint16_t *group, const uint8_t *raised, uint32_t sums[TP_CODE_OUTPUTS]) {
    uint32_t r[15] = {0}; /* the core's registers; r3 counts from `raised` */
    for (const uint16_t *at = group;; at++) {
        const uint32_t op = *at, d = op & 7U, s = op >> 3 & 7U, n = op >> 6 & 31U;
        switch (op >> 8) {
        case 0x33: /* adds r3, #n */
            r[3] += op & 0xFFU;
            break;
        case 0x22: /* movs r2, #n */
            r[2] = op & 0xFFU;
            break;
        case 0x42: /* rsbs d, s, #0 */
            r[d] = 0U - r[s];
            break;
        case 0x43: /* muls d, s */
            r[d] *= r[s];
            break;
        case 0x44: /* add d, s, where d is a high register */
            r[d + 8] += r[s];
            break;
        case 0x46: /* mov r0, pc; pop {pc} */
            for (int32_t i = 0; i < TP_CODE_OUTPUTS; i++) {
                sums[i] = r[i < 9 ? 4 + i : 14]; /* there is no sum in the stack pointer */
            }
            return at + 2;
        default:
            if (op >> 11 == 0) { /* lsls d, s, #n */
                r[d] = r[s] << n;
            } else if (op >> 11 == 0x0F) { /* ldrb d, [s, #n] */
                r[d] = raised[r[s] + n];
            } else { /* adds d, s, n; subs d, s, n: of registers */
                r[d] = (op >> 9 & 1U) != 0 ? r[s] - r[n & 7U] : r[s] + r[n & 7U];
            }
        }
    }
}
#endif
