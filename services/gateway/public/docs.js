// The contract, browsable; everything comes from this origin.
window.addEventListener('DOMContentLoaded', () => {
  window.SwaggerUIBundle({
    url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, docExpansion: 'none', defaultModelsExpandDepth: 0, validatorUrl: null, persistAuthorization: false,
    presets: [window.SwaggerUIBundle.presets.apis],
  });
});
