import type { Check } from "./check.ts";

const ARCHITECTURES = ["x86_64", "aarch64"];

/** The kernel and the architecture, whose struct layouts are built in. */
export const kernel: Check = {
  topic: "kernel",
  look() {
    const { arch, os } = Deno.build;
    const release = Deno.osRelease();
    const found = `${os} ${release}, ${arch}`;
    const details = { os, release, arch };
    return ARCHITECTURES.includes(arch) ? { status: "ok", found, details } : {
      status: "missing",
      found,
      limits: "everything: this architecture's structs are not known",
      advice: `Use ${ARCHITECTURES.join(" or ")}`,
      details,
    };
  },
};
