// An XDP program on a link, for as long as the process that put it there runs.

import { compileC } from "./c.ts";
import type { Netns } from "./netns.ts";
import { RunningProgram } from "./program.ts";

const SOURCE = `
#include <linux/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* argv: interface, name of the program. It lets every packet pass. */
int main(int argc, char **argv) {
  struct bpf_insn code[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS},
    {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr load = {
    .prog_type = BPF_PROG_TYPE_XDP,
    .insns = (unsigned long)code,
    .insn_cnt = 2,
    .license = (unsigned long)"GPL",
  };
  strncpy(load.prog_name, argv[2], sizeof load.prog_name - 1);
  int program = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
  if (program < 0) return perror("load"), 1;
  union bpf_attr attach = {
    .link_create = {
      .prog_fd = program,
      .target_ifindex = if_nametoindex(argv[1]),
      .attach_type = BPF_XDP,
      .flags = 1 << 1, /* XDP_FLAGS_SKB_MODE */
    },
  };
  if (syscall(SYS_bpf, BPF_LINK_CREATE, &attach, sizeof attach) < 0)
    return perror("attach"), 1;
  puts("attached");
  fflush(stdout);
  pause();
}`;

/** Attaches a program that lets every packet pass. */
export async function attachXdp(
  netns: Netns,
  link: string,
  name: string,
): Promise<AsyncDisposable> {
  await using compiled = await compileC(SOURCE);
  const running = new RunningProgram({ netns }, compiled.path, link, name);
  try {
    // It runs on without its file.
    await running.line();
    return running;
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}
