/** Refusals as errors. */

import type { components } from "./schema.js";

type Schemas = components["schemas"];

/** The code of a problem, for programs; docs/problems.md explains each. */
export type Code = Schemas["Code"];

/** A refusal of the API: what its problem document says. `message` is the `detail`, for people. */
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
  readonly errors: readonly Schemas["FieldError"][];
  /** The state of the day's allowance, if that is the problem. */
  readonly allowance: Schemas["Allowance"] | undefined;
  /** How to get more messages. */
  readonly upgrade: Schemas["Upgrade"] | undefined;

  /** `body` is the parsed body; one that is no problem document (a gateway's own) gets a code by its status. */
  constructor(response: Response, body: unknown) {
    const problem = (body && typeof body === "object" ? body : {}) as Partial<Schemas["Problem"]> & { message?: string };
    const detail = problem.detail ?? problem.message ?? `The API answered ${response.status}.`;
    super(detail);
    this.detail = detail;
    this.status = response.status;
    this.code = problem.code ?? codeOf(response.status);
    this.requestId = problem.request_id ?? response.headers.get("x-request-id") ?? undefined;
    this.retryAfter = secondsUntil(response.headers.get("retry-after"));
    this.errors = problem.errors ?? [];
    this.allowance = problem.allowance ?? undefined;
    this.upgrade = problem.upgrade ?? undefined;
  }
}

/** Returns the data of a call of `api`; throws its problem. */
export async function unwrap<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw new ProblemError(response, error);
  return data as T;
}

function codeOf(status: number): Code {
  if (status === 401) return "unauthenticated";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 413) return "payload_too_large";
  if (status === 429) return "too_many_requests";
  return status > 500 ? "unavailable" : status === 500 ? "internal" : "malformed_request";
}

function secondsUntil(header: string | null): number | undefined {
  if (!header) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
