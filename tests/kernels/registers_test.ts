// User-mode Linux on a processor with AMX: registers.c. The processor is
// simulated by wide_registers.c.

import { assertMatch } from "@std/assert";
import { output } from "../support/netns.ts";
import { packInitramfs } from "./initramfs.ts";
import { compilePreload } from "./machine.ts";
import { busybox, unpackKernel } from "./packages.ts";
import { findProgram } from "../setup/missing.ts";

/** Other machines have neither the package nor such a processor. */
const possible = Deno.build.arch === "x86_64" &&
  findProgram("apt-get", Deno.env.get("PATH") ?? "") !== undefined;

Deno.test({
  name: "user-mode Linux starts on a processor with AMX",
  ignore: !possible,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "netplumb-registers-" });
    try {
      const { image } = await unpackKernel("user-mode-linux");
      const shell = await busybox();
      const files = `${folder}/files`;
      await Deno.mkdir(`${files}/bin`, { recursive: true });
      await Deno.copyFile(shell, `${files}/bin/busybox`);
      await Deno.writeTextFile(
        `${files}/init`,
        "#!/bin/busybox sh\n/bin/busybox echo started\n/bin/busybox poweroff -f\n",
        { mode: 0o755 },
      );
      await packInitramfs(files, shell, `${folder}/initramfs`);
      const processor = await compilePreload("wide_registers.c", folder);
      const preload = await compilePreload("registers.c", folder);
      const start = async (...libraries: string[]) => {
        const { stdout } = await output("timeout", [
          ...["60", image, "mem=64M", `initrd=${folder}/initramfs`],
          ...["con=null", "con0=null,fd:1", "ssl=null", "quiet"],
        ], { env: { LD_PRELOAD: libraries.join(" "), TMPDIR: folder } });
        return stdout;
      };
      assertMatch(await start(processor), /ptrace set fp regs failed/);
      assertMatch(await start(preload, processor), /^started\r?$/m);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
