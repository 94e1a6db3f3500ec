// The bundle is Swagger UI 5.35.0 (Apache-2.0), unchanged. The API lies beside this page, whatever stands before its path.
const api = location.pathname.replace(/\/docs\/?$/, "");
const show = (spec) => SwaggerUIBundle({
  spec: { ...spec, servers: [{ url: api || "/" }] },
  dom_id: "#docs", deepLinking: true, persistAuthorization: true, displayRequestDuration: true,
});
fetch(`${api}/openapi.json`).then((answer) => answer.json()).then(show);
