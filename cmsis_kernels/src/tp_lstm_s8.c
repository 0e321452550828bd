#include "tp_dot.h"
#include "tp_kernels.h"
#include "tp_requantize.h"
#include "tp_sigmoid.h"

static int32_t saturate_16(int32_t value) { return tp_clamp(value, INT16_MIN, INT16_MAX); }

/** The argument of one unit's gate. */
static int32_t argument(const tp_lstm_params *params, const tp_lstm_gate *gate, int32_t unit, const int8_t *input,
                        const int8_t *hidden) {
    const int8_t *input_row = gate->input_weights + unit * params->inputs;
    const int8_t *hidden_row = gate->recurrent_weights + unit * params->units;
    const int32_t a = tp_dot_dense(gate->input_bias[unit], input, input_row, params->inputs);
    const int32_t b = tp_dot_dense(gate->recurrent_bias[unit], hidden, hidden_row, params->units);
    return saturate_16(saturate_16(tp_multiply(a, gate->input_multiplier, gate->input_shift)) +
                       saturate_16(tp_multiply(b, gate->recurrent_multiplier, gate->recurrent_shift)));
}

/** One step: `cell` is replaced, `output` becomes the new hidden state, which does not overlap `hidden`, the old one.
 */
static void step(const tp_lstm_params *params, const int8_t *input, const int8_t *hidden, int16_t *cell,
                 int8_t *output) {
    for (int32_t unit = 0; unit < params->units; unit++) {
        const int32_t forget = tp_sigmoid_s16(argument(params, params->forget_gate, unit, input, hidden));
        const int32_t accept = tp_sigmoid_s16(argument(params, params->input_gate, unit, input, hidden));
        const int32_t candidate = tp_tanh_s16(argument(params, params->cell_gate, unit, input, hidden), 0);
        const int32_t show = tp_sigmoid_s16(argument(params, params->output_gate, unit, input, hidden));
        const int32_t kept = saturate_16(tp_multiply(forget * cell[unit], params->kept_multiplier, params->kept_shift));
        const int32_t added =
            saturate_16(tp_multiply(accept * candidate, params->added_multiplier, params->added_shift));
        const int32_t next = tp_clamp(kept + added, params->cell_low, params->cell_high);
        const int32_t shown = tp_tanh_s16(next, params->cell_left) * show;
        const int32_t scaled = tp_multiply(shown, params->hidden_multiplier, params->hidden_shift);
        cell[unit] = (int16_t)next;
        output[unit] = (int8_t)tp_clamp(scaled + params->hidden_zero_point, INT8_MIN, INT8_MAX);
    }
}

void tp_lstm_s8(const tp_lstm_params *params, const int8_t *input, int8_t *hidden, int16_t *cell, int8_t *output) {
    const int32_t units = params->units;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const int8_t *last = hidden + batch * units;
        for (int32_t time = 0; time < params->steps; time++) {
            const int32_t row = params->time_major ? time * params->batches + batch : batch * params->steps + time;
            step(params, input + row * params->inputs, last, cell + batch * units, output + row * units);
            last = output + row * units;
        }
        for (int32_t unit = 0; unit < units; unit++) {
            hidden[batch * units + unit] = last[unit];
        }
    }
}
