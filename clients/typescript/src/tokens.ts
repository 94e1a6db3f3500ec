/** Where tokens are kept. */

import type { components } from "./schema.js";

type TokenSet = components["schemas"]["TokenSet"];

/** What is kept of a sign-in; after a sign-out only the device token. Times are in milliseconds since 1970. */
export type Tokens = Partial<Pick<TokenSet, "access_token" | "refresh_token" | "device_token">> & {
  expires_at?: number;
  user_id?: string;
};

/** Keeps the tokens. A store that several tabs share calls `changed` when another one wrote, or may have. */
export interface TokenStore {
  get(): Tokens | undefined | Promise<Tokens | undefined>;
  set(tokens: Tokens): void | Promise<void>;
  subscribe?(changed: () => void): void;
}

/** In memory: gone with the page or the process. */
export function memoryTokens(tokens?: Tokens): TokenStore {
  return { get: () => tokens, set: (next) => void (tokens = next) };
}

/** In the browser's localStorage: shared by the tabs of an origin, and readable by every script of it. */
export function browserTokens(key = "chat-backend"): TokenStore {
  return {
    get: () => parsed(localStorage.getItem(key)),
    set: (tokens) => localStorage.setItem(key, JSON.stringify(tokens)),
    subscribe(changed) {
      addEventListener("storage", (event) => (event.key ?? key) === key && changed());
      // A tab that was frozen is told nothing of what the others wrote meanwhile.
      for (const back of ["pageshow", "focus"]) addEventListener(back, changed);
    },
  };
}

/** What cannot be read is as if nothing were kept. */
function parsed(text: string | null): Tokens {
  try {
    return JSON.parse(text ?? "{}") ?? {};
  } catch {
    return {};
  }
}
