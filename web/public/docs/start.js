// No request leaves this host: no fonts, telemetry or agent of Scalar's.
Scalar.createApiReference("#reference", {
  url: location.search === "?email-service" ? "/email-service.openapi.json" : "/openapi.json",
  servers: [{ url: location.origin }],
  theme: "default",
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
  defaultOpenAllTags: false,
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  authentication: { preferredSecurityScheme: "bearer" },
});
