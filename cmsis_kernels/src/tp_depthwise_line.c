#include "tp_depthwise_line.h"

enum { OUTPUTS = 4 };

/** The sums of four outputs, `step` bytes apart in `x`. */
static inline __attribute__((always_inline)) void sum(const tp_depthwise_line *line, const uint32_t *x, int32_t step,
                                                      int32_t *sums, const int32_t words) {
    const uint32_t *weights = line->weights;
    int32_t a = line->bias, b = a, c = a, d = a;
#if TP_HAS_DSP
    uint32_t u, v, w;
    __asm__ volatile(".balign 4\n"
                     "1:\n\t"
                     ".rept %c[words]\n\t"
                     "ldr %[w], [%[weights]], #4\n\t"
                     "ldr %[u], [%[x]]\n\t"
                     "ldr %[v], [%[x], %[step]]\n\t"
                     "smlad %[a], %[u], %[w], %[a]\n\t"
                     "smlad %[b], %[v], %[w], %[b]\n\t"
                     "ldr %[u], [%[x], %[step], lsl #1]\n\t"
                     "ldr %[v], [%[x], %[thrice]]\n\t"
                     "add %[x], %[x], #16\n\t"
                     "smlad %[c], %[u], %[w], %[c]\n\t"
                     "smlad %[d], %[v], %[w], %[d]\n\t"
                     ".endr\n\t"

                     "add %[x], %[x], %[gap]\n\t"
                     "cmp %[weights], %[end]\n\t"
                     "bne 1b"
                     : [x] "+&r"(x), [weights] "+&r"(weights), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d),
                       [u] "=&r"(u), [v] "=&r"(v), [w] "=&r"(w)
                     : [step] "r"(step), [thrice] "r"(3 * step), [gap] "r"(line->gap), [end] "r"(line->weights_end),
                       [words] "i"(words)
                     : "cc", "memory");
#else
    for (; weights < line->weights_end; x += line->gap / 4) {
        for (int32_t i = 0; i < words; i++, x += TP_PIXEL_CHANNELS, weights++) {
            a = tp_smlad(x[0], *weights, a);
            b = tp_smlad(x[step / 4], *weights, b);
            c = tp_smlad(x[2 * step / 4], *weights, c);
            d = tp_smlad(x[3 * step / 4], *weights, d);
        }
    }
#endif
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

/** The last four outputs overlap those before them. Where there are fewer than four in all, each one is four times. */
static inline __attribute__((always_inline)) void run(const tp_depthwise_line *line, const int32_t words) {
    const tp_right_requant requant = line->requant; /* which no output can change */
    const int32_t most = line->count < OUTPUTS ? 1 : OUTPUTS, words_step = line->step / 4, distance = line->output_step;
    const int32_t step = most == 1 ? 0 : line->step, output_step = most == 1 ? 0 : distance;
    const uint32_t *x = line->words;
    int8_t *output = line->output;
    for (int32_t left = line->count, done; left > 0; left -= done, x += done * words_step, output += done * distance) {
        int32_t sums[OUTPUTS];
        sum(line, x, step, sums, words);
        for (int32_t i = 0; i < OUTPUTS; i++) {
            output[i * output_step] = (int8_t)tp_requantize_right(requant, 2 * sums[i]);
        }
        done = left > OUTPUTS && left < 2 * OUTPUTS ? left - OUTPUTS : most;
    }
}

#define FUNCTION(words)                                                                                                \
    void tp_depthwise_line_##words(const tp_depthwise_line *line) { run(line, words); }
TP_DEPTHWISE_WORDS(FUNCTION)
