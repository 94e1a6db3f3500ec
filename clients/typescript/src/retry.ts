/** Repeating what may be repeated. */

import { type Call, ProblemError, unwrap } from "./problem.js";

/** How long the client tries; times are in milliseconds unless they say otherwise. */
export const LIMITS = {
  /** How often a request is tried. */
  tries: 5,
  /** The pause before the second try; it doubles with each. */
  firstPause: 500,
  /** The longest pause. A refusal that asks for a longer one is thrown. */
  longestPause: 30_000,
  /** How long a try may take. */
  answer: 40_000,
  /** A stream without a byte for so long is dead; the server sends one every 5 s. */
  silence: 12_000,
  /** After so many lost streams in a row, or one without capacity, the reply is read by `wait` for a while. */
  lostStreams: 3,
  /** How many seconds a request waits for the reply where there is no stream: 20 at most. */
  wait: 20,
};
export type Limits = typeof LIMITS;

/** What every call takes: a signal that aborts it. */
export type Abortable = { signal?: AbortSignal };

/** Calls the API until it succeeds, fails for good, or was tried often enough; returns the data. What is not
 * `idempotent` is repeated only if it certainly changed nothing. */
export async function persist<T>(
  call: (signal: AbortSignal) => Call<T>,
  limits: Limits,
  { signal, idempotent = true }: Abortable & { idempotent?: boolean },
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await unwrap(call(either(signal, AbortSignal.timeout(limits.answer))));
    } catch (error) {
      signal?.throwIfAborted();
      if (tried >= limits.tries || !passes(error, idempotent)) throw error;
      const asked = error instanceof ProblemError && error.retryAfter !== undefined;
      const pause = asked ? error.retryAfter * 1000 : backoff(tried, limits);
      if (pause > limits.longestPause) throw error;
      await sleep(pause, signal);
    }
  }
}

/** Whether a failure passes by itself. What is not a problem is a lost connection, or half of an answer. */
function passes(error: unknown, idempotent: boolean): boolean {
  if (!(error instanceof ProblemError)) return idempotent;
  if (error.status === 429) return error.code !== "allowance_spent" && error.code !== "too_many_rooms";
  return idempotent && [502, 503, 504].includes(error.status);
}

/** The pause after so many tries, with jitter. */
export function backoff(tried: number, limits: Limits): number {
  return Math.min(limits.longestPause, limits.firstPause * 2 ** (tried - 1)) * (0.5 + Math.random() / 2);
}

/** Waits; rejects when the signal aborts. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => (clearTimeout(timer), reject(signal?.reason));
    const timer = setTimeout(() => (signal?.removeEventListener("abort", abort), resolve()), milliseconds);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** A signal that aborts with either one. */
export function either(one: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return one ? AbortSignal.any([one, other]) : other;
}
