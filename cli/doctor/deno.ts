import type { Check } from "./check.ts";

/** Deno, and its permission to call libc. */
export const deno: Check = {
  topic: "deno",
  essential: true,
  run() {
    const version = Deno.version.deno;
    const { state } = Deno.permissions.querySync({ name: "ffi" });
    const details = { version, ffi: state, standalone: Deno.build.standalone };
    return state === "granted"
      ? { status: "ok", found: `${version}, FFI allowed`, details }
      : {
        status: "missing",
        found: `${version}, FFI not allowed`,
        limits: "everything: no system call can be made",
        advice: "Run with -A or --allow-ffi",
        details,
      };
  },
};
