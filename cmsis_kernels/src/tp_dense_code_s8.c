#include "tp_dsp.h"
#include "tp_kernels.h"
#include "tp_requantize.h"

#define LANES 10 /* outputs of a group of instructions */

/** The inputs, each raised by 128: bytes without a sign. */
static void raise(const int8_t *input, int32_t count, uint8_t *raised) {
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

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
/** Runs a group: its sums of products, modulo 2^32. Returns the next group. */
static __attribute__((noinline)) const uint16_t *run(const uint16_t *group, const uint8_t *raised, uint32_t *sums) {
    register uintptr_t at __asm__("r0") = (uintptr_t)group | 1U; /* bit 0: Thumb */
    register uint32_t *out __asm__("r1") = sums;
    register const uint8_t *x __asm__("r3") = raised;
    /* The group leaves no register alone but the stack pointer, where it finds its way back. r7 and r11 may be frame
     * pointers, which compilers do not save. */
    __asm__ volatile(".syntax unified\n\t"
                     "mov r2, r11\n\t"
                     "push {r1, r2, r7}\n\t"
                     "adr r2, 1f\n\t"
                     "adds r2, #1\n\t"
                     "push {r2}\n\t"
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
                     "bx r0\n\t"
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
                     "pop {r2, r7}\n\t"
                     "mov r11, r2"
                     : "+r"(at), "+r"(out), "+r"(x)
                     :
                     : "r2", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "lr", "cc", "memory");
    return (const uint16_t *)at;
}
#else
/** The same on any machine: the core's registers, and what it does at each of a group's instructions. */
static const uint16_t *run(const uint16_t *group, const uint8_t *raised, uint32_t *sums) {
    uint32_t r[15] = {0}; /* r3 counts from `raised` */
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
            for (int32_t i = 0; i < LANES; i++) {
                sums[i] = r[i < LANES - 1 ? 4 + i : 14];
            }
            return at + 2;
        default:
            if (op >> 11 == 0) { /* lsls d, s, #n */
                r[d] = r[s] << n;
            } else if (op >> 11 == 0x0F) { /* ldrb d, [s, #n] */
                r[d] = raised[r[s] + n];
            } else { /* adds d, s, n; subs d, s, n: registers */
                r[d] = (op >> 9 & 1U) != 0 ? r[s] - r[n & 7U] : r[s] + r[n & 7U];
            }
        }
    }
}
#endif

void tp_dense_code_s8(const tp_dense_params *params, const tp_requant *requant, const int8_t *input,
                      const uint16_t *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {
    uint8_t *raised = (uint8_t *)scratch;
    for (int32_t row = 0; row < params->rows; row++, input += params->inputs) {
        const uint16_t *group = weights;
        raise(input, params->inputs, raised);
        for (int32_t first = 0; first < params->outputs; first += LANES) {
            uint32_t sums[LANES];
            const int32_t end = first + LANES < params->outputs ? first + LANES : params->outputs;
            group = run(group, raised, sums);
            for (int32_t channel = first; channel < end; channel++) {
                const int32_t acc = (int32_t)((uint32_t)bias[channel] + sums[channel - first]);
                *output++ = tp_requantize(requant, channel, acc);
            }
        }
    }
}
