/**
 * @file
 * Runs a generated model on the host: `runner INPUTS OUTPUTS LENGTH`. For each input it writes the output of every
 * layer, run one by one; and then for each input those of a whole tp_invoke. What the model remembers carries on over
 * sequences of LENGTH inputs.
 *
 * Under AddressSanitizer a layer may touch no byte of the arena but those of its own inputs, output and scratch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "places.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN
#endif

#if defined(WITH_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, bytes) ((void)(start), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(start, bytes) ((void)(start), (void)(bytes))
#endif

static FILE *open_file(const char *path, const char *mode) {
    FILE *file = fopen(path, mode);
    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return file;
}

static void write_bytes(const int8_t *bytes, size_t count, FILE *file) {
    if (fwrite(bytes, 1, count, file) != count) {
        perror("outputs");
        exit(EXIT_FAILURE);
    }
}

static void allow_only(uint32_t layer) {
    ASAN_POISON_MEMORY_REGION(tp_arena, TP_ARENA_BYTES);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i].layer == layer) {
            ASAN_UNPOISON_MEMORY_REGION(tp_arena + places[i].offset, places[i].bytes);
        }
    }
}

static void write_inputs(const int8_t *input) {
    for (uint32_t i = 0; i < TP_INPUT_COUNT; i++) {
        memcpy(tp_inputs[i].data, input, tp_inputs[i].bytes);
        input += tp_inputs[i].bytes;
    }
}

static void run_layers(const int8_t *input, FILE *outputs) {
    write_inputs(input);
    for (uint32_t i = 0; i < TP_LAYER_COUNT; i++) {
        allow_only(i);
        tp_layers[i].run();
        write_bytes(tp_layers[i].output, tp_layers[i].output_bytes, outputs);
    }
    ASAN_UNPOISON_MEMORY_REGION(tp_arena, TP_ARENA_BYTES);
}

static void run_whole(const int8_t *input, FILE *outputs) {
    write_inputs(input);
    tp_invoke();
    for (uint32_t i = 0; i < TP_OUTPUT_COUNT; i++) {
        write_bytes(tp_outputs[i].data, tp_outputs[i].bytes, outputs);
    }
}

/** Runs every input, with a reset before each sequence but the first of all, which begins as the program does. */
static void run_all(void (*run)(const int8_t *, FILE *), FILE *inputs, FILE *outputs, long length) {
    static int8_t input[TP_INPUTS_BYTES];
    rewind(inputs);
    for (long i = 0; fread(input, 1, sizeof input, inputs) == sizeof input; i++) {
        if (i % length == 0 && i > 0) {
            tp_reset();
        }
        run(input, outputs);
    }
}

int main(int count, char **arguments) {
    if (count != 4) {
        return EXIT_FAILURE;
    }
    const long length = strtol(arguments[3], NULL, 10);
    FILE *inputs = open_file(arguments[1], "rb");
    FILE *outputs = open_file(arguments[2], "wb");
    run_all(run_layers, inputs, outputs, length);
    tp_reset();
    run_all(run_whole, inputs, outputs, length);
    fclose(inputs);
    return fclose(outputs) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
