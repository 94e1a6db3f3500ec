/** Repeating what may be repeated. */

import { ProblemError } from "./problem.js";

/** How long the client tries; times are in milliseconds. */
export const LIMITS = {
  /** How often a request is tried. */
  tries: 5,
  /** The pause before the second try; it doubles with each. */
  firstPause: 500,
  /** The longest pause. A refusal that asks for a longer one is thrown. */
  longestPause: 30_000,
  /** A stream without a byte for so long is dead; the server sends one every 5 s. */
  silence: 12_000,
  /** After so many lost streams in a row the reply is read by `wait` for a while. */
  lostStreams: 3,
  /** How many seconds a request waits for the reply where there is no stream: 20 at most. */
  wait: 20,
};
export type Limits = typeof LIMITS;

/** Which failures are repeated: all that pass by themselves, or only those that certainly changed nothing. */
export type Repeat = "transient" | "refused";

/** Calls `attempt` until it succeeds, fails for good, or was tried often enough. */
export async function persist<T>(
  attempt: () => Promise<T>,
  limits: Limits,
  signal?: AbortSignal,
  repeat: Repeat = "transient",
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      const pause = signal?.aborted || tried >= limits.tries ? undefined : pauseAfter(error, tried, limits, repeat);
      if (pause === undefined) throw error;
      await sleep(pause, signal);
    }
  }
}

/** The pause before try `tried + 1`, with jitter. */
export function backoff(tried: number, limits: Limits): number {
  return Math.min(limits.longestPause, limits.firstPause * 2 ** (tried - 1)) * (0.75 + Math.random() / 2);
}

function pauseAfter(error: unknown, tried: number, limits: Limits, repeat: Repeat): number | undefined {
  if (!(error instanceof ProblemError)) {
    // A lost connection or half an answer; an abort is final.
    return repeat === "refused" || (error as Error)?.name === "AbortError" ? undefined : backoff(tried, limits);
  }
  const passes = error.status === 429 || (repeat === "transient" && [502, 503, 504].includes(error.status));
  const pause = error.retryAfter === undefined ? backoff(tried, limits) : error.retryAfter * 1000;
  const final = error.code === "allowance_spent" || error.code === "too_many_rooms";
  return passes && !final && pause <= limits.longestPause * 1.25 ? pause : undefined;
}

/** Waits; rejects when the signal aborts. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
