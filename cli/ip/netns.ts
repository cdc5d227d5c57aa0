// `ip netns`. Source: ip-netns(8).

import { SystemError } from "../../ffi/errno.ts";
import { setNamespaceId } from "../../lib/rtnetlink/changes/namespace_id.ts";
import { namespaceIdOf } from "../../lib/rtnetlink/namespace_id.ts";
import {
  addNamespace,
  deleteNamespace,
  namespaceNames,
} from "../../lib/netns/named_namespace.ts";
import type { Json } from "../show/shown.ts";
import { plain } from "../show/text/format.ts";
import { execute } from "../commands/netns.ts";
import type { IpObject } from "./object.ts";
import type { Session } from "./session.ts";
import { Failure, IpExit, type Words } from "./words.ts";

async function list(session: Session): Promise<void> {
  const objects: Json[] = [];
  for (const name of namespaceNames()) {
    const id = await idOf(session, name);
    objects.push({ name, ...(id !== undefined && { id }) });
  }
  await session.print(objects, ({ name, id }) => [
    plain(name) + (id === undefined ? "" : ` (id: ${plain(id)})`),
  ]);
}

async function idOf(
  { socket, signal }: Session,
  name: string,
): Promise<number | undefined> {
  try {
    return await namespaceIdOf(socket, name, { signal });
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return undefined;
  }
}

function nameIn(words: Words): string {
  if (words.done) {
    throw new Failure("No netns name specified", IpExit.refused);
  }
  return words.take();
}

function add(_: Session, words: Words): Promise<void> {
  addNamespace(nameIn(words));
  return Promise.resolve();
}

function remove({ options }: Session, words: Words): Promise<void> {
  const names = options.all ? namespaceNames() : [nameIn(words)];
  for (const name of names) deleteNamespace(name);
  return Promise.resolve();
}

async function set(session: Session, words: Words): Promise<void> {
  const name = nameIn(words);
  if (words.done) throw new Failure("No netns id specified", IpExit.refused);
  const id = words.take();
  await session.apply(setNamespaceId(name, id === "auto" ? id : Number(id)));
}

async function exec({ options }: Session, words: Words): Promise<void> {
  const names = options.all ? namespaceNames() : [nameIn(words)];
  const [program, ...args] = words.rest();
  if (program === undefined) {
    throw new Failure("No command specified", IpExit.refused);
  }
  for (const name of names) {
    const code = await execute(name, program, args);
    if (code !== 0 && !options.all) throw new Failure("", code, true);
  }
}

/** The processes of a namespace. */
async function pids(session: Session, words: Words): Promise<void> {
  const { stat } = Deno;
  const name = nameIn(words);
  const wanted = await stat(`/run/netns/${name}`);
  for await (const { name: pid } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const { dev, ino } = await stat(`/proc/${pid}/ns/net`);
      if (dev === wanted.dev && ino === wanted.ino) session.output.line(pid);
    } catch { /* The process has ended. */ }
  }
}

/** The name of the namespace of a process. */
async function identify(session: Session, words: Words): Promise<void> {
  const pid = words.done ? "self" : words.take();
  const { dev, ino } = await Deno.stat(`/proc/${pid}/ns/net`);
  for (const name of namespaceNames()) {
    const other = await Deno.stat(`/run/netns/${name}`);
    if (dev === other.dev && ino === other.ino) session.output.line(name);
  }
}

export const netns: IpObject = {
  words: "ip netns { list | add | delete | set | exec | pids | identify }",
  commands: [
    ["list", list],
    ["show", list],
    ["lst", list],
    ["list-id", list],
    ["add", add],
    ["set", set],
    ["delete", remove],
    ["exec", exec],
    ["pids", pids],
    ["identify", identify],
  ],
  otherwise: list,
};
