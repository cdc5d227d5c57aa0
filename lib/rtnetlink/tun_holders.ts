// Processes that have TUN and TAP devices open, from fdinfo in /proc.

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

/** The result of tunHolders(). */
export interface TunHolders {
  /** By process, in the order of opening. */
  readonly holders: readonly TunHolder[];
  /** Whether every process could be inspected. */
  readonly complete: boolean;
}

const DEVICE = "/dev/net/tun";

/**
 * Finds the processes that have a TUN or TAP device open: all of them with
 * CAP_SYS_PTRACE and Deno's permission for everything, otherwise those of the
 * same user or none.
 *
 * Source: proc_pid_fdinfo(5), tun_chr_show_fdinfo() of drivers/net/tun.c.
 */
export function tunHolders(): TunHolders {
  const proc = new ProcReader();
  const holders = proc.names("/proc").filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const devices = new Set(
        proc.names(`/proc/${pid}/fd`)
          .filter((fd) => proc.link(`/proc/${pid}/fd/${fd}`) === DEVICE)
          .map((fd) => proc.text(`/proc/${pid}/fdinfo/${fd}`))
          .map((text) => /^iff:\t(.+)$/m.exec(text))
          .flatMap((found) => found === null ? [] : [found[1]!]),
      );
      return [...devices].map((device) => ({
        device,
        pid: Number(pid),
        command: proc.text(`/proc/${pid}/comm`).trimEnd(),
        namespace: proc.link(`/proc/${pid}/ns/net`),
      }));
    });
  return { holders, complete: proc.complete };
}

/** Reads that may fail: a process may exit, or belong to another user. */
class ProcReader {
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

  #attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (
        error instanceof Deno.errors.PermissionDenied ||
        error instanceof Deno.errors.NotCapable
      ) this.complete = false;
      return undefined;
    }
  }
}
