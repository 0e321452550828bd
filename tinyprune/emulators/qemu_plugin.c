/*
 * A plugin of QEMU that counts executed blocks and the edges between them, by layer, during the first call of one
 * function, or from one address to another, where it ends QEMU. Compiled on first use by qemu.py, which also reads the
 * tallies; the same facts as block_counter.c gives.
 *
 * Distributions ship QEMU without qemu-plugin.h, so what is used of its API is declared here. QEMU_PLUGIN_API is the
 * version to ask for: 1 up to QEMU 8, 2 from 9.0, 3 from 9.1 on.
 */
#define _POSIX_C_SOURCE 200809L /* strdup */

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { QEMU_PLUGIN_CB_NO_REGS = 0 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                                  void (*translated)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, void (*executed)(unsigned, void *),
                                                 int flags, void *data);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*at_exit)(qemu_plugin_id_t, void *), void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
#if QEMU_PLUGIN_API >= 3
extern size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *target, size_t bytes);
#else
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
#endif

#define EXPORTED __attribute__((visibility("default")))
EXPORTED extern int qemu_plugin_version;
EXPORTED int qemu_plugin_version = QEMU_PLUGIN_API;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

#define BUCKETS 65536U
#define NO_LAYER UINT32_MAX
#define MOST_SWITCHES 65536U

typedef struct {
    uint64_t count, taken, entered;
} tally;

typedef struct block {
    uint32_t start, size;
    uint32_t begins; /* the layer that begins here, or NO_LAYER */
    int stops;       /* counting ends behind it: QEMU's own block goes on */
    tally *tallies;  /* one a layer */
    struct block *next;
} block;

static struct {
    uint32_t address, layer;
} switches[MOST_SWITCHES];
static uint32_t switch_count, layer_count = 1;

static block *blocks[BUCKETS];
static uint32_t function; /* whose first call is counted */
static const char *out_name;

static enum { BEFORE, WITHIN, AFTER } state = BEFORE;
static uint32_t next;    /* where the block that was executed last ends */
static uint32_t stop_at; /* where counting ends; 0: where the function returns to */
static uint32_t return_to;
static uint32_t layer;
static tally *previous;

static void count(const block *current) {
    tally *now;
    if (current->begins != NO_LAYER) {
        layer = current->begins;
    }
    now = &current->tallies[layer];
    now->count++;
    if (current->start != next || previous == NULL) {
        now->entered++;
        if (previous != NULL) {
            previous->taken++;
        }
    }
    previous = now;
}

static void executed(unsigned cpu, void *data) {
    const block *current = data;
    (void)cpu;
    if (state == BEFORE && current->start == function) {
        state = WITHIN;
        return_to = stop_at != 0 ? stop_at : next; /* a call ends the block that it is in */
    } else if (state == WITHIN && current->start == return_to) {
        state = AFTER;
        previous->taken++;
        if (stop_at != 0) {
            exit(0);
        }
    }
    if (state == WITHIN) {
        count(current);
        if (current->stops) {
            exit(0);
        }
    }
    next = current->start + current->size;
}

static uint32_t layer_that_begins(uint32_t address) {
    for (uint32_t i = 0; i < switch_count; i++) {
        if (switches[i].address == address) {
            return switches[i].layer;
        }
    }
    return NO_LAYER;
}

/* By the first halfword (DDI0403 A5.1): QEMU 7's own size is 2 too large in front of a page's end. */
static uint32_t insn_size(const struct qemu_plugin_insn *insn) {
    uint16_t halfword = 0;
#if QEMU_PLUGIN_API >= 3
    (void)qemu_plugin_insn_data(insn, &halfword, sizeof halfword);
#else
    memcpy(&halfword, qemu_plugin_insn_data(insn), sizeof halfword);
#endif
    return halfword >> 11 >= 0x1DU ? 4U : 2U;
}

static block *block_of(uint32_t start, uint32_t size, int stops) {
    block **bucket = &blocks[(start >> 1) % BUCKETS];
    block *found = *bucket;
    while (found != NULL && (found->start != start || found->size != size)) {
        found = found->next;
    }
    if (found == NULL) {
        found = calloc(1, sizeof *found);
        tally *tallies = calloc(layer_count, sizeof *tallies);
        if (found == NULL || tallies == NULL) {
            (void)fputs("tinyprune: the block counter ran out of memory\n", stderr);
            exit(1);
        }
        *found = (block){start, size, layer_that_begins(start), stops, tallies, *bucket};
        *bucket = found;
    }
    return found;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    const struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, qemu_plugin_tb_n_insns(tb) - 1U);
    const uint32_t start = (uint32_t)qemu_plugin_tb_vaddr(tb);
    const uint32_t end = (uint32_t)qemu_plugin_insn_vaddr(last) + insn_size(last);
    const int stops = start < stop_at && stop_at < end;
    const uint32_t size = (stops ? stop_at : end) - start;
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS, block_of(start, size, stops));
}

/* Writes "layer start size count taken entered" a line. */
static void at_exit(qemu_plugin_id_t id, void *data) {
    FILE *out = fopen(out_name, "w");
    (void)id;
    (void)data;
    if (out == NULL) {
        return; /* qemu.py misses the file */
    }
    if (state == WITHIN) {
        previous->taken++; /* the last block left by stopping, or by exiting */
    }
    for (uint32_t i = 0; i < BUCKETS; i++) {
        for (const block *b = blocks[i]; b != NULL; b = b->next) {
            for (uint32_t j = 0; j < layer_count; j++) {
                const tally *t = &b->tallies[j];
                if (t->count != 0) {
                    (void)fprintf(out, "%" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", j,
                                  b->start, b->size, t->count, t->taken, t->entered);
                }
            }
        }
    }
    (void)fclose(out);
}

/* Reads "address layer" a line: from a block that starts there, this layer runs. */
static int read_switches(const char *name) {
    FILE *in = fopen(name, "r");
    if (in == NULL) {
        return 0;
    }
    while (switch_count < MOST_SWITCHES &&
           fscanf(in, "%" SCNu32 " %" SCNu32, &switches[switch_count].address, &switches[switch_count].layer) == 2) {
        if (switches[switch_count].layer >= layer_count) {
            layer_count = switches[switch_count].layer + 1U;
        }
        switch_count++;
    }
    (void)fclose(in);
    return switch_count < MOST_SWITCHES;
}

/* Arguments: function=ADDRESS to count from, end=ADDRESS to count to (else to its return), switches=FILE to read,
   out=FILE to write. */
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv) {
    int complete = 0;
    (void)info;
    for (int i = 0; i < argc; i++) {
        const char *value = strchr(argv[i], '=');
        if (value == NULL) {
            return 1;
        }
        value++;
        if (strncmp(argv[i], "function=", 9) == 0) {
            function = (uint32_t)strtoul(value, NULL, 0);
        } else if (strncmp(argv[i], "end=", 4) == 0) {
            stop_at = (uint32_t)strtoul(value, NULL, 0);
        } else if (strncmp(argv[i], "switches=", 9) == 0) {
            complete = read_switches(value);
        } else if (strncmp(argv[i], "out=", 4) == 0) {
            out_name = strdup(value);
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return complete && out_name != NULL ? 0 : 1;
}
