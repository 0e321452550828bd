/**
 * @file port.c
 * STM32F405/407: 8 MHz crystal, 168 MHz core, USART2 on PA2 at 115200 baud 8N1.
 * Sections are those of the reference manual RM0090.
 */
#include "port.h"

#include "dwt.h"
#include "registers.h"

/* Reset and clock control: section 7.3 */
#define RCC_CR REGISTER(0x40023800U) /* 7.3.1 */
#define RCC_CR_HSEON BIT(16)
#define RCC_CR_HSERDY BIT(17)
#define RCC_CR_PLLON BIT(24)
#define RCC_CR_PLLRDY BIT(25)
#define RCC_PLLCFGR REGISTER(0x40023804U) /* 7.3.2 */
#define RCC_CFGR REGISTER(0x40023808U)    /* 7.3.3 */
#define RCC_CFGR_SW_PLL UINT32_C(2)
#define RCC_CFGR_SWS_MASK (UINT32_C(3) << 2)
#define RCC_CFGR_SWS_PLL (UINT32_C(2) << 2)
#define RCC_CFGR_PPRE1_DIV4 (UINT32_C(5) << 10)
#define RCC_CFGR_PPRE2_DIV2 (UINT32_C(4) << 13)
#define RCC_AHB1ENR REGISTER(0x40023830U) /* 7.3.10 */
#define RCC_AHB1ENR_GPIOAEN BIT(0)
#define RCC_APB1ENR REGISTER(0x40023840U) /* 7.3.13 */
#define RCC_APB1ENR_USART2EN BIT(17)
#define RCC_APB1ENR_PWREN BIT(28)

/* Power control: section 5.4.1 */
#define PWR_CR REGISTER(0x40007000U)
#define PWR_CR_VOS_SCALE1 BIT(14)

/* Flash interface: section 3.9.1; wait states: section 3.5.1; the ART accelerator: section 3.5.2 */
#define FLASH_ACR REGISTER(0x40023C00U)
#define FLASH_ACR_LATENCY_MASK UINT32_C(7)
#define FLASH_ACR_LATENCY_5 UINT32_C(5)
#define FLASH_ACR_PRFTEN BIT(8)
#define FLASH_ACR_ICEN BIT(9)
#define FLASH_ACR_DCEN BIT(10)

/* General-purpose I/O, port A: section 8.4 */
#define GPIOA_MODER REGISTER(0x40020000U) /* 8.4.1 */
#define GPIOA_AFRL REGISTER(0x40020020U)  /* 8.4.9 */

/* USART2: section 30.6 */
#define USART2_SR REGISTER(0x40004400U) /* 30.6.1 */
#define USART2_SR_TXE BIT(7)
#define USART2_DR REGISTER(0x40004404U)  /* 30.6.2 */
#define USART2_BRR REGISTER(0x40004408U) /* 30.6.3 */
#define USART2_CR1 REGISTER(0x4000440CU) /* 30.6.4 */
#define USART2_CR1_TE BIT(3)
#define USART2_CR1_UE BIT(13)

#define HSI_HZ UINT32_C(16000000)
#define PLL_HZ UINT32_C(168000000)
#define BAUD UINT32_C(115200)

/** Polls of a ready flag, at least 4 cycles each: more than 50 ms at 16 MHz. Crystals start in 2 ms (DS8626 table 39).
 */
#define READY_POLLS UINT32_C(200000)

/** Polls for one character, at least 4 cycles each: more than its 87 us at 168 MHz. */
#define TRANSMIT_POLLS UINT32_C(20000)

static uint32_t clock_hz = HSI_HZ;

/** Starts the crystal and, from it, the PLL: 8 MHz / M 8 * N 336 / P 2 = 168 MHz, Q 7 (48 MHz). Section 7.3.2. */
static uint32_t start_pll(void) {
    RCC_CR |= RCC_CR_HSEON;
    if (!becomes(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY, READY_POLLS)) {
        return PORT_NO_CRYSTAL;
    }
    /* Voltage scale 1 is needed above 144 MHz (section 5.1.3); it takes effect when the PLL starts. */
    RCC_APB1ENR |= RCC_APB1ENR_PWREN;
    PWR_CR |= PWR_CR_VOS_SCALE1;
    RCC_PLLCFGR = 8U | (336U << 6) | (0U << 16) | BIT(22) | (7U << 24);
    RCC_CR |= RCC_CR_PLLON;
    return becomes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY, READY_POLLS) ? 0 : PORT_NO_PLL;
}

/** The wait states must be in place before the clock rises: section 3.5.1. */
static uint32_t slow_flash_down(void) {
    FLASH_ACR = FLASH_ACR_LATENCY_5 | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    return becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY_5, READY_POLLS) ? 0 : PORT_NO_WAIT_STATES;
}

/** Core and AHB at the PLL's rate; APB1 at most 42 MHz, APB2 at most 84 MHz: section 7.2. */
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
        status = slow_flash_down();
    }
    return status == 0 ? switch_to_pll() : status;
}

/** PA2 is alternate function 7 (DS8626 table 9). 16 times oversampling: BRR = f / baud, rounded (section 30.3.4). */
static void start_uart(void) {
    const uint32_t apb1_hz = clock_hz == PLL_HZ ? PLL_HZ / 4U : clock_hz;

    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC_APB1ENR |= RCC_APB1ENR_USART2EN;
    GPIOA_AFRL = (GPIOA_AFRL & ~(UINT32_C(15) << 8)) | (UINT32_C(7) << 8);
    GPIOA_MODER = (GPIOA_MODER & ~(UINT32_C(3) << 4)) | (UINT32_C(2) << 4);
    USART2_BRR = (apb1_hz + BAUD / 2U) / BAUD;
    USART2_CR1 = USART2_CR1_UE | USART2_CR1_TE;
}

uint32_t port_init(void) {
    const uint32_t status = start_clock();
    start_uart();
    dwt_start();
    return status;
}

uint32_t port_clock_hz(void) { return clock_hz; }

void port_putc(char character) {
    (void)becomes(&USART2_SR, USART2_SR_TXE, USART2_SR_TXE, TRANSMIT_POLLS);
    USART2_DR = (uint8_t)character;
}

uint32_t port_cycles(void) { return dwt_cycles(); }
