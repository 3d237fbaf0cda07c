const DOCUMENTS = {
  "?email-service": "/email-service.openapi.json",
  "?hub": "/hub.openapi.json",
  "?telegram": "/telegram.openapi.json",
};

// No request leaves this host: no fonts, telemetry or agent of Scalar's.
Scalar.createApiReference("#reference", {
  url: DOCUMENTS[location.search] ?? "/openapi.json",
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
