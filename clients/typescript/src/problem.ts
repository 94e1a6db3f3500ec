/** Refusals as errors. */

import type { components } from "./schema.js";

type Problem = components["schemas"]["Problem"];

/** The code of a problem, for programs; docs/problems.md explains each. */
export type Code = Problem["code"];

/** A refusal of the API: its problem document. `message` is the `detail`, for people. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly status: number;
  readonly code: Code;
  readonly detail: string;
  /** The id of the request in the log. */
  readonly requestId: string | undefined;
  /** After how many seconds another try may succeed. */
  readonly retryAfter: number | undefined;
  /** The fields that are not acceptable. */
  readonly errors: NonNullable<Problem["errors"]>;
  /** The state of the day's allowance if it is spent, and how to get more messages. */
  readonly allowance: Problem["allowance"];
  readonly upgrade: Problem["upgrade"];

  /** A `body` that is no problem document (a gateway's own) gets a code by its status. */
  constructor(response: Response, body: unknown) {
    const problem = (body && typeof body === "object" ? body : {}) as Partial<Problem>;
    super(problem.detail ?? `The API answered ${response.status}.`);
    const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
    this.status = response.status;
    this.code = problem.code ?? CODES[response.status] ?? (response.status < 500 ? "malformed_request" : "unavailable");
    this.detail = this.message;
    this.requestId = problem.request_id ?? response.headers.get("x-request-id") ?? undefined;
    this.retryAfter = Number.isNaN(seconds) ? undefined : seconds;
    this.errors = problem.errors ?? [];
    this.allowance = problem.allowance;
    this.upgrade = problem.upgrade;
  }
}

const CODES: Partial<Record<number, Code>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  413: "payload_too_large",
  429: "too_many_requests",
  500: "internal",
};

/** Returns the data of a call of `api`; throws its problem. */
export async function unwrap<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw new ProblemError(response, error);
  return data as T;
}

/** Returns the JSON of a response; throws its problem. */
export async function read<T>(response: Response): Promise<T> {
  if (!response.ok) throw new ProblemError(response, await response.json().catch(() => undefined));
  return (await response.json()) as T;
}
