// Where a thread is, as /proc tells it.

/** Numbers of the calls that scenarios see threads sleep in. */
const CALLS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  x86_64: {
    "0": "read",
    "7": "poll",
    "45": "recvfrom",
    "47": "recvmsg",
    "232": "epoll_wait",
    "281": "epoll_pwait",
    "299": "recvmmsg",
  },
  aarch64: {
    "22": "epoll_pwait",
    "63": "read",
    "73": "poll",
    "207": "recvfrom",
    "212": "recvmsg",
    "243": "recvmmsg",
  },
};

export interface Whereabouts {
  /** The system call it is in; undefined while it runs. */
  readonly call: string | undefined;
  /** Its first argument, usually a descriptor. */
  readonly argument: number;
  /** The kernel function it sleeps in; "0" where the kernel does not tell. */
  readonly wchan: string;
}

/** Where a thread of a process is now. */
export function whereabouts(pid: number, tid: number): Whereabouts {
  const directory = `/proc/${pid}/task/${tid}`;
  const [number, argument] = read(`${directory}/syscall`).split(" ");
  return {
    call: CALLS[Deno.build.arch]?.[number],
    argument: Number(argument),
    wchan: read(`${directory}/wchan`),
  };
}

/** The threads of a process that sleep in one of these calls. */
export function threadsIn(
  calls: readonly string[],
  pid: number = Deno.pid,
): Whereabouts[] {
  return [...Deno.readDirSync(`/proc/${pid}/task`)]
    .map(({ name }) => whereabouts(pid, Number(name)))
    .filter(({ call }) => call !== undefined && calls.includes(call));
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch (error) {
    // A thread that ended meanwhile is nowhere: before the file was opened, or
    // between that and reading it.
    if (error instanceof Deno.errors.NotFound) return "";
    if (error instanceof Error && /\(os error 3\)/.test(error.message)) {
      return "";
    }
    throw error;
  }
}
