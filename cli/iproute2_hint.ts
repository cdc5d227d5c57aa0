// Suggestions for command lines with the words of iproute2, which are options
// here: `link set eth0 mtu 1400`, `show link eth0`, `link list`.

/** Objects with subcommands that change them. */
const OBJECTS = ["address", "link", "neighbour", "nexthop", "route", "rule"];
/** Words of iproute2 for `netplumb show OBJECT`. */
const SHOW = ["list", "ls", "lst", "show"];
/** Words of iproute2 that only `netplumb ip` has. */
const OF_IP = ["flush", "restore", "save"];

/** Longer command lines are not repeated in a message. */
const LONGEST = 20;

/**
 * The command line to use in the place of one that was refused because of a
 * surplus argument or an unknown command; undefined if none is likely.
 *
 * @param words The command line, without abbreviations.
 */
export function withoutIproute2Words(
  words: readonly string[],
): string | undefined {
  if (words.length > LONGEST) return undefined;
  const [object = "", verb = "", ...rest] = words;
  const [first, ...more] = rest;
  if (object === "show") {
    if (first === undefined || first.startsWith("-") || more.length > 0) {
      return undefined;
    }
    if (SHOW.includes(first)) return `show ${verb}`;
    if (verb === "route" && /^[\da-f.:]+$/i.test(first)) {
      return `route get ${first}`;
    }
    const takesDevice = ["address", "link", "neighbour", "qdisc"];
    return takesDevice.includes(verb)
      ? `show ${verb} --dev ${first}`
      : undefined;
  }
  if (!OBJECTS.includes(object)) return undefined;
  if (SHOW.includes(verb) && rest.length === 0) return `show ${object}`;
  const isIproute2 = SHOW.includes(verb) || OF_IP.includes(verb) ||
    ["add", "change", "delete", "get", "replace", "set"].includes(verb) &&
      rest.length > 1 && !words.some((word) => word.startsWith("-"));
  return isIproute2 ? `ip ${words.join(" ")}` : undefined;
}
