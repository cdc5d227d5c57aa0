// `deno task setup`, the first step of `deno task test`. Imports nothing that
// has to be downloaded.

import { fillDenoCache } from "./deno_cache.ts";
import { debianPackages } from "./packages.ts";
import { setUp } from "./set_up.ts";

function osRelease(): string | undefined {
  try {
    return Deno.readTextFileSync("/etc/os-release");
  } catch {
    return undefined;
  }
}

const ready = await setUp({
  packages: debianPackages(Deno.build.arch),
  path: Deno.env.get("PATH") ?? "",
  root: Deno.uid() === 0,
  osRelease: osRelease(),
  report: (text) => console.error(text),
});
if (!ready) Deno.exit(1);

if (!await fillDenoCache()) {
  console.error(
    "The tests need npm packages that Deno neither has in its cache nor can " +
      "download from the npm registry.",
  );
  Deno.exit(1);
}
