// Publishes the package so that it depends on the packages of JSR:
//
//   deno task publish [OPTION OF deno publish]...

import { realConfig } from "./config.ts";

const root = new URL("../", import.meta.url).pathname;
const configFile = `${root}deno.upstream.json`;
try {
  const { publish, ...config } = realConfig();
  // Nothing under links/ is needed then.
  const include = publish.include.filter((path) => !path.startsWith("links/"));
  await Deno.writeTextFile(
    configFile,
    JSON.stringify({ ...config, publish: { include } }),
  );
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--config", configFile, ...Deno.args],
    cwd: root,
  }).spawn().status;
  Deno.exitCode = code;
} finally {
  await Deno.remove(configFile).catch(() => {});
}
