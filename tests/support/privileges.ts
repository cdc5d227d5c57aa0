// Running a program with fewer privileges than the tests have, or where
// /dev/net/tun is not what it usually is.

/**
 * The command prefix that runs a program as nobody, with no capability but that of
 * reading files: Deno and this checkout may lie where only root looks.
 */
export const AS_NOBODY: readonly string[] = [
  "setpriv",
  "--reuid=65534",
  "--regid=65534",
  "--clear-groups",
  "--inh-caps=-all,+dac_read_search",
  "--ambient-caps=-all,+dac_read_search",
  "--bounding-set=-all,+dac_read_search",
];

/**
 * The words that run a program in a mount namespace whose /dev/net holds a tun
 * node of that mode, or nothing.
 */
export function withNode(mode?: string): string[] {
  const make = mode === undefined
    ? "true"
    : `mknod -m ${mode} /dev/net/tun c 10 200`;
  return [
    "unshare",
    "--mount",
    "sh",
    "-c",
    `mount -t tmpfs none /dev/net && ${make} && exec "$@"`,
    "sh",
  ];
}
