// The machine of the figures.

/** Kernel, processor and versions. */
export async function machine(): Promise<Record<string, string>> {
  const cpuinfo = await Deno.readTextFile("/proc/cpuinfo");
  const model = /^model name\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ??
    Deno.build.arch;
  return {
    Linux: Deno.osRelease().split("-")[0],
    Deno: Deno.version.deno,
    on: `${navigator.hardwareConcurrency} x ${model}`,
  };
}
