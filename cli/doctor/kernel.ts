import type { Check } from "./check.ts";

const ARCHITECTURES = ["x86_64", "aarch64"];

/** The kernel and the architecture. */
export const kernel: Check = {
  topic: "kernel",
  run() {
    const { arch, os } = Deno.build;
    const release = Deno.osRelease();
    const found = `${os} ${release}, ${arch}`;
    const details = { os, release, arch };
    return ARCHITECTURES.includes(arch) ? { status: "ok", found, details } : {
      status: "missing",
      found,
      limits: "everything: the struct layouts of this architecture are unknown",
      advice: `Use ${ARCHITECTURES.join(" or ")}`,
      details,
    };
  },
};
