/**
 * @file startup.c
 * From reset to main() on a Cortex-M core, and what happens on a fault.
 * Sections are those of the ARMv7-M architecture reference manual, DDI0403.
 */
#include "startup.h"

#include "console.h"
#include "string.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define SCB_ICSR REGISTER(0xE000ED04U)  /* interrupt control and state: B3.2.4 */
#define SCB_VTOR REGISTER(0xE000ED08U)  /* vector table offset: B3.2.5 */
#define SCB_CFSR REGISTER(0xE000ED28U)  /* configurable fault status: B3.2.15 */
#define SCB_HFSR REGISTER(0xE000ED2CU)  /* HardFault status: B3.2.16 */
#define SCB_CPACR REGISTER(0xE000ED88U) /* coprocessor access: B3.2.20 */

#define SCB_MMFAR REGISTER(0xE000ED34U) /* MemManage address: B3.2.18 */
#define SCB_BFAR REGISTER(0xE000ED38U)  /* BusFault address: B3.2.19 */
#define MPU_TYPE REGISTER(0xE000ED90U)  /* B3.5.4 */
#define MPU_CTRL REGISTER(0xE000ED94U)  /* B3.5.5 */
#define MPU_RBAR REGISTER(0xE000ED9CU)  /* region base address: B3.5.7 */
#define MPU_RASR REGISTER(0xE000EDA0U)  /* region attributes and size: B3.5.8 */

#define CFSR_MMARVALID (UINT32_C(1) << 7)
#define CFSR_BFARVALID (UINT32_C(1) << 15)
#define MPU_TYPE_DREGION (UINT32_C(255) << 8)
#define MPU_CTRL_ENABLE UINT32_C(1)
#define MPU_CTRL_PRIVDEFENA (UINT32_C(1) << 2)
#define MPU_RBAR_VALID_REGION_0 (UINT32_C(1) << 4)
#define MPU_RASR_ENABLE UINT32_C(1)
#define MPU_RASR_XN (UINT32_C(1) << 28)
#define MPU_RASR_SIZE(log2_bytes) (((log2_bytes) - 1U) << 1) /* access permissions stay 0: none */
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
#define HFSR_DEBUGEVT UINT32_C(0) /* DDI0419 has no such register: it reads 0 */
#else
#define HFSR_DEBUGEVT (UINT32_C(1) << 31)
#endif
#define CPACR_FPU_FULL_ACCESS (UINT32_C(15) << 20)

/** BKPT 0xAB, the semihosting call of M-profile cores. */
#define SEMIHOSTING_INSTRUCTION 0xBEABU
#define SEMIHOSTING_EXIT_EXTENDED UINT32_C(0x20)
#define SEMIHOSTING_APPLICATION_EXIT UINT32_C(0x20026)

#define STACK_PATTERN 0x5AFEC0DE
#define TEXT_OF(macro) TEXT(macro)
#define TEXT(tokens) #tokens

/* Addresses that firmware.ld defines. */
extern uint32_t __stack_limit[], __stack_top[], __fault_stack_top[];
extern const uint32_t __text_start[], __text_end[];
extern const uint32_t __null_area_log2_bytes[]; /* the address is the number */
extern uint32_t __data_start[], __data_end[], __data_load[];
extern uint32_t __bss_start[], __bss_end[];

/** What the core pushes when it takes an exception: B1.5.6. */
typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} exception_frame;

int main(void);
void Reset_Handler(void);
void start(void);
void HardFault_Handler(void);
void Default_Handler(void);
void handle_hard_fault(exception_frame *frame, uint32_t stack_pointer);

static uint32_t bytes_between(const uint32_t *start, const uint32_t *end) {
    return (uint32_t)((uintptr_t)end - (uintptr_t)start);
}

uint32_t stack_reserved_bytes(void) { return bytes_between(__stack_limit, __stack_top); }

uint32_t stack_used_bytes(void) {
    const volatile uint32_t *stack = __stack_limit;
    const uint32_t reserved = stack_reserved_bytes();
    uint32_t unused = 0;

    while (unused < reserved && stack[unused / sizeof(uint32_t)] == STACK_PATTERN) {
        unused += (uint32_t)sizeof(uint32_t);
    }
    return reserved - unused;
}

static void enable_fpu(void) {
#if defined(__ARM_FP)
    SCB_CPACR |= CPACR_FPU_FULL_ACCESS;
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
}

/**
 * Makes the MPU, where there is one, refuse any access through a null pointer. Nothing else is protected. ARMv8-M has
 * other registers, and no region that the firmware could not read.
 */
static void guard_null(void) {
#if __ARM_ARCH < 8
    if ((MPU_TYPE & MPU_TYPE_DREGION) == 0) {
        return;
    }
    MPU_RBAR = MPU_RBAR_VALID_REGION_0;
    MPU_RASR = MPU_RASR_XN | MPU_RASR_SIZE((uint32_t)(uintptr_t)__null_area_log2_bytes) | MPU_RASR_ENABLE;
    MPU_CTRL = MPU_CTRL_PRIVDEFENA | MPU_CTRL_ENABLE;
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
}

void finish(uint32_t exit_code) {
    const uint32_t block[2] = {SEMIHOSTING_APPLICATION_EXIT, exit_code};

    __asm__ volatile("mov  r0, %0\n"
                     "mov  r1, %1\n"
                     "bkpt 0xab  \n"
                     :
                     : "r"(SEMIHOSTING_EXIT_EXTENDED), "r"(block)
                     : "r0", "r1", "memory");
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/**
 * Without a debugger, BKPT escalates to a HardFault (C1.5.3) at the instruction itself: step over it.
 *
 * @return whether the fault was a semihosting call
 */
static int step_over_semihosting(exception_frame *frame) {
    if ((SCB_HFSR & HFSR_DEBUGEVT) != HFSR_DEBUGEVT || *(const uint16_t *)frame->pc != SEMIHOSTING_INSTRUCTION) {
        return 0;
    }
    SCB_HFSR = HFSR_DEBUGEVT; /* writing 1 clears it */
    frame->pc += 2U;
    return 1;
}

static void print_hex(const char *label, uint32_t value) {
    console_text(label);
    console_hex(value);
}

/** Words of the stack from `word` on that may be return addresses, innermost first: odd, and in the code. */
static void print_calls(const uint32_t *word) {
    console_text(" calls");
    for (; word < __stack_top; word++) {
        if ((*word & 1U) != 0 && *word > (uintptr_t)__text_start && *word < (uintptr_t)__text_end) {
            print_hex(" 0x", *word);
        }
    }
}

static void print_fault_address(uint32_t status) {
    if ((status & CFSR_MMARVALID) != 0) {
        print_hex(" address 0x", SCB_MMFAR);
    } else if ((status & CFSR_BFARVALID) != 0) {
        print_hex(" address 0x", SCB_BFAR);
    }
}

/**
 * Prints the fault in one line and ends the program.
 *
 * @param frame what the core pushed, or a null pointer where the stack had no room for it
 * @param stack_pointer as the handler found it
 */
void handle_hard_fault(exception_frame *frame, uint32_t stack_pointer) {
    const uint32_t status = SCB_CFSR;

    if (frame != 0 && step_over_semihosting(frame)) {
        return;
    }
    console_text("\ntinyprune: fault");
    if (frame != 0) {
        print_hex(" pc 0x", frame->pc);
        print_hex(" lr 0x", frame->lr);
    } else {
        console_text(" stack overflow");
    }
    print_hex(" sp 0x", stack_pointer);
    print_hex(" cfsr 0x", status);
    print_fault_address(status);
    print_calls(frame != 0 ? (const uint32_t *)(frame + 1) : __fault_stack_top);
    console_text("\n");
    finish(1);
}

/** After a stack overflow there is no frame to look at and no stack to run on: run on the part that was used last. */
__attribute__((naked)) void HardFault_Handler(void) {
    __asm__ volatile(".syntax unified          \n" /* for ARMv6-M, gcc would take another */
                     "mov  r0, sp              \n"
                     "mov  r1, r0              \n"
                     "ldr  r2, =__stack_limit  \n"
                     "cmp  r0, r2              \n"
                     "bhs  1f                  \n"
                     "ldr  r2, =__fault_stack_top \n"
                     "mov  sp, r2              \n"
                     "movs r0, #0              \n"
                     "1:                       \n"
                     "ldr  r2, =handle_hard_fault \n"
                     "bx   r2                  \n"
                     ".ltorg                   \n");
}

/** No interrupt is ever enabled. Should one come all the same, say which. */
void Default_Handler(void) {
    console_text("\ntinyprune: fault unexpected exception ");
    console_unsigned(SCB_ICSR & 0x1FFU);
    console_text("\n");
    finish(1);
}

typedef union {
    uint32_t *stack_top;
    void (*handler)(void);
} vector;

extern const vector vectors[16];

/** What C needs before main(). */
void start(void) {
    enable_fpu();
    guard_null();
    SCB_VTOR = (uint32_t)(uintptr_t)vectors;
    (void)memcpy(__data_start, __data_load, bytes_between(__data_start, __data_end));
    (void)memset(__bss_start, 0, bytes_between(__bss_start, __bss_end));
    (void)main();
    finish(0);
}

/** Paints the whole stack; in assembly, as compiled code may itself be using the stack by then. */
__attribute__((naked)) void Reset_Handler(void) {
    __asm__ volatile(".syntax unified         \n"
                     "ldr  r0, =__stack_limit \n"
                     "ldr  r1, =__stack_top   \n"
                     "ldr  r2, =" TEXT_OF(STACK_PATTERN) " \n"
                                                         "mov  sp, r1             \n"
                                                         "1:                      \n"
                                                         "str  r2, [r0]           \n"
                                                         "adds r0, r0, #4         \n"
                                                         "cmp  r0, r1             \n"
                                                         "blo  1b                 \n"
                                                         "ldr  r0, =start         \n"
                                                         "bx   r0                 \n"
                                                         ".ltorg                  \n");
}

/**
 * The vector table of the core's own exceptions: B1.5.2. Until they are enabled, MemManage, BusFault and
 * UsageFault escalate to HardFault; Renode takes them as themselves.
 */
__attribute__((section(".vectors"), used)) const vector vectors[16] = {
    [0] = {.stack_top = __stack_top},     [1] = {.handler = Reset_Handler},
    [2] = {.handler = Default_Handler},                                         /* NMI */
    [3] = {.handler = HardFault_Handler}, [4] = {.handler = HardFault_Handler}, /* MemManage */
    [5] = {.handler = HardFault_Handler},                                       /* BusFault */
    [6] = {.handler = HardFault_Handler},                                       /* UsageFault */
    [11] = {.handler = Default_Handler},                                        /* SVCall */
    [12] = {.handler = Default_Handler},                                        /* DebugMonitor */
    [14] = {.handler = Default_Handler},                                        /* PendSV */
    [15] = {.handler = Default_Handler},                                        /* SysTick */
};
