/**
 * Linux network plumbing for Deno: UDP with packet info, TUN/TAP, rtnetlink.
 *
 * @module
 */

export * from "./lib/errors.ts";
