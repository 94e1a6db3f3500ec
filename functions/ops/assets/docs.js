// The bundle is Swagger UI 5.35.0 (Apache-2.0), unchanged. The API lies beside this page, whatever stands before its path.
const api = location.pathname.replace(/\/docs\/?$/, "");

// The page fills its forms with the examples. One of an optional input is not asked for, and a constant one is wrong the
// second time (Idempotency-Key), so only inputs that are needed keep theirs.
const prefill = (spec) => {
  const needed = (schema) => schema.$ref ? needed(spec.components.schemas[schema.$ref.split("/").pop()]) : schema.required ?? [];
  for (const operation of Object.values(spec.paths).flatMap(Object.values)) {
    for (const parameter of operation.parameters ?? []) {
      if (!parameter.required) delete parameter.example;
    }
    for (const media of Object.values(operation.requestBody?.content ?? {})) {
      const names = needed(media.schema);
      media.example = Object.fromEntries(Object.entries(media.example).filter(([name]) => names.includes(name)));
    }
  }
  for (const parameter of Object.values(spec.components.parameters)) {
    if (!parameter.required) delete parameter.example;
  }
  return spec;
};

const place = (operation) => operation.getIn(["operation", "x-order"]);
const show = (spec) => SwaggerUIBundle({
  spec: { ...prefill(spec), servers: [{ url: api || "/" }] },
  operationsSorter: (one, other) => place(one) - place(other),
  dom_id: "#docs", deepLinking: true, persistAuthorization: true, displayRequestDuration: true,
});
fetch(`${api}/openapi.json`).then((answer) => answer.json()).then(show);
