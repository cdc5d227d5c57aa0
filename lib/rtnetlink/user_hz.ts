/**
 * The parts of a second in which the kernel's interfaces count time: 100 on
 * every architecture this library runs on. Source: sysconf(3), _SC_CLK_TCK.
 */
export const USER_HZ = 100;
