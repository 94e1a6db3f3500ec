// Made of clients/typescript/src by `dev/client page`. With openapi-fetch, MIT, (c) 2023 Drew Powers.

// src/problem.ts
var ProblemError = class extends Error {
  name = "ProblemError";
  /** After how many seconds another try may succeed. */
  retryAfter;
  /** The fields that are not acceptable. */
  errors = [];
  constructor(response, body) {
    const problem = body?.code ? body : madeUp(response.status);
    super(problem.detail);
    Object.assign(this, problem);
    const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
    this.retryAfter = Number.isNaN(seconds) ? void 0 : seconds;
  }
};
var CODES = {
  404: "not_found",
  413: "payload_too_large",
  429: "too_many_requests",
  500: "internal"
};
function madeUp(status) {
  const code = CODES[status] ?? (status < 500 ? "malformed_request" : "unavailable");
  const detail = `The API answered ${status}.`;
  return { type: "about:blank", title: detail, status, code, detail, request_id: "" };
}
async function unwrap(call) {
  const { data, error, response } = await call;
  if (!response.ok) throw new ProblemError(response, error);
  return data;
}

// src/retry.ts
var LIMITS = {
  /** How often a request is tried. */
  tries: 5,
  /** The pause before the second try; it doubles with each. */
  firstPause: 500,
  /** The longest pause. A refusal that asks for a longer one is thrown. */
  longestPause: 3e4,
  /** How long a try may take. */
  answer: 4e4,
  /** A stream without a byte for so long is dead; the server sends one every 5 s. */
  silence: 12e3,
  /** After so many lost streams in a row, or one without capacity, the reply is read by `wait` for a while. */
  lostStreams: 3,
  /** How many seconds a request waits for the reply where there is no stream: 20 at most. */
  wait: 20
};
async function persist(call, limits, { signal, idempotent = true }) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await unwrap(call(either(signal, AbortSignal.timeout(limits.answer))));
    } catch (error) {
      signal?.throwIfAborted();
      if (tried >= limits.tries || !passes(error, idempotent)) throw error;
      const asked = error instanceof ProblemError && error.retryAfter !== void 0;
      const pause = asked ? error.retryAfter * 1e3 : backoff(tried, limits);
      if (pause > limits.longestPause) throw error;
      await sleep(pause, signal);
    }
  }
}
function passes(error, idempotent) {
  if (!(error instanceof ProblemError)) return idempotent;
  if (error.status === 429) return error.code !== "allowance_spent" && error.code !== "too_many_rooms";
  return idempotent && [502, 503, 504].includes(error.status);
}
function backoff(tried, limits) {
  return Math.min(limits.longestPause, limits.firstPause * 2 ** (tried - 1)) * (0.5 + Math.random() / 2);
}
function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => (clearTimeout(timer), reject(signal?.reason));
    const timer = setTimeout(() => (signal?.removeEventListener("abort", abort), resolve()), milliseconds);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
  });
}
function either(one, other) {
  return one ? AbortSignal.any([one, other]) : other;
}

// src/sse.ts
async function* serverEvents(body, alive) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [rest, id, type, data] = ["", "", "", ""];
  try {
    for (; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, field, text = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
        if (field === "data") data += `${text}
`;
        if (field === "event") type = text;
        if (field === "id") id = text;
        if (line !== "") continue;
        if (data) yield { type, data, id };
        [type, data] = ["", ""];
      }
    }
  } finally {
    await reader.cancel().catch(() => void 0);
  }
}

// src/follow.ts
async function* follow(door, target, { signal } = {}) {
  const { firstPause, lostStreams } = door.limits;
  const at = { path: pathOf(target), url: target.events_url, last: "", lost: 0 };
  for (let end = "time"; ; ) {
    if (end !== "none") end = yield* stream(door, at, signal);
    signal?.throwIfAborted();
    if (end === "over") return;
    if (end === "time") continue;
    if (end !== "none") {
      at.lost = end === "full" ? lostStreams : Math.min(at.lost + 1, lostStreams);
      await sleep(backoff(at.lost, door.limits), signal);
      if (at.lost < lostStreams) continue;
    }
    const next = Date.now() + 2 * firstPause;
    if (yield* wait(door, at, signal)) return;
    await sleep(next - Date.now(), signal);
  }
}
function pathOf({ room, reply }) {
  return { chatroom: room, message: typeof reply === "string" ? reply : reply.id };
}
async function* stream(door, at, signal) {
  const connection = new AbortController();
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => connection.abort(), door.limits.silence);
  };
  const init = { signal: either(signal, connection.signal), params: { path: at.path } };
  try {
    alive();
    at.url ??= (await unwrap(door.api.POST("/chatroom/{chatroom}/message/{message}/events-ticket", init))).events_url;
    const headers = { accept: "text/event-stream", ...at.last && { "last-event-id": at.last } };
    const response = await door.http(new Request(at.url, { signal: init.signal, cache: "no-store", headers }));
    if (response.status === 401) {
      at.url = void 0;
      return "lost";
    }
    if (!response.ok) return failed(response.status);
    if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) return "none";
    for await (const { type, data, id } of serverEvents(response.body, alive)) {
      const event = JSON.parse(data);
      Object.assign(at, { last: id, lost: 0, shown: at.shown ?? "" });
      if (type === "closing" && event.reason === "time") return "time";
      if (type === "done") yield { type, message: event };
      if (type === "snapshot" || type === "delta" || type === "closing") yield { type, ...event };
      if (type === "done" || type === "closing") return event.reason === "replaced" ? "none" : "over";
    }
    return "lost";
  } catch (error) {
    return error instanceof ProblemError ? failed(error.status) : "lost";
  } finally {
    clearTimeout(timer);
    connection.abort();
  }
}
function failed(status) {
  if (status === 429) return "full";
  return status >= 500 ? "lost" : "none";
}
async function* wait(door, at, signal) {
  const params = { path: at.path, query: { wait: door.limits.wait } };
  const get = (signal2) => door.api.GET("/chatroom/{chatroom}/message/{message}", { params, signal: signal2 });
  try {
    const message = await persist(get, door.limits, { signal });
    const { state, content } = message;
    if (state !== "pending" && state !== "generating") {
      yield { type: "done", message };
      return true;
    }
    if (at.last === "" && at.shown !== state + content) yield { type: "snapshot", attempt: 0, state, content };
    at.shown = state + content;
    return false;
  } catch (error) {
    if (at.shown === void 0 || !(error instanceof ProblemError) || error.status !== 404) throw error;
    yield { type: "closing", reason: "gone" };
    return true;
  }
}

// node_modules/openapi-fetch/dist/index.mjs
var PATH_PARAM_RE = /\{[^{}]+\}/g;
var supportsRequestInitExt = () => {
  return typeof process === "object" && Number.parseInt(process?.versions?.node?.substring(0, 2)) >= 18 && process.versions.undici;
};
function randomID() {
  return Math.random().toString(36).slice(2, 11);
}
function createClient(clientOptions) {
  let {
    baseUrl = "",
    Request: CustomRequest = globalThis.Request,
    fetch: baseFetch = globalThis.fetch,
    querySerializer: globalQuerySerializer,
    bodySerializer: globalBodySerializer,
    pathSerializer: globalPathSerializer,
    headers: baseHeaders,
    requestInitExt = void 0,
    ...baseOptions
  } = { ...clientOptions };
  requestInitExt = supportsRequestInitExt() ? requestInitExt : void 0;
  baseUrl = removeTrailingSlash(baseUrl);
  const globalMiddlewares = [];
  async function coreFetch(schemaPath, fetchOptions) {
    const {
      baseUrl: localBaseUrl,
      fetch: fetch2 = baseFetch,
      Request: Request2 = CustomRequest,
      headers,
      params = {},
      parseAs = "json",
      querySerializer: requestQuerySerializer,
      bodySerializer = globalBodySerializer ?? defaultBodySerializer,
      pathSerializer: requestPathSerializer,
      body,
      middleware: requestMiddlewares = [],
      ...init
    } = fetchOptions || {};
    let finalBaseUrl = baseUrl;
    if (localBaseUrl) {
      finalBaseUrl = removeTrailingSlash(localBaseUrl) ?? baseUrl;
    }
    let querySerializer = typeof globalQuerySerializer === "function" ? globalQuerySerializer : createQuerySerializer(globalQuerySerializer);
    if (requestQuerySerializer) {
      querySerializer = typeof requestQuerySerializer === "function" ? requestQuerySerializer : createQuerySerializer({
        ...typeof globalQuerySerializer === "object" ? globalQuerySerializer : {},
        ...requestQuerySerializer
      });
    }
    const pathSerializer = requestPathSerializer || globalPathSerializer || defaultPathSerializer;
    const serializedBody = body === void 0 ? void 0 : bodySerializer(
      body,
      // Note: we declare mergeHeaders() both here and below because it’s a bit of a chicken-or-egg situation:
      // bodySerializer() needs all headers so we aren’t dropping ones set by the user, however,
      // the result of this ALSO sets the lowest-priority content-type header. So we re-merge below,
      // setting the content-type at the very beginning to be overwritten.
      // Lastly, based on the way headers work, it’s not a simple “present-or-not” check becauase null intentionally un-sets headers.
      mergeHeaders(baseHeaders, headers, params.header)
    );
    const finalHeaders = mergeHeaders(
      // with no body, we should not to set Content-Type
      serializedBody === void 0 || // if serialized body is FormData; browser will correctly set Content-Type & boundary expression
      serializedBody instanceof FormData ? {} : {
        "Content-Type": "application/json"
      },
      baseHeaders,
      headers,
      params.header
    );
    const finalMiddlewares = [...globalMiddlewares, ...requestMiddlewares];
    const requestInit = {
      redirect: "follow",
      ...baseOptions,
      ...init,
      body: serializedBody,
      headers: finalHeaders
    };
    let id;
    let options;
    let request = new Request2(
      createFinalURL(schemaPath, { baseUrl: finalBaseUrl, params, querySerializer, pathSerializer }),
      requestInit
    );
    let response;
    for (const key in init) {
      if (!(key in request)) {
        request[key] = init[key];
      }
    }
    if (finalMiddlewares.length) {
      id = randomID();
      options = Object.freeze({
        baseUrl: finalBaseUrl,
        fetch: fetch2,
        parseAs,
        querySerializer,
        bodySerializer,
        pathSerializer
      });
      for (const m of finalMiddlewares) {
        if (m && typeof m === "object" && typeof m.onRequest === "function") {
          const result = await m.onRequest({
            request,
            schemaPath,
            params,
            options,
            id
          });
          if (result) {
            if (result instanceof Request2) {
              request = result;
            } else if (result instanceof Response) {
              response = result;
              break;
            } else {
              throw new Error("onRequest: must return new Request() or Response() when modifying the request");
            }
          }
        }
      }
    }
    if (!response) {
      try {
        response = await fetch2(request, requestInitExt);
      } catch (error2) {
        let errorAfterMiddleware = error2;
        if (finalMiddlewares.length) {
          for (let i = finalMiddlewares.length - 1; i >= 0; i--) {
            const m = finalMiddlewares[i];
            if (m && typeof m === "object" && typeof m.onError === "function") {
              const result = await m.onError({
                request,
                error: errorAfterMiddleware,
                schemaPath,
                params,
                options,
                id
              });
              if (result) {
                if (result instanceof Response) {
                  errorAfterMiddleware = void 0;
                  response = result;
                  break;
                }
                if (result instanceof Error) {
                  errorAfterMiddleware = result;
                  continue;
                }
                throw new Error("onError: must return new Response() or instance of Error");
              }
            }
          }
        }
        if (errorAfterMiddleware) {
          throw errorAfterMiddleware;
        }
      }
      if (finalMiddlewares.length) {
        for (let i = finalMiddlewares.length - 1; i >= 0; i--) {
          const m = finalMiddlewares[i];
          if (m && typeof m === "object" && typeof m.onResponse === "function") {
            const result = await m.onResponse({
              request,
              response,
              schemaPath,
              params,
              options,
              id
            });
            if (result) {
              if (!(result instanceof Response)) {
                throw new Error("onResponse: must return new Response() when modifying the response");
              }
              response = result;
            }
          }
        }
      }
    }
    const contentLength = response.headers.get("Content-Length");
    if (response.status === 204 || request.method === "HEAD" || contentLength === "0" && !response.headers.get("Transfer-Encoding")?.includes("chunked")) {
      return response.ok ? { data: void 0, response } : { error: void 0, response };
    }
    if (response.ok) {
      const getResponseData = async () => {
        if (parseAs === "stream") {
          return response.body;
        }
        if (parseAs === "json" && !contentLength) {
          const raw = await response.text();
          return raw ? JSON.parse(raw) : void 0;
        }
        return await response[parseAs]();
      };
      return { data: await getResponseData(), response };
    }
    let error = await response.text();
    try {
      error = JSON.parse(error);
    } catch {
    }
    return { error, response };
  }
  return {
    request(method, url, init) {
      return coreFetch(url, { ...init, method: method.toUpperCase() });
    },
    /** Call a GET endpoint */
    GET(url, init) {
      return coreFetch(url, { ...init, method: "GET" });
    },
    /** Call a PUT endpoint */
    PUT(url, init) {
      return coreFetch(url, { ...init, method: "PUT" });
    },
    /** Call a POST endpoint */
    POST(url, init) {
      return coreFetch(url, { ...init, method: "POST" });
    },
    /** Call a DELETE endpoint */
    DELETE(url, init) {
      return coreFetch(url, { ...init, method: "DELETE" });
    },
    /** Call a OPTIONS endpoint */
    OPTIONS(url, init) {
      return coreFetch(url, { ...init, method: "OPTIONS" });
    },
    /** Call a HEAD endpoint */
    HEAD(url, init) {
      return coreFetch(url, { ...init, method: "HEAD" });
    },
    /** Call a PATCH endpoint */
    PATCH(url, init) {
      return coreFetch(url, { ...init, method: "PATCH" });
    },
    /** Call a TRACE endpoint */
    TRACE(url, init) {
      return coreFetch(url, { ...init, method: "TRACE" });
    },
    /** Register middleware */
    use(...middleware) {
      for (const m of middleware) {
        if (!m) {
          continue;
        }
        if (typeof m !== "object" || !("onRequest" in m || "onResponse" in m || "onError" in m)) {
          throw new Error("Middleware must be an object with one of `onRequest()`, `onResponse() or `onError()`");
        }
        globalMiddlewares.push(m);
      }
    },
    /** Unregister middleware */
    eject(...middleware) {
      for (const m of middleware) {
        const i = globalMiddlewares.indexOf(m);
        if (i !== -1) {
          globalMiddlewares.splice(i, 1);
        }
      }
    }
  };
}
function serializePrimitiveParam(name, value, options) {
  if (value === void 0 || value === null) {
    return "";
  }
  if (typeof value === "object") {
    throw new Error(
      "Deeply-nested arrays/objects aren’t supported. Provide your own `querySerializer()` to handle these."
    );
  }
  return `${name}=${options?.allowReserved === true ? value : encodeURIComponent(value)}`;
}
function serializeObjectParam(name, value, options) {
  if (!value || typeof value !== "object") {
    return "";
  }
  const values = [];
  const joiner = {
    simple: ",",
    label: ".",
    matrix: ";"
  }[options.style] || "&";
  if (options.style !== "deepObject" && options.explode === false) {
    for (const k in value) {
      values.push(k, options.allowReserved === true ? value[k] : encodeURIComponent(value[k]));
    }
    const final2 = values.join(",");
    switch (options.style) {
      case "form": {
        return `${name}=${final2}`;
      }
      case "label": {
        return `.${final2}`;
      }
      case "matrix": {
        return `;${name}=${final2}`;
      }
      default: {
        return final2;
      }
    }
  }
  for (const k in value) {
    const finalName = options.style === "deepObject" ? `${name}[${k}]` : k;
    values.push(serializePrimitiveParam(finalName, value[k], options));
  }
  const final = values.join(joiner);
  return options.style === "label" || options.style === "matrix" ? `${joiner}${final}` : final;
}
function serializeArrayParam(name, value, options) {
  if (!Array.isArray(value)) {
    return "";
  }
  if (options.explode === false) {
    const joiner2 = { form: ",", spaceDelimited: "%20", pipeDelimited: "|" }[options.style] || ",";
    const final = (options.allowReserved === true ? value : value.map((v) => encodeURIComponent(v))).join(joiner2);
    switch (options.style) {
      case "simple": {
        return final;
      }
      case "label": {
        return `.${final}`;
      }
      case "matrix": {
        return `;${name}=${final}`;
      }
      // case "spaceDelimited":
      // case "pipeDelimited":
      default: {
        return `${name}=${final}`;
      }
    }
  }
  const joiner = { simple: ",", label: ".", matrix: ";" }[options.style] || "&";
  const values = [];
  for (const v of value) {
    if (options.style === "simple" || options.style === "label") {
      values.push(options.allowReserved === true ? v : encodeURIComponent(v));
    } else {
      values.push(serializePrimitiveParam(name, v, options));
    }
  }
  return options.style === "label" || options.style === "matrix" ? `${joiner}${values.join(joiner)}` : values.join(joiner);
}
function createQuerySerializer(options) {
  return function querySerializer(queryParams) {
    const search = [];
    if (queryParams && typeof queryParams === "object") {
      for (const name in queryParams) {
        const value = queryParams[name];
        if (value === void 0 || value === null) {
          continue;
        }
        if (Array.isArray(value)) {
          if (value.length === 0) {
            continue;
          }
          search.push(
            serializeArrayParam(name, value, {
              style: "form",
              explode: true,
              ...options?.array,
              allowReserved: options?.allowReserved || false
            })
          );
          continue;
        }
        if (typeof value === "object") {
          search.push(
            serializeObjectParam(name, value, {
              style: "deepObject",
              explode: true,
              ...options?.object,
              allowReserved: options?.allowReserved || false
            })
          );
          continue;
        }
        search.push(serializePrimitiveParam(name, value, options));
      }
    }
    return search.join("&");
  };
}
function defaultPathSerializer(pathname, pathParams) {
  let nextURL = pathname;
  for (const match of pathname.match(PATH_PARAM_RE) ?? []) {
    let name = match.substring(1, match.length - 1);
    let explode = false;
    let style = "simple";
    if (name.endsWith("*")) {
      explode = true;
      name = name.substring(0, name.length - 1);
    }
    if (name.startsWith(".")) {
      style = "label";
      name = name.substring(1);
    } else if (name.startsWith(";")) {
      style = "matrix";
      name = name.substring(1);
    }
    if (!pathParams || pathParams[name] === void 0 || pathParams[name] === null) {
      continue;
    }
    const value = pathParams[name];
    if (Array.isArray(value)) {
      nextURL = nextURL.replace(match, serializeArrayParam(name, value, { style, explode }));
      continue;
    }
    if (typeof value === "object") {
      nextURL = nextURL.replace(match, serializeObjectParam(name, value, { style, explode }));
      continue;
    }
    if (style === "matrix") {
      nextURL = nextURL.replace(match, `;${serializePrimitiveParam(name, value)}`);
      continue;
    }
    nextURL = nextURL.replace(match, style === "label" ? `.${encodeURIComponent(value)}` : encodeURIComponent(value));
  }
  return nextURL;
}
function defaultBodySerializer(body, headers) {
  if (body instanceof FormData) {
    return body;
  }
  if (headers) {
    const contentType = headers.get instanceof Function ? headers.get("Content-Type") ?? headers.get("content-type") : headers["Content-Type"] ?? headers["content-type"];
    if (contentType === "application/x-www-form-urlencoded") {
      return new URLSearchParams(body).toString();
    }
  }
  return JSON.stringify(body);
}
function createFinalURL(pathname, options) {
  let finalURL = `${options.baseUrl}${pathname}`;
  if (options.params?.path) {
    finalURL = options.pathSerializer(finalURL, options.params.path);
  }
  let search = options.querySerializer(options.params.query ?? {});
  if (search.startsWith("?")) {
    search = search.substring(1);
  }
  if (search) {
    finalURL += `?${search}`;
  }
  return finalURL;
}
function mergeHeaders(...allHeaders) {
  const finalHeaders = new Headers();
  for (const h of allHeaders) {
    if (!h || typeof h !== "object") {
      continue;
    }
    const iterator = h instanceof Headers ? h.entries() : Object.entries(h);
    for (const [k, v] of iterator) {
      if (v === null) {
        finalHeaders.delete(k);
      } else if (Array.isArray(v)) {
        for (const v2 of v) {
          finalHeaders.append(k, v2);
        }
      } else if (v !== void 0) {
        finalHeaders.set(k, v);
      }
    }
  }
  return finalHeaders;
}
function removeTrailingSlash(url) {
  if (url.endsWith("/")) {
    return url.substring(0, url.length - 1);
  }
  return url;
}

// src/session.ts
var OPEN = /^\/auth\/(signup|refresh|send-otp|verify-otp|forgot-password|login)$/;
var DEVICE = /^\/auth\/(send-otp|verify-otp|forgot-password|login)$/;
var EARLY = 1e4;
var ENDED = {
  type: "about:blank",
  title: "The session has ended.",
  detail: "The session has ended.",
  status: 401,
  code: "unauthenticated",
  request_id: ""
};
var LAG = 1e3;
var Session = class {
  constructor(base, store, http, limits) {
    this.base = base;
    this.store = store;
    this.http = http;
    this.limits = limits;
    this.api = createClient({ baseUrl: base, fetch: (request) => this.#fetch(request) });
    this.#open = createClient({ baseUrl: base, fetch: http });
    this.ready = this.#load().then(() => void 0);
    this.ready.catch(() => void 0);
    store.subscribe?.(() => void this.#load().catch(() => void 0));
  }
  base;
  store;
  http;
  limits;
  api;
  /** Resolves when the store was read. */
  ready;
  #open;
  #listeners = /* @__PURE__ */ new Set();
  #user;
  #person = new AbortController();
  #renewing;
  /** The id of who is signed in, as far as the tokens tell: `unknown` if the store does not keep it. */
  get user() {
    return this.#user;
  }
  /** Whether somebody is signed in. */
  get signedIn() {
    return this.#user !== void 0;
  }
  /** Aborts when who is signed in no longer is, or when another person is in their place. */
  get signal() {
    return this.#person.signal;
  }
  /** Calls `listener` when somebody signs in or out, here or in another tab; returns what ends that. */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  /** Signs out, here in any case; rejects if the API could not be told. */
  async signOut({ everywhere = false } = {}) {
    const signal = AbortSignal.timeout(this.limits.answer);
    const told = this.api.POST("/auth/logout", { params: { query: { everywhere } }, signal });
    const { response, error } = await told.finally(() => this.#forget());
    if (!response.ok && response.status !== 401) throw new ProblemError(response, error);
  }
  async #fetch(request) {
    const path = request.url.slice(this.base.length).replace(/\?.*/, "");
    const open = OPEN.test(path);
    const asked = this.#user;
    const tokens = await this.#load();
    const person = this.signal;
    if (DEVICE.test(path) && tokens.device_token) {
      const body = { device_token: tokens.device_token, ...await request.clone().json() };
      request = new Request(request, { body: JSON.stringify(body) });
    }
    const bare = open || (asked ?? this.#user) !== this.#user || request.headers.has("authorization");
    const response = bare ? await this.http(request) : await this.#authorized(request, tokens);
    const answer = open && response.ok ? await response.clone().json() : {};
    if (answer.refresh_token) await this.#save(kept(answer, tokens.user_id));
    const ended = path === "/auth/logout" || path === "/user/me" && request.method === "DELETE";
    if (ended && response.ok) await this.#forget();
    if (!open && !ended && response.ok) person.throwIfAborted();
    return response;
  }
  async #authorized(request, { access_token, expires_at = Infinity }) {
    const user = this.#user;
    const again = request.clone();
    const token = expires_at > Date.now() + EARLY ? access_token : await this.#renew(access_token, user);
    const response = await this.http(withToken(request, token));
    const refused = response.status === 401 && token && (await response.clone().text()).includes('"unauthenticated"');
    const renewed = refused ? await this.#renew(token, user) : void 0;
    return renewed ? this.http(withToken(again, renewed)) : response;
  }
  /** Returns a newer token than `stale`, or nothing if the session of `user` is over. Throws what refuses it for now. */
  async #renew(stale, user) {
    this.#renewing ??= this.#inTurn(stale).finally(() => this.#renewing = void 0);
    const token = await this.#renewing;
    return this.#user === user ? token : void 0;
  }
  /** One tab at a time renews; the others find its tokens in the store. */
  async #inTurn(stale) {
    const locks = globalThis.navigator?.locks;
    if (!locks) return this.#refresh(stale);
    const name = `chat-backend ${this.base}`;
    const work = async (lock) => lock && { token: await this.#refresh(stale) };
    const first = await locks.request(name, { ifAvailable: true }, work);
    if (first) return first.token;
    return locks.request(name, async () => {
      for (let n = 0; n < 20 && (await this.#load()).access_token === stale; n += 1) await sleep(LAG / 20);
      return this.#refresh(stale);
    });
  }
  async #refresh(stale) {
    const { access_token, refresh_token, user_id } = await this.#load();
    if (!refresh_token || access_token !== stale) return access_token;
    const signal = AbortSignal.timeout(this.limits.answer);
    const { data, error, response } = await this.#open.POST("/auth/refresh", { body: { refresh_token }, signal });
    const now = await this.#load();
    if (now.refresh_token !== refresh_token) return now.access_token;
    if (!data && response.status !== 401) throw new ProblemError(response, error);
    await (data ? this.#save(kept(data, user_id)) : this.#forget());
    return data?.access_token;
  }
  /** What a store returns without a promise is known at once. */
  async #load() {
    const tokens = this.store.get();
    return this.#learn(tokens instanceof Promise ? await tokens : tokens);
  }
  async #save(tokens) {
    await this.store.set(tokens);
    this.#learn(tokens);
  }
  /** The device token stays: it eases the next sign-in. */
  async #forget() {
    await this.#save({ device_token: (await this.#load()).device_token });
  }
  #learn(tokens = {}) {
    const user = tokens.refresh_token && (tokens.user_id ?? "unknown");
    const steps = user === this.#user ? [] : this.#user && user ? [void 0, user] : [user];
    for (const step of steps) {
      const left = this.#user ? this.#person : void 0;
      if (left) this.#person = new AbortController();
      this.#user = step;
      left?.abort(new ProblemError(new Response(null, { status: 401 }), ENDED));
      for (const listener of this.#listeners) listener(step !== void 0);
    }
    return tokens;
  }
};
function kept(answer, user) {
  const { access_token, refresh_token, device_token, expires_in } = answer;
  const user_id = "user" in answer && answer.user?.id || user;
  return { access_token, refresh_token, device_token, expires_at: Date.now() + expires_in * 1e3, user_id };
}
function withToken(request, token) {
  if (token) request.headers.set("authorization", `Bearer ${token}`);
  return request;
}

// src/tokens.ts
function memoryTokens(tokens) {
  return { get: () => tokens, set: (next) => void (tokens = next) };
}
function browserTokens(key = "chat-backend") {
  return {
    get: () => parsed(localStorage.getItem(key)),
    set: (tokens) => localStorage.setItem(key, JSON.stringify(tokens)),
    subscribe(changed) {
      addEventListener("storage", (event) => (event.key ?? key) === key && changed());
      for (const back of ["pageshow", "focus"]) addEventListener(back, changed);
    }
  };
}
function parsed(text) {
  try {
    return JSON.parse(text ?? "{}") ?? {};
  } catch {
    return {};
  }
}

// src/index.ts
var createChatClient = (options) => new ChatClient(options);
var ChatClient = class {
  /** Every operation of the API, typed. A sign-in, a refresh or a sign-out through it changes the session. */
  api;
  session;
  #door;
  constructor({ baseUrl, tokens = memoryTokens(), fetch: http = (request) => fetch(request), limits }) {
    const base = new URL(baseUrl, globalThis.location?.href).href.replace(/\/+$/, "");
    const all = { ...LIMITS, ...limits };
    this.session = new Session(base, tokens, http, all);
    this.api = this.session.api;
    this.#door = { api: this.api, http, limits: all };
  }
  /** Sends a message. Repeated until it is accepted or refused for good; it is stored once, whatever gets lost. */
  async send(room, content, options = {}) {
    const params = { path: { chatroom: room }, header: { "Idempotency-Key": options.key ?? newKey() } };
    const post = (signal) => this.api.POST("/chatroom/{chatroom}/message", { params, body: { content }, signal });
    return { ...await persist(post, this.#door.limits, this.#own(options)), room };
  }
  /** Makes another reply to a message, which is named by its id or a reply's. Not repeated when an answer is lost. */
  async regenerate(room, message, options = {}) {
    const params = { path: { chatroom: room, message } };
    const post = (signal) => this.api.POST("/chatroom/{chatroom}/message/{message}/regenerate", { params, signal });
    return { ...await persist(post, this.#door.limits, { ...this.#own(options), idempotent: false }), room };
  }
  /** Follows a reply until `done`; break out of the loop, or abort, to stop following. */
  follow(target, options = {}) {
    return follow(this.#door, target, this.#own(options));
  }
  /** Stops a reply; returns it as it is then. */
  cancel(target, options = {}) {
    const params = { path: pathOf(target) };
    const post = (signal) => this.api.POST("/chatroom/{chatroom}/message/{message}/cancel", { params, signal });
    return persist(post, this.#door.limits, this.#own(options));
  }
  /** What a person began ends with their session: it never goes on as another one's. */
  #own(options) {
    return { ...options, signal: either(options.signal, this.session.signal) };
  }
};
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
export {
  ChatClient,
  LIMITS,
  ProblemError,
  browserTokens,
  createChatClient,
  memoryTokens,
  unwrap
};
