// What this process holds, as the kernel counts it: imports nothing of the
// library.

export interface Held {
  /** Threads but those of Deno's thread pool that are idle and end by themselves. */
  readonly threads: number;
  /** Open descriptors by what they are. */
  readonly descriptors: Readonly<Record<string, number>>;
  /** UDP and netlink sockets in the network namespace of this process. */
  readonly sockets: number;
  /** Links in the network namespace of this process. */
  readonly links: readonly string[];
}

const FUTEX = Deno.build.arch === "aarch64" ? "98" : "202";

/** The names in a folder of /proc; what goes meanwhile is left out by callers. */
function entries(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name);
}

function text(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return "";
  }
}

export function threadCount(): number {
  let count = 0;
  for (const task of entries("/proc/self/task")) {
    const comm = text(`/proc/self/task/${task}/comm`);
    // Deno keeps idle threads of its pool for ten seconds.
    const idle = comm.startsWith("tokio-") &&
      text(`/proc/self/task/${task}/syscall`).split(" ")[0] === FUTEX;
    if (comm !== "" && !idle) count++;
  }
  return count;
}

/** The threads by name and by the system call they are in. */
export function threadNames(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const task of entries("/proc/self/task")) {
    const [call] = text(`/proc/self/task/${task}/syscall`).split(" ");
    const name = `${text(`/proc/self/task/${task}/comm`)} in ${call}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

export function descriptorCounts(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of entries("/proc/self/fd")) {
    let target: string;
    try {
      target = Deno.readLinkSync(`/proc/self/fd/${name}`);
    } catch {
      continue;
    }
    const kind =
      /^(socket|pipe|anon_inode:\[?\w+|\/dev\/net\/tun|net|\/dev\/null)/
        .exec(target)?.[1];
    if (kind !== undefined) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort());
}

/** The UDP sockets of the namespace that are bound to a port, or to any. */
export function udpSockets(port?: number): number {
  return ["udp", "udp6"].flatMap((protocol) =>
    text(`/proc/self/net/${protocol}`).split("\n").slice(1)
      .map((line) => parseInt(line.trim().split(/\s+/)[1].split(":")[1], 16))
  ).filter((local) => port === undefined || local === port).length;
}

function netlinkSockets(): number {
  // The kernel's own have port 0.
  return text("/proc/self/net/netlink").split("\n").slice(1)
    .filter((line) => line.trim().split(/\s+/)[2] !== "0").length;
}

export function held(): Held {
  return {
    threads: threadCount(),
    descriptors: descriptorCounts(),
    sockets: udpSockets() + netlinkSockets(),
    links: text("/proc/self/net/dev").split("\n").slice(2)
      .map((line) => line.trim().split(":")[0]).sort(),
  };
}

/** Bytes of memory that are resident. */
export function residentBytes(): number {
  const [, pages] = text("/proc/self/statm").split(" ");
  return Number(pages) * 4096;
}

/** What is held beyond `before`, once it does not get less any more. */
export async function grownSince(
  before: Held,
  seconds: number,
): Promise<Record<string, number>> {
  const end = performance.now() + 1000 * seconds;
  for (;;) {
    const grown = growth(before, held());
    if (Object.keys(grown).length === 0 || performance.now() > end) {
      return grown;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function growth(before: Held, now: Held): Record<string, number> {
  const grown: Record<string, number> = {};
  const note = (name: string, more: number) => {
    if (more > 0) grown[name] = more;
  };
  note("threads", now.threads - before.threads);
  note("sockets of the namespace", now.sockets - before.sockets);
  note("links", now.links.length - before.links.length);
  for (const [kind, count] of Object.entries(now.descriptors)) {
    note(`descriptors ${kind}`, count - (before.descriptors[kind] ?? 0));
  }
  return grown;
}
