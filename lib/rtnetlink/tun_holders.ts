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

/** What tunHolders() found. */
export interface TunHolders {
  /** By process, then as each was opened. */
  readonly holders: readonly TunHolder[];
  /** Whether every process could be looked at. */
  readonly complete: boolean;
}

const DEVICE = "/dev/net/tun";

/**
 * The processes that have a TUN or TAP device open: all of them with
 * CAP_SYS_PTRACE and Deno's permission for everything, otherwise one's own or
 * none.
 *
 * Source: proc_pid_fdinfo(5), tun_chr_show_fdinfo() of drivers/net/tun.c.
 */
export function tunHolders(): TunHolders {
  const look = new Look();
  const holders = look.names("/proc").filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const devices = new Set(
        look.names(`/proc/${pid}/fd`)
          .filter((fd) => look.link(`/proc/${pid}/fd/${fd}`) === DEVICE)
          .map((fd) => look.text(`/proc/${pid}/fdinfo/${fd}`))
          .map((text) => /^iff:\t(.+)$/m.exec(text))
          .flatMap((found) => found === null ? [] : [found[1]!]),
      );
      return [...devices].map((device) => ({
        device,
        pid: Number(pid),
        command: look.text(`/proc/${pid}/comm`).trimEnd(),
        namespace: look.link(`/proc/${pid}/ns/net`),
      }));
    });
  return { holders, complete: look.complete };
}

/** Looks that may fail: a process may end, or be somebody else's. */
class Look {
  complete = true;

  names(directory: string): string[] {
    const list = () => [...Deno.readDirSync(directory)].map(({ name }) => name);
    return this.#attempt(list) ?? [];
  }

  link(path: string): string | undefined {
    return this.#attempt(() => Deno.readLinkSync(path));
  }

  text(path: string): string {
    return this.#attempt(() => Deno.readTextFileSync(path)) ?? "";
  }

  #attempt<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      if (
        error instanceof Deno.errors.PermissionDenied ||
        error instanceof Deno.errors.NotCapable
      ) this.complete = false;
      return undefined;
    }
  }
}
