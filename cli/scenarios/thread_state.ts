// The system call a thread sleeps in, from /proc.

/** Numbers of the system calls that threads of the scenarios sleep in. */
const CALLS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  x86_64: { "0": "read", "7": "poll", "47": "recvmsg" },
  aarch64: { "63": "read", "73": "poll", "212": "recvmsg" },
};

export interface ThreadState {
  /** The system call; undefined while the thread runs. */
  readonly call: string | undefined;
  /** Its first argument, usually a descriptor. */
  readonly argument: number;
  /** The kernel function it sleeps in; "0" where the kernel hides it. */
  readonly wchan: string;
}

/** The state of a thread of this process. */
export function threadState(tid: number): ThreadState {
  const directory = `/proc/self/task/${tid}`;
  const [number, argument] = read(`${directory}/syscall`).split(" ");
  return {
    call: CALLS[Deno.build.arch]?.[number],
    argument: Number(argument),
    wchan: read(`${directory}/wchan`),
  };
}

/** The threads of this process that sleep in a system call. */
export function threadsIn(call: string): ThreadState[] {
  return [...Deno.readDirSync("/proc/self/task")]
    .map(({ name }) => threadState(Number(name)))
    .filter((state) => state.call === call);
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch (error) {
    // The thread ended, before the file was opened or before it was read.
    if (error instanceof Deno.errors.NotFound) return "";
    if (error instanceof Error && /\(os error 3\)/.test(error.message)) {
      return "";
    }
    throw error;
  }
}
