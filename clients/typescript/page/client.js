// ../../../../g/clients/typescript/node_modules/openapi-fetch/dist/index.mjs
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

// ../../../../g/clients/typescript/src/problem.ts
var ProblemError = class extends Error {
  name = "ProblemError";
  status;
  code;
  detail;
  /** The id of the request in the log. */
  requestId;
  /** After how many seconds another try may succeed. */
  retryAfter;
  /** The fields that are not acceptable. */
  errors;
  /** The state of the day's allowance, if that is the problem. */
  allowance;
  /** How to get more messages. */
  upgrade;
  /** `body` is the parsed body; one that is no problem document (a gateway's own) gets a code by its status. */
  constructor(response, body) {
    const problem = body && typeof body === "object" ? body : {};
    const detail = problem.detail ?? problem.message ?? `The API answered ${response.status}.`;
    super(detail);
    this.detail = detail;
    this.status = response.status;
    this.code = problem.code ?? codeOf(response.status);
    this.requestId = problem.request_id ?? response.headers.get("x-request-id") ?? void 0;
    this.retryAfter = secondsUntil(response.headers.get("retry-after"));
    this.errors = problem.errors ?? [];
    this.allowance = problem.allowance ?? void 0;
    this.upgrade = problem.upgrade ?? void 0;
  }
};
async function unwrap(call) {
  const { data, error, response } = await call;
  if (!response.ok) throw new ProblemError(response, error);
  return data;
}
function codeOf(status) {
  if (status === 401) return "unauthenticated";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 413) return "payload_too_large";
  if (status === 429) return "too_many_requests";
  return status > 500 ? "unavailable" : status === 500 ? "internal" : "malformed_request";
}
function secondsUntil(header) {
  if (!header) return void 0;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1e3;
  return Number.isNaN(seconds) ? void 0 : Math.max(0, seconds);
}

// ../../../../g/clients/typescript/src/retry.ts
var LIMITS = {
  /** How often a request is tried. */
  tries: 5,
  /** The pause before the second try; it doubles with each. */
  firstPause: 500,
  /** The longest pause. A refusal that asks for a longer one is thrown. */
  longestPause: 3e4,
  /** A stream without a byte for so long is dead; the server sends one every 5 s. */
  silence: 12e3,
  /** After so many lost streams in a row the reply is read by `wait` for a while. */
  lostStreams: 3,
  /** How many seconds a request waits for the reply where there is no stream: 20 at most. */
  wait: 20
};
async function persist(attempt, limits, signal, repeat = "transient") {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      const pause = signal?.aborted || tried >= limits.tries ? void 0 : pauseAfter(error, tried, limits, repeat);
      if (pause === void 0) throw error;
      await sleep(pause, signal);
    }
  }
}
function backoff(tried, limits) {
  return Math.min(limits.longestPause, limits.firstPause * 2 ** (tried - 1)) * (0.75 + Math.random() / 2);
}
function pauseAfter(error, tried, limits, repeat) {
  if (!(error instanceof ProblemError)) {
    return repeat === "refused" || error?.name === "AbortError" ? void 0 : backoff(tried, limits);
  }
  const passes = error.status === 429 || repeat === "transient" && [502, 503, 504].includes(error.status);
  const pause = error.retryAfter === void 0 ? backoff(tried, limits) : error.retryAfter * 1e3;
  const final = error.code === "allowance_spent" || error.code === "too_many_rooms";
  return passes && !final && pause <= limits.longestPause * 1.25 ? pause : void 0;
}
function sleep(milliseconds, signal) {
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

// ../../../../g/clients/typescript/src/sse.ts
async function* serverEvents(body, silence) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let id = "";
  let retry;
  let type = "";
  let data = [];
  try {
    for (; ; ) {
      const { done, value } = await within(reader.read(), silence);
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, field = "", text = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
        if (field === "data") data.push(text);
        else if (field === "event") type = text;
        else if (field === "id" && !text.includes("\0")) id = text;
        else if (field === "retry" && /^\d+$/.test(text)) retry = Number(text);
        if (line !== "") continue;
        if (data.length > 0) yield { type: type || "message", data: data.join("\n"), id, retry };
        [type, data] = ["", []];
      }
    }
  } finally {
    await reader.cancel().catch(() => void 0);
  }
}
async function within(promise, milliseconds) {
  let timer;
  const silent = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No byte for ${milliseconds} ms.`)), milliseconds);
  });
  return Promise.race([promise, silent]).finally(() => clearTimeout(timer));
}

// ../../../../g/clients/typescript/src/follow.ts
async function* follow(door, target, signal) {
  const reply = typeof target.reply === "string" ? target.reply : target.reply.id;
  const path = `/chatroom/${encodeURIComponent(target.room)}/message/${encodeURIComponent(reply)}`;
  const place = { url: target.events_url, path, retry: door.limits.firstPause, seen: false };
  let lost = 0;
  for (let streaming = true; ; ) {
    const progress = { made: false };
    const end = streaming ? yield* stream(door, place, progress, signal) : "none";
    if (end === "over") return;
    if (progress.made) lost = 0;
    if (end === "time") continue;
    if (end === "lost" && (lost += 1) < door.limits.lostStreams) {
      await sleep(Math.max(place.retry * Math.random(), lost > 1 ? backoff(lost, door.limits) : 0), signal);
      continue;
    }
    if (yield* wait(door, place, signal)) return;
    streaming = end === "lost";
  }
}
async function* stream(door, place, progress, signal) {
  const connection = new AbortController();
  const stop = () => connection.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    place.url ??= await ticket(door, place.path, connection.signal);
    const headers = { accept: "text/event-stream", ...place.last ? { "last-event-id": place.last } : {} };
    const init = { headers, cache: "no-store", signal: connection.signal };
    const response = await door.http(new Request(place.url, init));
    if (!response.ok || !response.body) return refusal(response.status, place);
    for await (const event of serverEvents(response.body, door.limits.silence)) {
      progress.made = true;
      if (event.id) place.last = event.id;
      if (event.retry !== void 0) place.retry = event.retry;
      const data = JSON.parse(event.data || "null");
      if (event.type === "closing" && data.reason === "time") return "time";
      if (event.type === "done") yield { type: "done", message: data };
      else if (["snapshot", "delta", "closing"].includes(event.type)) yield { type: event.type, ...data };
      place.seen = true;
      if (event.type === "done" || event.type === "closing" && data.reason === "gone") return "over";
      if (event.type === "closing") return "replaced";
    }
    return "lost";
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    return error instanceof ProblemError && error.status < 500 ? "none" : "lost";
  } finally {
    signal?.removeEventListener("abort", stop);
    connection.abort();
  }
}
function refusal(status, place) {
  if (status === 401) place.url = void 0;
  return status === 401 || status >= 500 ? "lost" : "none";
}
async function ticket(door, path, signal) {
  const response = await door.call(`${path}/events-ticket`, { method: "POST", signal });
  const call = response.json().then((body) => ({ data: body, error: body, response }));
  return (await unwrap(call)).events_url;
}
async function* wait(door, place, signal) {
  const began = Date.now();
  const read = async () => {
    const response = await door.call(`${place.path}?wait=${door.limits.wait}`, { signal });
    return unwrap(response.json().then((body) => ({ data: body, error: body, response })));
  };
  let message;
  try {
    message = await persist(read, door.limits, signal);
  } catch (error) {
    if (!place.seen || !(error instanceof ProblemError) || error.status !== 404) throw error;
    yield { type: "closing", reason: "gone" };
    return true;
  }
  place.seen = true;
  const { state, content } = message;
  if (state !== "pending" && state !== "generating") {
    yield { type: "done", message };
    return true;
  }
  if (place.shown !== state + content) yield { type: "snapshot", attempt: 0, state, content };
  place.shown = state + content;
  await sleep(Math.max(0, door.limits.firstPause * 2 - (Date.now() - began)), signal);
  return false;
}

// ../../../../g/clients/typescript/src/session.ts
var OPEN = ["/auth/signup", "/auth/send-otp", "/auth/verify-otp", "/auth/forgot-password", "/auth/login", "/auth/refresh"];
var DEVICE = ["/auth/send-otp", "/auth/verify-otp", "/auth/forgot-password", "/auth/login"];
var EARLY = 1e4;
var Session = class {
  constructor(store, base, http) {
    this.store = store;
    this.base = base;
    this.http = http;
    const first = store.get();
    this.ready = first instanceof Promise ? first.then((tokens) => this.#learn(tokens)) : Promise.resolve(this.#learn(first));
    store.subscribe?.(() => void this.#load());
  }
  store;
  base;
  http;
  #known = false;
  #renewing;
  #listeners = /* @__PURE__ */ new Set();
  /** Resolves when the store was read for the first time. */
  ready;
  /** Whether somebody is signed in, as far as the tokens tell. */
  get signedIn() {
    return this.#known;
  }
  /** Calls `listener` when somebody signs in or out, here or in another tab; returns what ends that. */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  /** Forgets the session; the device token stays, since it eases the next sign-in. */
  async forget(device = false) {
    const kept2 = device ? void 0 : (await this.store.get())?.device_token;
    await this.#save(kept2 ? { device_token: kept2 } : void 0);
  }
  /** Sends a request of the API, with the access token if it needs one. */
  async send(request) {
    const path = request.url.slice(this.base.length).split("?")[0] ?? "";
    const tokens = await this.#load();
    if (OPEN.includes(path)) return this.#open(request, path, tokens);
    if (!tokens?.refresh_token || request.headers.has("authorization")) return this.http(request);
    const response = await this.#authorized(request, tokens);
    if (response.ok && path === "/auth/logout") await this.forget();
    if (response.ok && path === "/user/me" && request.method === "DELETE") await this.forget(true);
    return response;
  }
  async #authorized(request, tokens) {
    const again = request.clone();
    let token = tokens.access_token;
    if (!token || (tokens.expires_at ?? Infinity) < Date.now() + EARLY) token = await this.#renew(token);
    if (token instanceof Response) return token.clone();
    const response = await this.http(withBearer(request, token));
    if (response.status !== 401 || !token || await codeOf2(response) !== "unauthenticated") return response;
    const renewed = await this.#renew(token);
    if (renewed instanceof Response) return renewed.clone();
    return renewed ? this.http(withBearer(again, renewed)) : response;
  }
  async #open(request, path, tokens) {
    if (tokens?.device_token && DEVICE.includes(path)) {
      const body = await request.clone().json();
      request = new Request(request, { body: JSON.stringify({ device_token: tokens.device_token, ...body }) });
    }
    const response = await this.http(request);
    const answer = response.ok ? await response.clone().json() : {};
    if (answer.refresh_token) await this.#save(kept(answer));
    return response;
  }
  /** Returns a token newer than `stale`; nothing if the session is over; a response that says why there is none now. */
  #renew(stale) {
    this.#renewing ??= this.#locked(() => this.#refresh(stale)).finally(() => this.#renewing = void 0);
    return this.#renewing;
  }
  /** One tab at a time: the others find its tokens in the store. */
  async #locked(work) {
    const locks = globalThis.navigator?.locks;
    return locks ? await locks.request(`chat-backend ${this.base}`, work) : work();
  }
  async #refresh(stale) {
    const tokens = await this.#load();
    if (!tokens?.refresh_token || tokens.access_token && tokens.access_token !== stale) return tokens?.access_token;
    const response = await this.http(
      new Request(`${this.base}/auth/refresh`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ refresh_token: tokens.refresh_token })
      })
    );
    const fresh = response.ok ? kept(await response.clone().json()) : void 0;
    const current = await this.#load();
    if (current?.refresh_token !== tokens.refresh_token) return current?.access_token;
    if (fresh) await this.#save(fresh);
    else if (response.status === 401) await this.forget();
    else return response;
    return fresh?.access_token;
  }
  async #load() {
    const tokens = await this.store.get();
    this.#learn(tokens);
    return tokens;
  }
  async #save(tokens) {
    await this.store.set(tokens);
    this.#learn(tokens);
  }
  #learn(tokens) {
    const signedIn = Boolean(tokens?.refresh_token);
    if (signedIn === this.#known) return;
    this.#known = signedIn;
    for (const listener of this.#listeners) listener(signedIn);
  }
};
function kept(answer) {
  const { access_token, refresh_token, device_token, expires_in = 0 } = answer;
  return { access_token, refresh_token, device_token, expires_at: Date.now() + expires_in * 1e3 };
}
function withBearer(request, token) {
  if (token) request.headers.set("authorization", `Bearer ${token}`);
  return request;
}
async function codeOf2(response) {
  const problem = await response.clone().json().catch(() => void 0);
  return problem?.code;
}

// ../../../../g/clients/typescript/src/tokens.ts
function memoryTokens(tokens) {
  return { get: () => tokens, set: (next) => void (tokens = next) };
}
function browserTokens(key = "chat-backend") {
  return {
    get() {
      const text = localStorage.getItem(key);
      return text ? JSON.parse(text) : void 0;
    },
    set: (tokens) => tokens ? localStorage.setItem(key, JSON.stringify(tokens)) : localStorage.removeItem(key),
    subscribe: (changed) => addEventListener("storage", (event) => (event.key === key || event.key === null) && changed())
  };
}

// ../../../../g/clients/typescript/src/index.ts
function createChatClient(options) {
  const base = new URL(options.baseUrl, globalThis.location?.href).href.replace(/\/+$/, "");
  const limits = { ...LIMITS, ...options.limits };
  const http = options.fetch ?? ((request) => fetch(request));
  const session = new Session(options.tokens ?? memoryTokens(), base, http);
  const send = (request) => session.send(request);
  const api = createClient({ baseUrl: base, fetch: send });
  const door = { call: (path, init) => send(new Request(base + path, init)), http, limits };
  return {
    api,
    session: {
      get signedIn() {
        return session.signedIn;
      },
      ready: session.ready,
      onChange: (listener) => session.onChange(listener),
      async signOut({ everywhere } = {}) {
        try {
          await unwrap(api.POST("/auth/logout", { params: { query: { everywhere } } }));
        } catch (error) {
          if (!(error instanceof ProblemError && error.status === 401)) throw error;
        } finally {
          await session.forget();
        }
      }
    },
    async send(room, content, { key = newKey(), signal } = {}) {
      const params = { path: { chatroom: room }, header: { "Idempotency-Key": key } };
      const post = () => unwrap(api.POST("/chatroom/{chatroom}/message", { params, body: { content }, signal }));
      return { ...await persist(post, limits, signal), room };
    },
    async regenerate(room, message, { signal } = {}) {
      const params = { path: { chatroom: room, message } };
      const post = () => unwrap(api.POST("/chatroom/{chatroom}/message/{message}/regenerate", { params, signal }));
      return { ...await persist(post, limits, signal, "refused"), room };
    },
    follow: (target, { signal } = {}) => follow(door, target, signal),
    cancel({ room, reply }, { signal } = {}) {
      const params = { path: { chatroom: room, message: typeof reply === "string" ? reply : reply.id } };
      const post = () => unwrap(api.POST("/chatroom/{chatroom}/message/{message}/cancel", { params, signal }));
      return persist(post, limits, signal);
    }
  };
}
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
export {
  LIMITS,
  ProblemError,
  browserTokens,
  createChatClient,
  memoryTokens,
  unwrap
};
