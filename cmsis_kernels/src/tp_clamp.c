#include "tp_clamp.h"

#include "tp_requantize.h"

void tp_clamp_all(const tp_requant *requant, int32_t count, int8_t *output) {
    if (requant->clamp_low == INT8_MIN && requant->clamp_high == INT8_MAX) {
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        output[i] = (int8_t)tp_clamp(output[i], requant->clamp_low, requant->clamp_high);
    }
}
