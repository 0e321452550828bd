/**
 * @file port.c
 * STM32U575, TrustZone off as delivered: internal 16 MHz oscillator, 160 MHz core, instruction cache on, USART1 on PA9
 * at 115200 baud 8N1. Chapters are those of the reference manual RM0456.
 */
#include "port.h"

#include "dwt.h"
#include "registers.h"

/* Reset and clock control, RCC registers */
#define RCC_CR REGISTER(0x46020C00U)
#define RCC_CR_HSION BIT(8)
#define RCC_CR_HSIRDY BIT(10)
#define RCC_CR_PLL1ON BIT(24)
#define RCC_CR_PLL1RDY BIT(25)
#define RCC_CFGR1 REGISTER(0x46020C1CU)
#define RCC_CFGR1_SW_PLL UINT32_C(3)
#define RCC_CFGR1_SWS_MASK (UINT32_C(3) << 2)
#define RCC_CFGR1_SWS_PLL (UINT32_C(3) << 2)
#define RCC_PLL1CFGR REGISTER(0x46020C28U) /* M and the divider of the booster's clock: 0 divides by 1 */
#define RCC_PLL1CFGR_SRC_HSI UINT32_C(2)
#define RCC_PLL1CFGR_RGE_8_TO_16_MHZ (UINT32_C(3) << 2)
#define RCC_PLL1CFGR_REN BIT(18) /* the output R, which is the system clock */
#define RCC_PLL1DIVR REGISTER(0x46020C34U)
#define RCC_PLL1DIVR_N(factor) ((factor) - UINT32_C(1))
#define RCC_PLL1DIVR_P_Q_RESET (BIT(9) | BIT(16))
#define RCC_PLL1DIVR_R(divider) (((divider) - UINT32_C(1)) << 24)
#define RCC_AHB2ENR1 REGISTER(0x46020C8CU)
#define RCC_AHB2ENR1_GPIOAEN BIT(0)
#define RCC_AHB3ENR REGISTER(0x46020C94U)
#define RCC_AHB3ENR_PWREN BIT(2)
#define RCC_APB2ENR REGISTER(0x46020CA4U)
#define RCC_APB2ENR_USART1EN BIT(14)

/* Power control, PWR voltage scaling register */
#define PWR_VOSR REGISTER(0x4602080CU)
#define PWR_VOSR_BOOSTRDY BIT(14)
#define PWR_VOSR_VOSRDY BIT(15)
#define PWR_VOSR_RANGE_1 (UINT32_C(3) << 16)
#define PWR_VOSR_BOOSTEN BIT(18)

/* Embedded flash memory, FLASH access control register; instruction cache, ICACHE control register */
#define FLASH_ACR REGISTER(0x40022000U)
#define FLASH_ACR_LATENCY_MASK UINT32_C(15)
#define FLASH_ACR_LATENCY_4 UINT32_C(4)
#define FLASH_ACR_PRFTEN BIT(8)
#define ICACHE_CR REGISTER(0x40030400U)
#define ICACHE_CR_EN BIT(0)

/* General-purpose I/Os, port A */
#define GPIOA_MODER REGISTER(0x42020000U)
#define GPIOA_AFRH REGISTER(0x42020024U)

/* Universal synchronous receiver transmitter, USART1 */
#define USART_CR1 REGISTER(0x40013800U)
#define USART_CR1_UE BIT(0)
#define USART_CR1_TE BIT(3)
#define USART_BRR REGISTER(0x4001380CU)
#define USART_ISR REGISTER(0x4001381CU)
#define USART_ISR_TXE BIT(7)
#define USART_TDR REGISTER(0x40013828U)

#define MSI_HZ UINT32_C(4000000) /* what the chip starts with */
#define PLL_HZ UINT32_C(160000000)
#define BAUD UINT32_C(115200)

/** Polls of a ready flag, at least 4 cycles each: more than 100 ms at 4 MHz. */
#define READY_POLLS UINT32_C(200000)

/** Polls for one character, at least 4 cycles each: more than its 87 us at 160 MHz. */
#define TRANSMIT_POLLS UINT32_C(20000)

static uint32_t clock_hz = MSI_HZ;

/** Above 110 MHz: range 1, and above 55 MHz the booster, whose clock comes from the PLL's source. */
static uint32_t raise_voltage(void) {
    RCC_AHB3ENR |= RCC_AHB3ENR_PWREN;
    PWR_VOSR = PWR_VOSR_RANGE_1;
    if (!becomes(&PWR_VOSR, PWR_VOSR_VOSRDY, PWR_VOSR_VOSRDY, READY_POLLS)) {
        return PORT_NO_PLL;
    }
    PWR_VOSR = PWR_VOSR_RANGE_1 | PWR_VOSR_BOOSTEN;
    return becomes(&PWR_VOSR, PWR_VOSR_BOOSTRDY, PWR_VOSR_BOOSTRDY, READY_POLLS) ? 0 : PORT_NO_PLL;
}

/** 16 MHz / M 1 * N 10 / R 1 = 160 MHz. The source is set first: the booster needs it. */
static uint32_t start_pll(void) {
    RCC_CR |= RCC_CR_HSION;
    if (!becomes(&RCC_CR, RCC_CR_HSIRDY, RCC_CR_HSIRDY, READY_POLLS)) {
        return PORT_NO_PLL;
    }
    RCC_PLL1CFGR = RCC_PLL1CFGR_SRC_HSI | RCC_PLL1CFGR_RGE_8_TO_16_MHZ | RCC_PLL1CFGR_REN;
    RCC_PLL1DIVR = RCC_PLL1DIVR_N(10U) | RCC_PLL1DIVR_P_Q_RESET | RCC_PLL1DIVR_R(1U);
    const uint32_t status = raise_voltage();
    if (status != 0) {
        return status;
    }
    RCC_CR |= RCC_CR_PLL1ON;
    return becomes(&RCC_CR, RCC_CR_PLL1RDY, RCC_CR_PLL1RDY, READY_POLLS) ? 0 : PORT_NO_PLL;
}

/** The wait states must be in place before the clock rises: four at 160 MHz in range 1. */
static uint32_t slow_flash_down(void) {
    FLASH_ACR = FLASH_ACR_LATENCY_4 | FLASH_ACR_PRFTEN;
    return becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY_4, READY_POLLS) ? 0 : PORT_NO_WAIT_STATES;
}

static uint32_t switch_to_pll(void) {
    RCC_CFGR1 = RCC_CFGR1_SW_PLL;
    if (!becomes(&RCC_CFGR1, RCC_CFGR1_SWS_MASK, RCC_CFGR1_SWS_PLL, READY_POLLS)) {
        RCC_CFGR1 = 0;
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

/** PA9 is alternate function 7 (DS13737, alternate functions). APB2 runs at the core's clock. BRR = f / baud, rounded.
 */
static void start_uart(void) {
    RCC_AHB2ENR1 |= RCC_AHB2ENR1_GPIOAEN;
    RCC_APB2ENR |= RCC_APB2ENR_USART1EN;
    GPIOA_AFRH = (GPIOA_AFRH & ~(UINT32_C(15) << 4)) | (UINT32_C(7) << 4);
    GPIOA_MODER = (GPIOA_MODER & ~(UINT32_C(3) << 18)) | (UINT32_C(2) << 18);
    USART_BRR = (clock_hz + BAUD / 2U) / BAUD;
    USART_CR1 = USART_CR1_UE | USART_CR1_TE;
}

uint32_t port_init(void) {
    const uint32_t status = start_clock();
    ICACHE_CR |= ICACHE_CR_EN;
    start_uart();
    dwt_start();
    return status;
}

uint32_t port_clock_hz(void) { return clock_hz; }

void port_putc(char character) {
    (void)becomes(&USART_ISR, USART_ISR_TXE, USART_ISR_TXE, TRANSMIT_POLLS);
    USART_TDR = (uint8_t)character;
}

uint32_t port_cycles(void) { return dwt_cycles(); }
