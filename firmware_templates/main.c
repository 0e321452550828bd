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

#define PRINTED_OUTPUTS (TP_OUTPUT_BYTES < 64 ? TP_OUTPUT_BYTES : 64)
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

static void print_output(void) {
    for (uint32_t i = 0; i < PRINTED_OUTPUTS; i++) {
        console_text(i % OUTPUTS_PER_LINE == 0 ? "tinyprune: output " : " ");
        console_signed(tp_output[i]);
        if ((i + 1U) % OUTPUTS_PER_LINE == 0 || i + 1U == PRINTED_OUTPUTS) {
            console_text("\n");
        }
    }
}

/** @return the CRC-32 of IEEE 802.3 (zlib's), bit by bit: a table would cost 1 KB of flash */
static uint32_t crc32(const int8_t *data, uint32_t bytes) {
    uint32_t crc = UINT32_C(0xFFFFFFFF);
    for (uint32_t i = 0; i < bytes; i++) {
        crc ^= (uint8_t)data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (UINT32_C(0xEDB88320) & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}

static void run_model(void) {
    (void)memcpy(tp_input, tp_sample_input, TP_INPUT_BYTES);
    tp_invoke();
    print_output();
    console_text("tinyprune: crc32 ");
    console_hex(crc32(tp_output, TP_OUTPUT_BYTES));
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
    (void)memcpy(tp_input, tp_sample_input, TP_INPUT_BYTES); /* the first inference may have written over it */
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
