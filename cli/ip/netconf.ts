// `ip netconf`. Source: ip-netconf(8).

import { showNetconf } from "../show/netconf.ts";
import { netconfText } from "../show/text/netconf.ts";
import { readFilters } from "./filter.ts";
import type { IpObject } from "./object.ts";
import type { Session } from "./session.ts";
import { Failure, IpExit, type Words } from "./words.ts";

async function show(session: Session, words: Words): Promise<void> {
  let dev: string | undefined;
  await readFilters(words, "netconf", {
    dev: () => dev = words.value("dev"),
  }, () => {});
  if (dev !== undefined) await checkLink(session, dev);
  const { socket, signal, family } = session;
  const { objects } = await showNetconf(socket, { dev, signal, family });
  // `ip` ends each line with a space.
  await session.print([...objects], (json) => [`${netconfText(json)} `]);
}

async function checkLink(session: Session, name: string): Promise<void> {
  try {
    await session.index(name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`Device "${name}" does not exist.`, IpExit.refused);
  }
}

export const netconf: IpObject = {
  words: "ip netconf show [ dev LINK ]",
  commands: [["show", show], ["lst", show], ["list", show]],
  otherwise: show,
};
