/** Refusals as errors. */

import type { components } from "./schema.js";

type Problem = components["schemas"]["Problem"];

/** The code of a problem, for programs; docs/problems.md explains each. */
export type Code = Problem["code"];

/** A refusal of the API, with the fields of its problem document. `message` is the `detail`, for people. */
export interface ProblemError extends Omit<Problem, "errors"> {}
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** After how many seconds another try may succeed. */
  readonly retryAfter: number | undefined;
  /** The fields that are not acceptable. */
  readonly errors: NonNullable<Problem["errors"]> = [];

  constructor(response: Response, body: unknown) {
    const problem = (body as Problem | undefined)?.code ? (body as Problem) : madeUp(response.status);
    super(problem.detail);
    Object.assign(this, problem);
    const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
    this.retryAfter = Number.isNaN(seconds) ? undefined : seconds;
  }
}

const CODES: Record<number, Code> = {
  404: "not_found",
  413: "payload_too_large",
  429: "too_many_requests",
  500: "internal",
};

/** What a gateway answers by itself is no problem document. */
function madeUp(status: number): Problem {
  const code = CODES[status] ?? (status < 500 ? "malformed_request" : "unavailable");
  const detail = `The API answered ${status}.`;
  return { type: "about:blank", title: detail, status, code, detail, request_id: "" };
}

/** What a call of `api` returns. */
export type Call<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

/** Returns the data of a call of `api`; throws its problem. */
export async function unwrap<T>(call: Call<T>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw new ProblemError(response, error);
  return data as T;
}
