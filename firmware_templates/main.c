/**
 * @file main.c
 * Runs the model once on the sample input and reports over the UART; then once more, layer by layer, for the cycles.
 * Lines that start with '#' depend on the board or the emulator; all others must be the same everywhere.
 */
#include "console.h"
#include "model.h"
#include "port.h"
#include "sample_input.h"
#include "startup.h"
#include "string.h"

#define MOST_PRINTED 64U /* values of each output */
#define OUTPUTS_PER_LINE 16U

int main(void);

static void print_number(const char *label, uint32_t value) {
    console_text(label);
    console_unsigned(value);
}

static void print_clock(uint32_t status) {
    print_number("#clock ", port_clock_hz());
    print_number(" status ", status);
    console_text("\n");
}

static void write_inputs(void) {
    const int8_t *sample = tp_sample_input;
    for (uint32_t i = 0; i < TP_INPUT_COUNT; i++) {
        (void)memcpy(tp_inputs[i].data, sample, tp_inputs[i].bytes);
        sample += tp_inputs[i].bytes;
    }
}

static void print_output(const tp_edge *output) {
    const uint32_t printed = output->bytes < MOST_PRINTED ? output->bytes : MOST_PRINTED;
    if (TP_OUTPUT_COUNT > 1) {
        console_text("tinyprune: output of ");
        console_text(output->name);
        console_text("\n");
    }
    for (uint32_t i = 0; i < printed; i++) {
        console_text(i % OUTPUTS_PER_LINE == 0 ? "tinyprune: output " : " ");
        console_signed(output->data[i]);
        if ((i + 1U) % OUTPUTS_PER_LINE == 0 || i + 1U == printed) {
            console_text("\n");
        }
    }
}

/**
 * @param before the CRC of the bytes that come before these, or 0
 * @return the CRC-32 of IEEE 802.3 (zlib's), bit by bit: a table would cost 1 KB of flash
 */
static uint32_t crc32(uint32_t before, const int8_t *data, uint32_t bytes) {
    uint32_t crc = ~before;
    for (uint32_t i = 0; i < bytes; i++) {
        crc ^= (uint8_t)data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (UINT32_C(0xEDB88320) & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}

static void run_model(void) {
    uint32_t crc = 0;

    write_inputs();
    tp_invoke();
    for (uint32_t i = 0; i < TP_OUTPUT_COUNT; i++) {
        print_output(&tp_outputs[i]);
        crc = crc32(crc, tp_outputs[i].data, tp_outputs[i].bytes);
    }
    console_text("tinyprune: crc32 ");
    console_hex(crc);
    console_text("\n");
}

static uint32_t time_layer(const tp_layer *layer) {
    const uint32_t start = port_cycles();
    layer->run();
    return port_cycles() - start;
}

static void time_layers(void) {
    uint32_t total = 0;

    tp_reset();
    write_inputs(); /* the first inference may have written over them */
    for (uint32_t i = 0; i < TP_LAYER_COUNT; i++) {
        const uint32_t cycles = time_layer(&tp_layers[i]);
        total += cycles;
        print_number("#dwt ", i);
        console_text(" ");
        console_text(tp_layers[i].name);
        print_number(" ", cycles);
        console_text("\n");
    }
    print_number("#dwt total ", total);
    console_text("\n");
}

static void print_stack(void) {
    print_number("tinyprune: stack ", stack_used_bytes());
    print_number(" of ", stack_reserved_bytes());
    console_text("\n");
}

int main(void) {
    const uint32_t status = port_init();

    console_text("tinyprune: model ");
    console_text(TP_MODEL_NAME);
    console_text("\n");
    print_clock(status);
    run_model();
    time_layers();
    print_stack();
    console_text("tinyprune: done\n");
    finish(0);
}
