// Table of libc functions: one line for each C parameter, with its C type.

import { SystemError, type SystemErrorContext } from "./errno.ts";

/** CI runs this version and the newest (.ci/run reads it here). */
const OLDEST_DENO = "2.6.0";

// Older versions would fail later, in the middle of an operation.
const number = (version: string) =>
  version.split(".", 2).reduce((number, part) => number * 1000 + +part, 0);
if (number(Deno.version.deno) < number(OLDEST_DENO)) {
  throw new Error(
    `Deno ${OLDEST_DENO} or later is required, this is ` +
      `${Deno.version.deno}: run \`deno upgrade\``,
  );
}

// size_t parameters take a number too, but a BigInt made beforehand stays on
// V8's fast path. ssize_t results are declared i32: none here exceeds 2^31.
const SYMBOLS = {
  socket: {
    parameters: [
      "i32", // int domain
      "i32", // int type
      "i32", // int protocol
    ],
    result: "i32",
  },
  socketpair: {
    parameters: [
      "i32", // int domain
      "i32", // int type
      "i32", // int protocol
      "buffer", // int sv[2]
    ],
    result: "i32",
  },
  bind: {
    parameters: [
      "i32", // int sockfd
      "buffer", // const struct sockaddr *addr
      "u32", // socklen_t addrlen
    ],
    result: "i32",
  },
  connect: {
    parameters: [
      "i32", // int sockfd
      "buffer", // const struct sockaddr *addr
      "u32", // socklen_t addrlen
    ],
    result: "i32",
  },
  shutdown: {
    parameters: [
      "i32", // int sockfd
      "i32", // int how
    ],
    result: "i32",
  },
  getsockname: {
    parameters: [
      "i32", // int sockfd
      "buffer", // struct sockaddr *addr
      "buffer", // socklen_t *addrlen
    ],
    result: "i32",
  },
  getpeername: {
    parameters: [
      "i32", // int sockfd
      "buffer", // struct sockaddr *addr
      "buffer", // socklen_t *addrlen
    ],
    result: "i32",
  },
  setsockopt: {
    parameters: [
      "i32", // int sockfd
      "i32", // int level
      "i32", // int optname
      "buffer", // const void *optval
      "u32", // socklen_t optlen
    ],
    result: "i32",
  },
  getsockopt: {
    parameters: [
      "i32", // int sockfd
      "i32", // int level
      "i32", // int optname
      "buffer", // void *optval
      "buffer", // socklen_t *optlen
    ],
    result: "i32",
  },
  recvmsg: {
    parameters: [
      "i32", // int sockfd
      "buffer", // struct msghdr *msg
      "i32", // int flags
    ],
    result: "i32",
  },
  sendmsg: {
    parameters: [
      "i32", // int sockfd
      "buffer", // const struct msghdr *msg
      "i32", // int flags
    ],
    result: "i32",
  },
  recvmmsg: {
    parameters: [
      "i32", // int sockfd
      "buffer", // struct mmsghdr *msgvec
      "u32", // unsigned int vlen
      "i32", // int flags
      "buffer", // struct timespec *timeout
    ],
    result: "i32",
  },
  sendmmsg: {
    parameters: [
      "i32", // int sockfd
      "buffer", // struct mmsghdr *msgvec
      "u32", // unsigned int vlen
      "i32", // int flags
    ],
    result: "i32",
  },
  recv: {
    parameters: [
      "i32", // int sockfd
      "buffer", // void *buf
      "usize", // size_t len
      "i32", // int flags
    ],
    result: "i32",
  },
  send: {
    parameters: [
      "i32", // int sockfd
      "buffer", // const void *buf
      "usize", // size_t len
      "i32", // int flags
    ],
    result: "i32",
  },
  recvfrom: {
    parameters: [
      "i32", // int sockfd
      "buffer", // void *buf
      "usize", // size_t len
      "i32", // int flags
      "buffer", // struct sockaddr *src_addr
      "buffer", // socklen_t *addrlen
    ],
    result: "i32",
  },
  sendto: {
    parameters: [
      "i32", // int sockfd
      "buffer", // const void *buf
      "usize", // size_t len
      "i32", // int flags
      "buffer", // const struct sockaddr *dest_addr
      "u32", // socklen_t addrlen
    ],
    result: "i32",
  },
  read: {
    parameters: [
      "i32", // int fd
      "buffer", // void *buf
      "usize", // size_t count
    ],
    result: "i32",
  },
  write: {
    parameters: [
      "i32", // int fd
      "buffer", // const void *buf
      "usize", // size_t count
    ],
    result: "i32",
  },
  close: {
    parameters: [
      "i32", // int fd
    ],
    result: "i32",
  },
  close_nonblocking: {
    name: "close",
    parameters: [
      "i32", // int fd
    ],
    result: "i32",
    nonblocking: true,
  },
  dup3: {
    parameters: [
      "i32", // int oldfd
      "i32", // int newfd
      "i32", // int flags
    ],
    result: "i32",
  },
  dup3_nonblocking: {
    name: "dup3",
    parameters: [
      "i32", // int oldfd
      "i32", // int newfd
      "i32", // int flags
    ],
    result: "i32",
    nonblocking: true,
  },
  pipe2: {
    parameters: [
      "buffer", // int pipefd[2]
      "i32", // int flags
    ],
    result: "i32",
  },
  open: {
    parameters: [
      "buffer", // const char *pathname
      "i32", // int flags
      "i32", // mode_t mode
    ],
    result: "i32",
  },
  clock_gettime: {
    parameters: [
      "i32", // clockid_t clockid
      "buffer", // struct timespec *tp
    ],
    result: "i32",
  },
  readlink: {
    parameters: [
      "buffer", // const char *pathname
      "buffer", // char *buf
      "usize", // size_t bufsiz
    ],
    result: "i32",
  },
  ioctl: {
    parameters: [
      "i32", // int fd
      "usize", // unsigned long request
      "buffer", // void *argp
    ],
    result: "i32",
  },
  ioctl_value: {
    name: "ioctl",
    parameters: [
      "i32", // int fd
      "usize", // unsigned long request
      "usize", // unsigned long arg
    ],
    result: "i32",
  },
  fcntl: {
    parameters: [
      "i32", // int fd
      "i32", // int cmd
      "i32", // int arg
    ],
    result: "i32",
  },
  poll: {
    parameters: [
      "buffer", // struct pollfd *fds
      "usize", // nfds_t nfds
      "i32", // int timeout, ms
    ],
    result: "i32",
  },
  poll_nonblocking: {
    name: "poll",
    parameters: [
      "pointer", // struct pollfd *fds, of malloc(): it may outlive the isolate
      "usize", // nfds_t nfds
      "i32", // int timeout, ms
    ],
    result: "i32",
    nonblocking: true,
  },
  inotify_init1: {
    parameters: [
      "i32", // int flags
    ],
    result: "i32",
  },
  inotify_add_watch: {
    parameters: [
      "i32", // int fd
      "buffer", // const char *pathname
      "u32", // uint32_t mask
    ],
    result: "i32",
  },
  epoll_create1: {
    parameters: [
      "i32", // int flags
    ],
    result: "i32",
  },
  epoll_ctl: {
    parameters: [
      "i32", // int epfd
      "i32", // int op
      "i32", // int fd
      "buffer", // struct epoll_event *event
    ],
    result: "i32",
  },
  epoll_wait: {
    parameters: [
      "i32", // int epfd
      "buffer", // struct epoll_event *events
      "i32", // int maxevents
      "i32", // int timeout, ms
    ],
    result: "i32",
  },
  eventfd: {
    parameters: [
      "u32", // unsigned int initval
      "i32", // int flags
    ],
    result: "i32",
  },
  setns: {
    parameters: [
      "i32", // int fd
      "i32", // int nstype
    ],
    result: "i32",
  },
  unshare: {
    parameters: [
      "i32", // int flags
    ],
    result: "i32",
  },
  mount: {
    parameters: [
      "buffer", // const char *source
      "buffer", // const char *target
      "buffer", // const char *filesystemtype
      "usize", // unsigned long mountflags
      "buffer", // const void *data
    ],
    result: "i32",
  },
  fchdir: {
    parameters: [
      "i32", // int fd
    ],
    result: "i32",
  },
  chroot: {
    parameters: [
      "buffer", // const char *path
    ],
    result: "i32",
  },
  umount2: {
    parameters: [
      "buffer", // const char *target
      "i32", // int flags
    ],
    result: "i32",
  },
  mkdir: {
    parameters: [
      "buffer", // const char *pathname
      "i32", // mode_t mode
    ],
    result: "i32",
  },
  unlink: {
    parameters: [
      "buffer", // const char *pathname
    ],
    result: "i32",
  },
  flock: {
    parameters: [
      "i32", // int fd
      "i32", // int operation
    ],
    result: "i32",
  },
  uname: {
    parameters: [
      "buffer", // struct utsname *buf
    ],
    result: "i32",
  },
  if_nametoindex: {
    parameters: [
      "buffer", // const char *ifname
    ],
    result: "u32",
  },
  if_indextoname: {
    parameters: [
      "u32", // unsigned int ifindex
      "buffer", // char *ifname, IF_NAMESIZE bytes
    ],
    result: "pointer",
  },
  statx: {
    name: "syscall", // musl's own is young
    parameters: [
      "usize", // long number
      "i32", // int dfd
      "buffer", // const char *filename
      "i32", // int flags
      "u32", // unsigned int mask
      "buffer", // struct statx *buffer
    ],
    result: "i32",
  },
  bpf: {
    name: "syscall", // libc has no function of its own for it
    parameters: [
      "usize", // long number
      "i32", // int cmd
      "buffer", // union bpf_attr *attr
      "u32", // unsigned int size
    ],
    result: "i32",
  },
  io_uring_setup: {
    name: "syscall", // libc has no function of its own for it
    parameters: [
      "usize", // long number
      "u32", // u32 entries
      "buffer", // struct io_uring_params *p
    ],
    result: "i32",
  },
  memfd_create: {
    parameters: [
      "buffer", // const char *name
      "u32", // unsigned int flags
    ],
    result: "i32",
    optional: true, // in glibc since 2.27
  },
  ftruncate: {
    parameters: [
      "i32", // int fd
      "i64", // off_t length
    ],
    result: "i32",
  },
  mmap: {
    parameters: [
      "pointer", // void *addr
      "usize", // size_t length
      "i32", // int prot
      "i32", // int flags
      "i32", // int fd
      "i64", // off_t offset
    ],
    result: "pointer",
  },
  malloc: {
    parameters: [
      "usize", // size_t size
    ],
    result: "pointer",
  },
  dlsym: {
    parameters: [
      "pointer", // void *handle
      "buffer", // const char *symbol
    ],
    result: "pointer",
    optional: true, // in libdl before glibc 2.34
  },
  __cxa_thread_atexit_impl: {
    parameters: [
      "pointer", // void (*destructor)(void *)
      "pointer", // void *object
      "pointer", // void *dso_symbol
    ],
    result: "i32",
    optional: true, // absent from musl
  },
  gnu_get_libc_version: {
    parameters: [],
    result: "pointer",
    optional: true, // absent from musl
  },
  __errno_location: {
    parameters: [],
    result: "pointer",
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions of libc this project calls, by their C names. */
export type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

// glibc by its soname, then musl's two usual names.
const NAMES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.so"] as const;
/** The name that was found. */
let found: string | undefined;

function open(wanted: Deno.ForeignLibraryInterface): Partial<Libc> {
  if (Deno.build.os !== "linux") {
    throw new Error(
      `netplumb drives the Linux kernel; this is ${Deno.build.os}`,
    );
  }
  let failure: unknown;
  for (const name of found === undefined ? NAMES : [found]) {
    try {
      const { symbols } = Deno.dlopen(name, wanted);
      found = name;
      return symbols as Partial<Libc>;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

/** Every function, opened when it is read first: each takes 0.3 ms. */
function openEachOnUse(): Libc {
  const symbols = {} as Libc;
  for (const [name, signature] of Object.entries(SYMBOLS)) {
    const shared = { configurable: true, enumerable: true };
    Object.defineProperty(symbols, name, {
      ...shared,
      get() {
        const value = Reflect.get(open({ [name]: signature }), name);
        Object.defineProperty(symbols, name, { ...shared, value });
        return value;
      },
    });
  }
  return symbols;
}

let symbols = openEachOnUse();

/**
 * libc; it stays open until the process ends. Reading a function from it throws
 * Deno.errors.NotCapable without --allow-ffi.
 */
export function libc(): Libc {
  return symbols;
}

// Deno's resource sanitizer reports a library that a test opens: `deno test`,
// the only command in which Deno.test has parameters, opens all on import.
if (Deno.test?.length > 0) {
  try {
    if (Deno.permissions.querySync({ name: "ffi" }).state === "granted") {
      symbols = open(SYMBOLS) as Libc;
    }
  } catch { /* no libc of these names */ }
}

let errnoCell: Int32Array | undefined;

/**
 * The calling thread's errno. Read it right after the call: any other call,
 * and any await, may change it. Lost after a nonblocking call.
 */
export function errno(): number {
  if (errnoCell === undefined) {
    const at = libc().__errno_location();
    if (at === null) throw new Error("libc has no errno for this thread");
    errnoCell = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(at, 4));
  }
  return errnoCell[0]!;
}

/** Sets errno, as a failed call does. */
export function setErrno(code: number): void {
  errno();
  errnoCell![0] = code;
}

/**
 * Replaces functions of libc in this thread until disposed: tests inject faults
 * with it. Code that holds the functions it read before still calls those.
 */
export function substitute(
  replace: (real: Libc) => Partial<Libc>,
): Disposable {
  const real = libc();
  symbols = { ...real, ...replace(real) };
  return {
    [Symbol.dispose]() {
      symbols = real;
    },
  };
}

/** The result of a call; throws SystemError with its errno if it is negative. */
export function unwrap(
  result: number,
  syscall: string,
  context?: SystemErrorContext,
): number {
  if (result < 0) throw new SystemError(syscall, errno(), context);
  return result;
}

const encoder = new TextEncoder();

/** A C string: UTF-8, terminated by NUL. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text + "\0");
}
