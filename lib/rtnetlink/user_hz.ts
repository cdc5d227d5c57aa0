/**
 * Ticks per second of times in the kernel's interfaces: 100 on all supported
 * architectures. Source: sysconf(3), _SC_CLK_TCK.
 */
export const USER_HZ = 100;
