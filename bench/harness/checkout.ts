// The checkout under test: this one, or another one given by --checkout, so
// that the same programs measure an earlier version. Child processes get it
// from the environment.

const VARIABLE = "NETPLUMB_CHECKOUT";
const HERE = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** Sets the checkout under test; undefined keeps it. */
export function chooseCheckout(directory: string | undefined): void {
  if (directory === undefined) return;
  Deno.env.set(VARIABLE, Deno.realPathSync(directory));
}

/** The root of the checkout under test. */
export function checkout(): string {
  return Deno.env.get(VARIABLE) ?? HERE;
}

/** Whether it is this checkout. */
export function isHere(): boolean {
  return checkout() === HERE;
}
