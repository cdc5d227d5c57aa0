// `ip link`. Source: ip-link(8).

import {
  addAltNames,
  deleteAltNames,
} from "../../lib/rtnetlink/changes/alt_name.ts";
import {
  addLink,
  deleteLink,
  deleteLinkGroup,
  type LinkChanges,
  type LinkSpec,
  setLink,
} from "../../lib/rtnetlink/changes/link.ts";
import { kindNamed } from "../../lib/rtnetlink/kinds/mod.ts";
import { kindLevel, type Link } from "../../lib/rtnetlink/link/link.ts";
import { SETTINGS } from "../../lib/rtnetlink/settings.ts";
import type { OptionValues } from "../../lib/rtnetlink/spec/attribute.ts";
import { namespaceOrProcess } from "../namespace.ts";
import { readKindWords } from "../change/kind_words.ts";
import { showLinks } from "./address.ts";
import type { IpObject } from "./object.ts";
import type { Session } from "./session.ts";
import {
  Failure,
  type Grammar,
  IpExit,
  matches,
  readAll,
  usageError,
  type Values,
  type Words,
  wrong,
} from "./words.ts";

const { name: _name, up: _up, ...settings } = SETTINGS;

/** The parsed words before `type`. */
interface LinkWords extends Values {
  dev?: string;
  name?: string;
  link?: string;
  index?: number;
  vrf?: string;
}

function grammar(): Grammar {
  return {
    options: settings,
    aliases: { brd: "broadcast", qlen: "txqueuelen", txqlen: "txqueuelen" },
    abbreviated: [
      "link",
      "address",
      "broadcast",
      "txqueuelen",
      "txqlen",
      "master",
      "nomaster",
      "dynamic",
      "alias",
      "numtxqueues",
      "numrxqueues",
      "addrgenmode",
    ],
    special: {
      up: (_, values) => values.up = true,
      down: (_, values) => values.up = false,
      name: (words, values) => values.name = words.value("name"),
      dev: (words, values) => values.dev = words.value("dev"),
      link: (words, values) => values.link = words.value("link"),
      index(words, values) {
        const word = words.value("index");
        values.index = Number(word);
        if (!/^[1-9]\d*$/.test(word)) {
          throw wrong("index", word, "a number from 1 up");
        }
      },
      nomaster: (_, values) => values.master = null,
      vrf: (words, values) => values.vrf = words.value("vrf"),
      netns: (words, values) =>
        values.netns = namespaceOrProcess(words.value("netns")),
    },
    ends: (word) => matches(word, "type") && word.length > 1,
    other(words, values) {
      const word = words.take();
      if (values.dev !== undefined) {
        throw usageError(
          `Error: either "dev" is duplicate, or ${
            JSON.stringify(word)
          } is a garbage.`,
        );
      }
      values.dev = word;
    },
  };
}

/** Parses the words of a link and of its kind. */
async function readLink(session: Session, words: Words) {
  const { dev, name, link, index, vrf, ...values } = readAll(
    words,
    grammar(),
  ) as LinkWords;
  if (vrf !== undefined) values.master = await session.vrf(vrf);
  if (typeof values.master === "string") {
    values.master = await session.index(values.master, IpExit.usage);
  }
  let kind: ReturnType<typeof readKindWords> | undefined;
  if (!words.done) {
    words.take();
    const type = words.value("type");
    kind = readKindWords(type, words.rest());
  }
  return { dev, name, link, index, values, kind };
}

/** Adds a link. */
export async function addLinkOf(session: Session, words: Words): Promise<void> {
  const { dev, name = dev, link, index, values, kind } = await readLink(
    session,
    words,
  );
  if (dev !== undefined && dev !== name) {
    throw usageError(
      'both "name" and "dev" cannot be used when creating devices.',
    );
  }
  if (kind?.kind === undefined) {
    throw new Failure(
      'Not enough information: "type" argument is required',
      IpExit.refused,
    );
  }
  await session.apply(addLink({
    ...values,
    ...(name !== undefined && { name }),
    kind: kind.kind,
    ...(link !== undefined && { link: await session.index(link) }),
    ...(index !== undefined && { index }),
    options: kind.options,
  } as LinkSpec));
}

/** Changes a link. */
export async function setLinkOf(session: Session, words: Words): Promise<void> {
  const { dev = undefined, name, index, values, kind } = await readLink(
    session,
    words,
  );
  const which = dev ?? name;
  if (which === undefined) {
    throw usageError('Not enough information: "dev" argument is required.');
  }
  if (index !== undefined && values.netns === undefined) {
    throw usageError(
      "index can be used only when creating devices or when moving device to " +
        "another netns.",
    );
  }
  const link = await session.link(which);
  const changes: LinkChanges = {
    ...values,
    ...(name !== undefined && name !== dev && dev !== undefined && { name }),
    ...(kind?.kind !== undefined && {
      kind: kind.kind,
      options: completed(link, kind.kind, kind.options),
    }),
    ...(kind?.port !== undefined && {
      port: { kind: kind.port, options: kind.options },
    }),
  } as LinkChanges;
  await session.apply(setLink(link.ifindex, changes));
}

/** Adds the present options of a tunnel, of which the kernel sets all. */
function completed(link: Link, name: string, given: Values): OptionValues {
  const { table, options, together } = kindNamed(name);
  const level = kindLevel(link);
  if (
    !together || options.remote === undefined || level === undefined ||
    link.kind !== name
  ) return given;
  const present = Object.entries(table.decode(level))
    .filter(([word, value]) =>
      Object.hasOwn(options, word) && (word !== "dev" || value !== 0)
    );
  return { ...Object.fromEntries(present), ...table.expanded(given) };
}

/** Deletes a link, or those of a group. */
export async function removeLinkOf(
  session: Session,
  words: Words,
): Promise<void> {
  const { dev, name = dev, values } = await readLink(session, words);
  if (name !== undefined) {
    await session.apply(deleteLink(await session.index(name)));
    return;
  }
  const { group } = values;
  if (typeof group !== "string") {
    throw usageError('Not enough information: "dev" argument is required.');
  }
  await session.apply(deleteLinkGroup(group));
}

/** `ip link property add|del dev NAME altname NAME...`. */
async function property(session: Session, words: Words): Promise<void> {
  const verb = words.take();
  const isAdd = matches(verb, "add");
  if (verb === "" || (!isAdd && !matches(verb, "del"))) {
    throw usageError(`Operator required`);
  }
  const names: string[] = [];
  let dev: string | undefined;
  while (!words.done) {
    const word = words.take();
    if (matches(word, "altname")) names.push(words.value("altname"));
    else if (word === "dev") dev = words.value("dev");
    else dev = word;
  }
  if (dev === undefined) {
    throw new Failure(
      'Not enough information: "dev" argument is required.',
      IpExit.refused,
    );
  }
  const ifindex = await session.index(dev);
  await session.apply(
    isAdd ? addAltNames(ifindex, names) : deleteAltNames(ifindex, names),
  );
}

export const link: IpObject = {
  words: "ip link { add | delete | set | change | replace | show | property }",
  grammar,
  commands: [
    ["add", addLinkOf],
    ["set", setLinkOf],
    ["change", setLinkOf],
    ["replace", setLinkOf],
    ["delete", removeLinkOf],
    ["show", showLinks],
    ["lst", showLinks],
    ["list", showLinks],
    ["property", property],
  ],
  otherwise: showLinks,
};
