// Debian's packages, unpacked beside the machine and not installed on it.

import { run } from "./netns.ts";

/** Where they stay for the next time. */
export const CACHE = new URL("../../dist/packages", import.meta.url).pathname;

/** A package as it lies in a folder of its own. */
export interface Package {
  readonly package: string;
  readonly version: string;
  readonly folder: string;
}

/** Fetches and unpacks the newest version of a package, unless it is there. */
export async function unpack(name: string): Promise<Package> {
  let version = await candidate(name);
  if (version === undefined) {
    await run("apt-get", ["-qq", "update"]);
    version = await candidate(name);
  }
  if (version === undefined) throw new Error(`no package ${name}`);
  const folder = `${CACHE}/${name}_${version.replaceAll(":", "-")}`;
  const found = { package: name, version, folder };
  if (filesIn(folder).length > 0) return found;
  await Deno.mkdir(CACHE, { recursive: true });
  const download = await Deno.makeTempDir({ dir: CACHE });
  try {
    const command = new Deno.Command("apt-get", {
      args: ["-o", "APT::Sandbox::User=root", "download", `${name}=${version}`],
      cwd: download,
      stdout: "null",
      stderr: "inherit",
    });
    if (!(await command.output()).success) throw new Error(`download ${name}`);
    const [deb] = filesIn(download);
    await run("dpkg-deb", ["-x", `${download}/${deb}`, `${download}/out`]);
    await Deno.rename(`${download}/out`, folder);
  } finally {
    await Deno.remove(download, { recursive: true });
  }
  return found;
}

/** The version that would be installed. */
async function candidate(name: string): Promise<string | undefined> {
  const policy = await run("apt-cache", ["policy", name]);
  return /Candidate: ([^\s(]\S*)/.exec(policy)?.[1];
}

/** The names of what is in a folder; none where there is no folder. */
export function filesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
