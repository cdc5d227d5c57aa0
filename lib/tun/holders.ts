// Which processes have which TUN and TAP devices open: the kernel tells it of
// each descriptor in /proc.

/** A process that has a device open. */
export interface TunHolder {
  /** The device's name. */
  readonly device: string;
  /** The process. */
  readonly pid: number;
  /** The name of its program, as ps(1) shows it. */
  readonly command: string;
  /** Its network namespace, "net:[4026531840]"; the device may be in another. */
  readonly namespace: string | undefined;
}

const DEVICE = "/dev/net/tun";

/**
 * The processes that have a TUN or TAP device open, as far as they may be
 * looked at: with CAP_SYS_PTRACE all of them, otherwise one's own.
 *
 * Source: proc_pid_fdinfo(5), tun_chr_show_fdinfo() of drivers/net/tun.c.
 *
 * @example
 * ```ts
 * import { tunHolders } from "@netplumb/netplumb";
 *
 * for (const { device, command, pid } of tunHolders()) {
 *   console.log(`${device} is held by ${command} (${pid})`);
 * }
 * ```
 */
export function tunHolders(): TunHolder[] {
  return names("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    const devices = new Set(
      names(`/proc/${pid}/fd`)
        .filter((fd) => link(`/proc/${pid}/fd/${fd}`) === DEVICE)
        .map((fd) => /^iff:\t(.+)$/m.exec(text(`/proc/${pid}/fdinfo/${fd}`)))
        .flatMap((found) => found === null ? [] : [found[1]]),
    );
    return [...devices].map((device) => ({
      device,
      pid: Number(pid),
      command: text(`/proc/${pid}/comm`).trimEnd(),
      namespace: link(`/proc/${pid}/ns/net`),
    }));
  });
}

// A process may end, or be somebody else's, between any two looks at it.
function attempt<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

function names(directory: string): string[] {
  return attempt(
    () => [...Deno.readDirSync(directory)].map(({ name }) => name),
    [],
  );
}

function link(path: string): string | undefined {
  return attempt<string | undefined>(() => Deno.readLinkSync(path), undefined);
}

function text(path: string): string {
  return attempt(() => Deno.readTextFileSync(path), "");
}
