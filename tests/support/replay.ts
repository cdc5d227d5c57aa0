// What `ip` makes of messages that no kernel here would send: a library put
// before libc answers its requests from a file.

import { NLMSG_ALIGN } from "../../ffi/uapi/linux_netlink.ts";
import { compileC } from "./c.ts";
import { output } from "./netns.ts";
import { parseIpJson } from "./same_json.ts";

const SHIM = `
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* The file: messages with their headers, one after the other. */
static char *canned; static size_t canned_size;
/* The answer that is being read, a datagram for all of it. */
static char answer[1 << 22]; static size_t answer_size; static int answer_fd = -1;

static void load(void) {
  if (canned) return;
  int fd = open(getenv("REPLAY"), O_RDONLY);
  struct stat st; fstat(fd, &st);
  canned_size = st.st_size;
  canned = malloc(canned_size + 1);
  if (read(fd, canned, canned_size) != (ssize_t)canned_size) abort();
  close(fd);
}

static void put(struct nlmsghdr *from, unsigned seq, unsigned pid, int multi) {
  struct nlmsghdr *h = (void *)(answer + answer_size);
  memcpy(h, from, from->nlmsg_len);
  h->nlmsg_seq = seq; h->nlmsg_pid = pid;
  h->nlmsg_flags = multi ? NLM_F_MULTI : 0;
  answer_size += NLMSG_ALIGN(from->nlmsg_len);
}

/* NEW is two before GET of the same kind of object. */
static void respond(int fd, const struct nlmsghdr *request) {
  load();
  struct sockaddr_nl own = {0}; socklen_t length = sizeof own;
  getsockname(fd, (void *)&own, &length);
  answer_size = 0; answer_fd = fd;
  int dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  int index = request->nlmsg_type == RTM_GETLINK
    ? ((struct ifinfomsg *)NLMSG_DATA(request))->ifi_index : 0;
  size_t left = canned_size;
  for (struct nlmsghdr *h = (void *)canned; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
    if (h->nlmsg_type != request->nlmsg_type - 2) continue;
    if (!dump && ((struct ifinfomsg *)NLMSG_DATA(h))->ifi_index != index) continue;
    put(h, request->nlmsg_seq, own.nl_pid, dump);
    if (!dump) return;
  }
  struct { struct nlmsghdr h; struct nlmsgerr e; } end = {0};
  end.h.nlmsg_len = dump ? NLMSG_LENGTH(4) : sizeof end;
  end.h.nlmsg_type = dump ? NLMSG_DONE : NLMSG_ERROR;
  end.e.error = dump ? 0 : -ENODEV;
  put(&end.h, request->nlmsg_seq, own.nl_pid, dump);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags) {
  char request[8192]; size_t size = 0;
  for (size_t i = 0; i < m->msg_iovlen; i++) {
    memcpy(request + size, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len);
    size += m->msg_iov[i].iov_len;
  }
  respond(fd, (void *)request);
  return size;
}
ssize_t send(int fd, const void *buffer, size_t size, int flags) {
  respond(fd, buffer);
  return size;
}
ssize_t recvmsg(int fd, struct msghdr *m, int flags) {
  if (fd != answer_fd || answer_size == 0) { errno = EAGAIN; return -1; }
  size_t room = m->msg_iovlen ? m->msg_iov[0].iov_len : 0;
  size_t size = answer_size;
  if (room) memcpy(m->msg_iov[0].iov_base, answer, size < room ? size : room);
  m->msg_flags = size > room ? MSG_TRUNC : 0;
  if (m->msg_name) memset(m->msg_name, 0, m->msg_namelen);
  if (m->msg_name) ((struct sockaddr_nl *)m->msg_name)->nl_family = AF_NETLINK;
  if (!(flags & MSG_PEEK)) answer_size = 0;
  return flags & MSG_TRUNC ? size : size < room ? size : room;
}`;

/** Runs `ip` with messages in place of the kernel's. */
export class Replay implements AsyncDisposable {
  readonly #program: Awaited<ReturnType<typeof compileC>>;

  private constructor(program: Awaited<ReturnType<typeof compileC>>) {
    this.#program = program;
  }

  static async open(): Promise<Replay> {
    return new Replay(await compileC(SHIM, "-shared", "-fPIC", "-ldl", "-w"));
  }

  /** What `ip -j ARGS` prints for these messages, headers included. */
  async json(
    messages: readonly Uint8Array[],
    args: string,
  ): Promise<Record<string, unknown>[]> {
    const size = messages.reduce(
      (sum, one) => sum + NLMSG_ALIGN(one.length),
      0,
    );
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const one of messages) {
      bytes.set(one, at);
      at += NLMSG_ALIGN(one.length);
    }
    const file = `${this.#program.path}.messages`;
    await Deno.writeFile(file, bytes);
    const { code, stdout, stderr } = await output("ip", [
      "-j",
      ...args.split(" "),
    ], { env: { LD_PRELOAD: this.#program.path, REPLAY: file } });
    if (code !== 0) throw new Error(`ip ${args}: exit ${code}\n${stderr}`);
    return parseIpJson(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
