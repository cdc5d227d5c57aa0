// Names of users and groups from /etc/passwd and /etc/group. Accounts of a
// directory service keep their number.

import { readDatabase } from "./database.ts";

const users = readDatabase("/etc/passwd", /^([^:#]+):[^:]*:(\d+):/, 1, 2);
const groups = readDatabase("/etc/group", /^([^:#]+):[^:]*:(\d+):/, 1, 2);

/** The name of a user, or undefined. */
export function userName(uid: number): string | undefined {
  return users().nameOf(uid);
}

/** The name of a group of users, or undefined. */
export function groupName(gid: number): string | undefined {
  return groups().nameOf(gid);
}

/** The number of a user, by its name. */
export function userNumber(word: string): number | undefined {
  return users().numberOf(word);
}

/** The number of a group of users, by its name. */
export function groupNumber(word: string): number | undefined {
  return groups().numberOf(word);
}
