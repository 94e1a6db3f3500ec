/** Where tokens are kept. */

/** What is kept of a sign-in; after a sign-out only the device token. */
export interface Tokens {
  access_token?: string;
  refresh_token?: string;
  device_token?: string;
  /** When the access token ends, in milliseconds since 1970. */
  expires_at?: number;
}

/** Keeps the tokens. A store that several tabs share says when another one wrote. */
export interface TokenStore {
  get(): Tokens | undefined | Promise<Tokens | undefined>;
  set(tokens: Tokens | undefined): void | Promise<void>;
  subscribe?(changed: () => void): void;
}

/** In memory: gone with the page or the process. */
export function memoryTokens(tokens?: Tokens): TokenStore {
  return { get: () => tokens, set: (next) => void (tokens = next) };
}

/** In the browser's localStorage: shared by all tabs of the origin, and readable by every script of it. */
export function browserTokens(key = "chat-backend"): TokenStore {
  return {
    get() {
      const text = localStorage.getItem(key);
      return text ? (JSON.parse(text) as Tokens) : undefined;
    },
    set: (tokens) => (tokens ? localStorage.setItem(key, JSON.stringify(tokens)) : localStorage.removeItem(key)),
    subscribe: (changed) => addEventListener("storage", (event) => (event.key === key || event.key === null) && changed()),
  };
}
