// The bundle is Swagger UI 5.35.0 (Apache-2.0), unchanged.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, persistAuthorization: true, displayRequestDuration: true });
