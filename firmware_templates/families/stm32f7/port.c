/**
 * @file port.c
 * STM32F746: 25 MHz crystal, 216 MHz core, caches on, USART1 on PA9 at 115200 baud 8N1.
 * Chapters are those of the reference manual RM0385.
 */
#include "port.h"

#include "cortex_m7.h"
#include "dwt.h"
#include "registers.h"

/* Reset and clock control, RCC registers */
#define RCC_CR REGISTER(0x40023800U)
#define RCC_CR_HSEON BIT(16)
#define RCC_CR_HSERDY BIT(17)
#define RCC_CR_PLLON BIT(24)
#define RCC_CR_PLLRDY BIT(25)
#define RCC_PLLCFGR REGISTER(0x40023804U)
#define RCC_CFGR REGISTER(0x40023808U)
#define RCC_CFGR_SW_PLL UINT32_C(2)
#define RCC_CFGR_SWS_MASK (UINT32_C(3) << 2)
#define RCC_CFGR_SWS_PLL (UINT32_C(2) << 2)
#define RCC_CFGR_PPRE1_DIV4 (UINT32_C(5) << 10)
#define RCC_CFGR_PPRE2_DIV2 (UINT32_C(4) << 13)
#define RCC_AHB1ENR REGISTER(0x40023830U)
#define RCC_AHB1ENR_GPIOAEN BIT(0)
#define RCC_APB1ENR REGISTER(0x40023840U)
#define RCC_APB1ENR_PWREN BIT(28)
#define RCC_APB2ENR REGISTER(0x40023844U)
#define RCC_APB2ENR_USART1EN BIT(4)

/* Power controller, PWR registers */
#define PWR_CR1 REGISTER(0x40007000U)
#define PWR_CR1_VOS_SCALE1 (UINT32_C(3) << 14)
#define PWR_CR1_ODEN BIT(16)
#define PWR_CR1_ODSWEN BIT(17)
#define PWR_CSR1 REGISTER(0x40007004U)
#define PWR_CSR1_ODRDY BIT(16)
#define PWR_CSR1_ODSWRDY BIT(17)

/* Embedded flash memory, FLASH_ACR */
#define FLASH_ACR REGISTER(0x40023C00U)
#define FLASH_ACR_LATENCY_MASK UINT32_C(15)
#define FLASH_ACR_LATENCY_7 UINT32_C(7)
#define FLASH_ACR_PRFTEN BIT(8)
#define FLASH_ACR_ARTEN BIT(9)

/* General-purpose I/Os, port A */
#define GPIOA_MODER REGISTER(0x40020000U)
#define GPIOA_AFRH REGISTER(0x40020024U)

/* Universal synchronous asynchronous receiver transmitter, USART1 */
#define USART_CR1 REGISTER(0x40011000U)
#define USART_CR1_UE BIT(0)
#define USART_CR1_TE BIT(3)
#define USART_BRR REGISTER(0x4001100CU)
#define USART_ISR REGISTER(0x4001101CU)
#define USART_ISR_TXE BIT(7)
#define USART_TDR REGISTER(0x40011028U)

#define HSI_HZ UINT32_C(16000000)
#define PLL_HZ UINT32_C(216000000)
#define BAUD UINT32_C(115200)

/** Polls of a ready flag, at least 4 cycles each: more than 50 ms at 16 MHz, and a crystal starts in a few. */
#define READY_POLLS UINT32_C(200000)

/** Polls for one character, at least 4 cycles each: more than its 87 us at 216 MHz. */
#define TRANSMIT_POLLS UINT32_C(20000)

static uint32_t clock_hz = HSI_HZ;

/** 25 MHz / M 25 * N 432 / P 2 = 216 MHz, Q 9 (48 MHz). */
static uint32_t start_pll(void) {
    RCC_CR |= RCC_CR_HSEON;
    if (!becomes(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY, READY_POLLS)) {
        return PORT_NO_CRYSTAL;
    }
    RCC_APB1ENR |= RCC_APB1ENR_PWREN;
    PWR_CR1 |= PWR_CR1_VOS_SCALE1;
    RCC_PLLCFGR = 25U | (432U << 6) | (0U << 16) | BIT(22) | (9U << 24);
    RCC_CR |= RCC_CR_PLLON;
    return becomes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY, READY_POLLS) ? 0 : PORT_NO_PLL;
}

/** Above 180 MHz the core needs the over-drive mode; it is entered while the PLL runs and is not yet used. */
static uint32_t over_drive(void) {
    PWR_CR1 |= PWR_CR1_ODEN;
    if (!becomes(&PWR_CSR1, PWR_CSR1_ODRDY, PWR_CSR1_ODRDY, READY_POLLS)) {
        return PORT_NO_PLL;
    }
    PWR_CR1 |= PWR_CR1_ODSWEN;
    return becomes(&PWR_CSR1, PWR_CSR1_ODSWRDY, PWR_CSR1_ODSWRDY, READY_POLLS) ? 0 : PORT_NO_PLL;
}

/** The wait states must be in place before the clock rises: seven at 216 MHz and 2.7 to 3.6 V. */
static uint32_t slow_flash_down(void) {
    FLASH_ACR = FLASH_ACR_LATENCY_7 | FLASH_ACR_PRFTEN | FLASH_ACR_ARTEN;
    return becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY_7, READY_POLLS) ? 0 : PORT_NO_WAIT_STATES;
}

/** Core and AHB at the PLL's rate; APB1 at most 54 MHz, APB2 at most 108 MHz. */
static uint32_t switch_to_pll(void) {
    RCC_CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2 | RCC_CFGR_SW_PLL;
    if (!becomes(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL, READY_POLLS)) {
        RCC_CFGR = 0;
        return PORT_NO_CLOCK_SWITCH;
    }
    clock_hz = PLL_HZ;
    return 0;
}

static uint32_t start_clock(void) {
    uint32_t status = start_pll();
    if (status == 0) {
        status = over_drive();
    }
    if (status == 0) {
        status = slow_flash_down();
    }
    return status == 0 ? switch_to_pll() : status;
}

/** PA9 is alternate function 7 (DS10916, alternate functions). USART1 is on APB2. BRR = f / baud, rounded. */
static void start_uart(void) {
    const uint32_t apb2_hz = clock_hz == PLL_HZ ? PLL_HZ / 2U : clock_hz;

    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC_APB2ENR |= RCC_APB2ENR_USART1EN;
    GPIOA_AFRH = (GPIOA_AFRH & ~(UINT32_C(15) << 4)) | (UINT32_C(7) << 4);
    GPIOA_MODER = (GPIOA_MODER & ~(UINT32_C(3) << 18)) | (UINT32_C(2) << 18);
    USART_BRR = (apb2_hz + BAUD / 2U) / BAUD;
    USART_CR1 = USART_CR1_UE | USART_CR1_TE;
}

uint32_t port_init(void) {
    const uint32_t status = start_clock();
    start_caches();
    start_uart();
    dwt_unlock();
    dwt_start();
    return status;
}

uint32_t port_clock_hz(void) { return clock_hz; }

void port_putc(char character) {
    (void)becomes(&USART_ISR, USART_ISR_TXE, USART_ISR_TXE, TRANSMIT_POLLS);
    USART_TDR = (uint8_t)character;
}

uint32_t port_cycles(void) { return dwt_cycles(); }
