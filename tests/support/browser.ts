// Debian's Chromium, driven by playwright-core, with what went wrong in a page.

import { type Browser, chromium, type Page } from "playwright-core";

const OPTIONS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Milliseconds that a page may take for what a test waits for. */
const TIMEOUT = 30_000;

/** A page, and the errors of its console. */
export interface OpenPage {
  readonly page: Page;
  readonly errors: readonly string[];
}

/** A browser with an empty profile, closed at the end. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async open(): Promise<TestBrowser> {
    return new TestBrowser(
      await chromium.launch({
        executablePath: "/usr/bin/chromium",
        args: OPTIONS,
      }),
    );
  }

  /** Opens a page in a context of its own. */
  async page(
    url: string,
    colorScheme: "light" | "dark" = "light",
  ): Promise<OpenPage> {
    const page = await this.#browser.newPage({
      colorScheme,
      viewport: { width: 1440, height: 900 },
    });
    page.setDefaultTimeout(TIMEOUT);
    const errors: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        errors.push(message.text());
      }
    });
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("dialog", (dialog) => {
      errors.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(url);
    return { page, errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
